/** The images of the test's pods, made of Debian's static busybox: no registry is asked. Reads /bin/busybox, writes archives. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { toOciArchive } from '../../scripts/image/oci';
import type { TarEntry } from '../../scripts/image/tar';

/** What a sandbox and every container of the tests run. */
export const pauseImage = 'docker.io/test/pause:1';
export const toolImage = 'docker.io/test/tool:1';

/** Writes the archives into the directory and returns their paths. */
export function makeImages(directory: string): readonly string[] {
  const busybox = readFileSync('/bin/busybox');
  const directories = ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'].map(
    (name): TarEntry => ({ path: name, mode: 0o755 }),
  );
  const files: readonly TarEntry[] = [...directories, { path: 'bin/busybox', mode: 0o755, bytes: busybox }];
  return [pauseImage, toolImage].map((name) => {
    const file = path.join(directory, `${name.replaceAll(/[/:]/g, '_')}.tar`);
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const entrypoint = ['/bin/busybox', 'sleep', '1000000'];
    writeFileSync(file, toOciArchive([{ architecture, files }], { name, entrypoint, labels: {} }));
    return file;
  });
}
