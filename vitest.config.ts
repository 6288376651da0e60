/** The pure tests: every test but those that need a kernel. Runs on the host, under Bun. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/kernel/**', 'test/e2e/**', 'test/interop/**', 'test/cluster/**', '**/*.kernel.test.ts'],
    testTimeout: 60_000, // for what hangs; a machine that others use is slow
    hookTimeout: 60_000,
  },
});
