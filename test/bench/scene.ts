/**
 * The node that every competitor works on: a network and mount namespace of the benchmark's own, with two links, private
 * state directories and pods' namespaces. Acts inside the namespaces that `enter` made.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const inside = 'BRAID_BENCH_INSIDE';

/** Starts this script again in namespaces of its own, and ends with its exit status; returns when it is that run. */
export function enter(): void {
  if (process.env[inside] !== undefined) return;
  const unshare = ['--net', '--mount', '--propagation', 'private', '--', process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', unshare, { stdio: 'inherit', env: { ...process.env, [inside]: '1' } });
  process.exit(status ?? 1);
}

/** Where state and secrets are kept: the scene has its own. */
const places = ['/var/lib/cni', '/etc/cni', '/run/netns', '/run/secrets'] as const;

/** Directories and links of the node. */
export interface Scene {
  readonly directory: string;
  /** Makes the pod's namespace and returns its path. */
  addPod(name: string): string;
  deletePod(name: string): void;
  close(): void;
}

/** Links `m0` to `m3`, each with its other end beside it: masters for macvlans. */
export function openScene(): Scene {
  const outside = mkdtempSync(path.join(tmpdir(), 'braid-bench-'));
  const directory = mountDisk(outside);
  for (const place of places) {
    const own = path.join(directory, place);
    mkdirSync(own, { recursive: true });
    mkdirSync(place, { recursive: true });
    run('mount', ['--bind', own, place]);
  }
  run('ip', ['link', 'set', 'lo', 'up']);
  for (const n of [0, 1, 2, 3]) {
    run('ip', ['link', 'add', `m${n}`, 'type', 'veth', 'peer', 'name', `w${n}`]);
    for (const name of [`m${n}`, `w${n}`]) run('ip', ['link', 'set', name, 'up']);
  }
  return {
    directory,
    addPod(name) {
      run('ip', ['netns', 'add', name]);
      return `/run/netns/${name}`;
    },
    deletePod: (name) => run('ip', ['netns', 'delete', name]),
    close() {
      for (const place of places) run('umount', [place]);
      run('umount', ['--lazy', directory]);
      rmSync(outside, { recursive: true, force: true });
    },
  };
}

/**
 * A file system for the state: ext4 with a journal, as nodes have it, in a file on the machine's disk. One without a journal, as
 * machines of a test have it, searches the inodes freed in the last five seconds for each file that is made
 * (fs/ext4/ialloc.c, recently_deleted): a benchmark that adds and deletes in turns would measure that. Goes with the namespace.
 */
function mountDisk(outside: string): string {
  const [image, disk] = [path.join(outside, 'disk.img'), path.join(outside, 'disk')];
  mkdirSync(disk);
  writeFileSync(image, '');
  truncateSync(image, 1024 ** 3);
  run('mkfs.ext4', ['-q', image]);
  run('mount', ['-o', 'loop', image, disk]);
  return disk;
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
