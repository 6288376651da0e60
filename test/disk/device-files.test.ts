/** Files about devices. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deviceFiles } from '../../src/disk/device-files';
import { temporaryDirectory } from './temp';

it('are copied over what lies there, read, and deleted', async () => {
  const directory = temporaryDirectory();
  const [from, to] = [join(directory, 'dp'), join(directory, 'cni', 'a-c1_net1')];
  writeFileSync(from, '{"type":"pci"}');
  mkdirSync(join(directory, 'cni'));
  writeFileSync(to, 'of an earlier pod');
  chmodSync(to, 0o444);
  await deviceFiles.copy(from, to);
  expect(readFileSync(to, 'utf8')).toBe('{"type":"pci"}');
  expect(await deviceFiles.read(to)).toEqual({ type: 'pci' });
  await deviceFiles.delete(to);
  await deviceFiles.delete(to);
  expect(await deviceFiles.read(to)).toBeUndefined();
});

it('that nobody wrote are not copied; what is no JSON object is said', async () => {
  const directory = temporaryDirectory();
  const [from, to] = [join(directory, 'dp'), join(directory, 'cni')];
  await deviceFiles.copy(from, to);
  expect(await deviceFiles.read(to)).toBeUndefined();
  writeFileSync(from, '[]');
  await expect(deviceFiles.read(from)).rejects.toMatchObject({ reason: 'DecodeFailed' });
});
