/** The answer of a call that cannot even load the C library: an error object all the same. Runs a process. */
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('a node without a C library that braid knows gets the error object, and exit status 1', () => {
  const main = join(import.meta.dirname, '../../src/bin/main.ts');
  const call = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', CNI_NETNS: '/x', CNI_PATH: '/x' };
  const env = { ...process.env, ...call, BUN_JSC_useJIT: '0' }; // without its compiler Bun loads no library
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, main], { env, stdin: Buffer.from('{}') });
  expect(JSON.parse(stdout.toString())).toMatchObject({
    code: 5,
    msg: expect.stringContaining('Cannot load the C library'),
  });
  expect(exitCode).toBe(1);
});
