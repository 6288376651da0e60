/** What `braid install` asks of the disk, in order: each file is whole after a power failure. By strace around the compiled executable. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { braid, run } from './runtime';

it('syncs each file before it is renamed, then its directory; what is to be taken back first, the configuration last', () => {
  const root = mkdtempSync(join(tmpdir(), 'install-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const directory of ['etc/cni/net.d', 'opt/cni/bin']) mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'etc/cni/net.d/10-x.conf'), '{"cniVersion":"1.0.0","name":"x","type":"bridge"}');
  const log = join(root, 'trace');
  run('strace', '-f', '-y', '-qq', '-o', log, '-e', 'trace=fsync,rename', braid, 'install', '--root', root);
  const acts = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, name = '', path = ''] =
        /(fsync)\(\d+<([^>]*)>/.exec(line) ?? /(rename)\("[^"]*", "([^"]*)"/.exec(line) ?? [];
      return `${name} ${basename(path).replace(/^\.(.*)\.new-[0-9a-f]+$/, 'new $1')}`;
    });
  const placed = (file: string, directory: string): string[] => [
    `fsync new ${file}`,
    `rename ${file}`,
    `fsync ${directory}`,
  ];
  expect(acts).toEqual([
    ...placed('install.json', 'braid'),
    ...placed('braid', 'bin'),
    ...placed('loopback', 'bin').slice(1), // a link has no content
    ...placed('00-braid.conflist', 'net.d'),
  ]);
});
