/** The tests that need a kernel of their own. Runs inside a test guest, under Bun: scripts/test.ts starts it there. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/kernel/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/contract/**/*.kernel.test.ts'],
    // One process, one file after the other: the files share one kernel, and starting Bun is slow in emulation.
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    testTimeout: 300_000, // emulation on a busy machine is slow; a test waits for what it needs, not for a time
    hookTimeout: 300_000,
  },
  cacheDir: '/tmp/vitest',
});
