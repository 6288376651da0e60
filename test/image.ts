/** A container image of static busybox, for tests: an archive that `ctr images import` takes. Writes files in one directory. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the shell commands of tests use. */
const applets = ['sh', 'sleep', 'ip', 'ping', 'cat', 'ls', 'kill', 'httpd', 'wget', 'true'];

/** Makes `name` (`docker.io/local/NAME:TAG`) that runs `command`; returns the archive's path below `dir`. */
export function createImage(dir: string, name: string, command: readonly string[]): string {
  const layer = join(dir, 'rootfs');
  mkdirSync(join(layer, 'bin'), { recursive: true });
  mkdirSync(join(layer, 'proc'));
  mkdirSync(join(layer, 'sys'));
  mkdirSync(join(layer, 'dev'));
  mkdirSync(join(layer, 'etc'));
  copyFileSync(findBusybox(), join(layer, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(layer, 'bin', applet));
  execFileSync('tar', ['--owner=0', '--group=0', '-C', layer, '-cf', join(dir, 'layer.tar'), '.']);
  const diffId = createHash('sha256')
    .update(readFileSync(join(dir, 'layer.tar')))
    .digest('hex');
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = {
    architecture,
    os: 'linux',
    config: { Cmd: command, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(dir, 'image.tar');
  execFileSync('tar', ['-C', dir, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  return archive;
}

const findBusybox = (): string => execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
