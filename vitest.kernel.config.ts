/** The tests that need a kernel of their own. Runs inside a test guest, under Bun: scripts/test.ts starts it there. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/kernel/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/contract/**/*.kernel.test.ts'],
    // One process, one file after the other: the files share one kernel, and starting Bun is slow in emulation.
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 1, // emulation on a busy machine: a packet may come late; what fails twice has failed
  },
  cacheDir: '/tmp/vitest',
});
