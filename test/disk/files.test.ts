/** Files that a configuration names, on a real disk. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { files, longestFile } from '../../src/disk/files';
import { temporaryDirectory } from './temp';

it('reads a text, through links too, and files of /proc, which have no size', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'a'), 'nameserver 10.0.0.1 é\n');
  symlinkSync('a', join(root, 'b'));
  writeFileSync(join(root, 'long'), 'é'.repeat(longestFile / 2));
  expect(await files.readText(join(root, 'b'))).toBe('nameserver 10.0.0.1 é\n');
  expect(await files.readText(join(root, 'long'))).toHaveLength(longestFile / 2);
  expect(await files.readText('/proc/self/status')).toMatch(/^Name:/);
});

it('knows nothing of what does not exist', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'a'), '');
  symlinkSync('gone', join(root, 'b'));
  for (const path of ['none', 'a/b', 'b']) expect(await files.readText(join(root, path))).toBeUndefined();
});

it.each([
  ['a directory', (path: string) => mkdirSync(path), 'need a regular file'],
  ['a pipe', (path: string) => void Bun.spawnSync(['mkfifo', path]), 'need a regular file'],
  ['a device', (path: string) => symlinkSync('/dev/zero', path), 'need a regular file'],
  ['a file over 1 MiB', (path: string) => writeFileSync(path, 'x'.repeat(longestFile + 1)), 'at most 1048576'],
])('refuses %s at once', async (_, make, why) => {
  const path = join(temporaryDirectory(), 'x');
  make(path);
  await expect(files.readText(path)).rejects.toMatchObject({
    reason: 'IoFailed',
    problem: expect.stringContaining(why),
  });
  await expect(files.readText(path)).rejects.toThrow(path);
});
