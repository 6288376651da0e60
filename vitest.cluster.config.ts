/** The tests on a real cluster. Runs in namespaces of its own or in a test guest, under Bun: scripts/test.ts starts it there. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    bail: 1, // what comes after a part that failed says nothing
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000, // emulated, the parts need minutes to start
  },
  cacheDir: '/tmp/vitest-cluster',
});
