/** containerd's own CNI client (go-cni, by `ctr run --cni`) drives the compiled executable in every version. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { clusterNetwork, Node, run } from '../e2e/runtime';
import { createImage } from '../image';
import { fillBinDir } from './tools';

/** Debian's containerd speaks CNI up to 1.0.0. */
const versions = ['0.3.1', '0.4.0', '1.0.0'];
const image = 'docker.io/local/interop:1';
const dir = mkdtempSync(join(tmpdir(), 'containerd-'));
const socket = join(dir, 'containerd.sock');
const ctr = (...words: readonly string[]): string => run('ctr', '--address', socket, ...words);
let daemon: ChildProcess | undefined;

beforeAll(async () => {
  writeFileSync(
    join(dir, 'config.toml'),
    `version = 2
root = "${dir}/root"
state = "${dir}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`,
  );
  run('sh', '-c', 'mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  daemon = spawn('containerd', ['--config', join(dir, 'config.toml')], { stdio: 'ignore' });
  await vi.waitFor(() => ctr('version'), { timeout: 60_000, interval: 500 });
  ctr('images', 'import', '--snapshotter', 'native', createImage(join(dir, 'image'), image, ['true']));
}, 120_000);

afterAll(async () => {
  const ended = new Promise((done) => daemon?.once('exit', done));
  daemon?.kill();
  await ended;
  rmSync(dir, { recursive: true, force: true });
});

it.each(versions)('ctr run --cni attaches a container in %s, and takes it back', async (cniVersion) => {
  const node = new Node();
  // ctr uses /etc/cni/net.d and /opt/cni/bin, and the network namespace that containerd runs in.
  const plugins = '/opt/cni/bin';
  const confs = '/etc/cni/net.d';
  mkdirSync(confs, { recursive: true });
  fillBinDir(plugins);
  onTestFinished(() => {
    for (const path of [plugins, confs]) rmSync(path, { recursive: true });
    run('ip', 'link', 'del', 'cni-t0');
    run('ip', 'link', 'del', 'cni-t1');
  });
  node.network(
    'second',
    {
      cniVersion: '1.0.0',
      type: 'bridge',
      bridge: 'cni-t1',
      ipam: { type: 'static', addresses: [{ address: '192.168.7.2/24' }] },
    },
    'kube-system',
  );
  node.network('cluster', clusterNetwork(node), 'kube-system');
  const networks = { clusterNetwork: 'cluster', defaultNetworks: ['second'], delegates: undefined };
  const { cniVersion: _, name, ...plugin } = node.conf(undefined, networks);
  writeFileSync(join(confs, '10-braid.conflist'), JSON.stringify({ cniVersion, name, plugins: [plugin] }));
  const shown = ctr(
    ...['run', '--rm', '--cni', '--snapshotter', 'native', image, `c-${cniVersion}`],
    ...['ip', '-o', '-4', 'addr'],
  );
  expect(shown).toMatch(/eth0 .*inet 10\.244\.1\.2\/24/);
  expect(shown).toMatch(/net1 .*inet 192\.168\.7\.2\/24/);
  expect(node.reservations()).toEqual([]);
  expect(node.stateFiles()).toEqual([]);
});
