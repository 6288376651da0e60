/** The image archive: read by tar, the same bytes for the same files, every digest right. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseElf } from '../../scripts/image/elf';
import { toOciArchive } from '../../scripts/image/oci';
import { toTar } from '../../scripts/image/tar';
import { temporaryDirectory } from '../disk/temp';

const files = [
  { path: 'braid', mode: 0o755, bytes: Buffer.from('the executable') },
  { path: 'lib', mode: 0o755 },
  { path: 'lib/libc.so.6', mode: 0o755, bytes: Buffer.alloc(512, 'c') },
];
const config = { name: 'docker.io/library/braid:1', entrypoint: ['/braid'], labels: {} };

/** The archive's files on disk. */
function unpacked(bytes: Uint8Array): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'archive.tar'), bytes);
  execFileSync('tar', ['-xpf', join(directory, 'archive.tar'), '-C', directory]);
  return directory;
}

it('is a tar that tar reads, without times or owners', () => {
  const directory = unpacked(toTar(files));
  expect(readFileSync(join(directory, 'braid'), 'utf8')).toBe('the executable');
  const listed = execFileSync('tar', ['--utc', '-tvf', join(directory, 'archive.tar')], { encoding: 'utf8' });
  expect(listed.trim().split('\n')).toEqual([
    expect.stringMatching(/^-rwxr-xr-x 0\/0 +14 1970-01-01 00:00 braid$/),
    expect.stringMatching(/^drwxr-xr-x 0\/0 +0 1970-01-01 00:00 lib\/$/),
    expect.stringMatching(/^-rwxr-xr-x 0\/0 +512 1970-01-01 00:00 lib\/libc\.so\.6$/),
  ]);
});

it('has one image for each machine, named for import, whose digests and sizes are those of its blobs', () => {
  const images = (['amd64', 'arm64'] as const).map((architecture) => ({ architecture, files }));
  const bytes = toOciArchive(images, config);
  expect(toOciArchive(images, config).equals(bytes)).toBe(true);
  const directory = unpacked(bytes);
  const blob = ({ digest, size }: { digest: string; size: number }): Buffer => {
    const content = readFileSync(join(directory, 'blobs/sha256', digest.replace('sha256:', '')));
    expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
    expect(content.length).toBe(size);
    return content;
  };
  const top = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
  expect(top.manifests[0].annotations['io.containerd.image.name']).toBe(config.name);
  const { manifests } = JSON.parse(blob(top.manifests[0]).toString());
  expect(manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
    { architecture: 'amd64', os: 'linux' },
    { architecture: 'arm64', os: 'linux' },
  ]);
  for (const each of manifests) {
    const manifest = JSON.parse(blob(each).toString());
    const { rootfs, config: run } = JSON.parse(blob(manifest.config).toString());
    const layer = Bun.gunzipSync(new Uint8Array(blob(manifest.layers[0])));
    expect(rootfs.diff_ids).toEqual([`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
    expect(run.Entrypoint).toEqual(['/braid']);
  }
});

it('knows what a program asks the loader for, as ldd does', () => {
  const told = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  const paths = new Map(
    [...told.matchAll(/(?:(\S+) => )?(\/\S+) \(/g)].map(([, name, path = '']) => [name ?? path, path]),
  );
  const loaders = [...told.matchAll(/^\s*(\/\S+) \(/gm)].map(([, path]) => path);
  const program = parseElf(readFileSync(process.execPath));
  expect(loaders).toEqual([program?.loader]);
  const names = new Set(program?.libraries);
  for (const name of names) for (const more of librariesOf(paths.get(name))) names.add(more); // a set goes on with what is new
  const isLoader = (name: string): boolean => loaders.some((path) => path?.endsWith(`/${name}`));
  expect([...names].filter((name) => !isLoader(name)).sort()).toEqual(
    [...paths.keys()].filter((name) => !name.startsWith('/')).sort(),
  );
});

const librariesOf = (path: string | undefined): readonly string[] =>
  path === undefined ? [] : (parseElf(readFileSync(path))?.libraries ?? []);

it('asks nothing of a file that is no program', () => {
  expect(parseElf(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  expect(parseElf(Buffer.alloc(0))).toBeUndefined();
});
