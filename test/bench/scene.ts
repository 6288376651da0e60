/**
 * The node that every competitor works on: a network and mount namespace of the benchmark's own, with two links, private
 * state directories and pods' namespaces. Acts inside the namespaces that `enter` made.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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

/** Directories and links of the node. */
export interface Scene {
  readonly directory: string;
  /** Makes the pod's namespace and returns its path. */
  addPod(name: string): string;
  deletePod(name: string): void;
  close(): void;
}

/** Links `m0` to `m3`, each with its other end beside it: masters for macvlans. State lies on the machine's own disk. */
export function openScene(): Scene {
  const directory = mkdtempSync(path.join(tmpdir(), 'braid-bench-'));
  for (const place of ['/var/lib/cni', '/etc/cni', '/run/netns', '/run/secrets']) {
    const own = path.join(directory, place);
    mkdirSync(own, { recursive: true });
    mkdirSync(place, { recursive: true });
    ip('mount', ['--bind', own, place]);
  }
  ip('ip', ['link', 'set', 'lo', 'up']);
  for (const n of [0, 1, 2, 3]) {
    ip('ip', ['link', 'add', `m${n}`, 'type', 'veth', 'peer', 'name', `w${n}`]);
    for (const name of [`m${n}`, `w${n}`]) ip('ip', ['link', 'set', name, 'up']);
  }
  return {
    directory,
    addPod(name) {
      ip('ip', ['netns', 'add', name]);
      return `/run/netns/${name}`;
    },
    deletePod: (name) => ip('ip', ['netns', 'delete', name]),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function ip(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
