/** The tests against programs that no one here wrote. Runs inside a test guest, under Bun: scripts/test.ts starts it there. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
  cacheDir: '/tmp/vitest',
});
