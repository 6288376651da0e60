/** What a check sees of files, directories and their disk. Writes to a temporary directory, and leaves nothing else there. */
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lookAtDirectory, lookAtDisk, lookAtFile } from '../../src/disk/inspect';
import { temporaryDirectory } from './temp';

it('looks at a directory and all that is in it, links as what they lead to', () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'a'), 'x');
  chmodSync(join(root, 'a'), 0o640);
  symlinkSync('a', join(root, 'c'));
  symlinkSync('nowhere', join(root, 'd'));
  expect(lookAtDirectory(root)?.entries).toMatchObject([
    { name: 'a', mode: 0o640, isDirectory: false },
    { name: 'b', isDirectory: true },
    { name: 'c', mode: 0o640, isDirectory: false },
    { name: 'd', isDirectory: false },
  ]);
});

it('what is not there is nothing', () => {
  const root = temporaryDirectory();
  expect([lookAtFile(join(root, 'x')), lookAtDirectory(join(root, 'x'))]).toEqual([undefined, undefined]);
});

it('brings a write to the disk of the nearest directory, and leaves no file', () => {
  const root = temporaryDirectory();
  const disk = lookAtDisk(join(root, 'not/yet'));
  expect(disk).toMatchObject({ path: root, problem: undefined, isNetwork: false });
  expect(disk.freePart).toBeGreaterThan(0);
  expect(readdirSync(root)).toEqual([]);
});

it('says why nothing can be written', () => {
  expect(lookAtDisk('/proc/sys').problem).toMatch(/^Cannot write in \/proc\/sys: E/);
});
