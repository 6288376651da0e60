/** containerd's own CNI client (go-cni, by `ctr run --cni` and as a library) drives the compiled executable in every version. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { addressesOf, clusterNetwork, Node, run, Space } from '../e2e/runtime';
import { createImage } from '../image';
import { callOf } from './drivers';
import { fillBinDir } from './tools';

/** Debian's containerd speaks CNI up to 1.0.0; the library that newer ones have, 1.1.0 too. */
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

it.each([...versions, '1.1.0'])(
  'its library attaches a pod in %s, checks it, and takes it back',
  async (cniVersion) => {
    const node = new Node();
    fillBinDir(node.binDir);
    node.pod(); // counts the node's links before anything is attached
    const pod = new Space(`${node.name}-library`);
    const second = { type: 'bridge', bridge: 'cni-t1', ipam: { type: 'host-local', subnet: '192.168.7.0/24' } };
    node.network('second', { cniVersion: '1.0.0', ...second }, 'kube-system');
    node.network('cluster', clusterNetwork(node), 'kube-system');
    const networks = { clusterNetwork: 'cluster', defaultNetworks: ['second'], delegates: undefined };
    const { cniVersion: _, name: __, ...plugin } = node.conf(undefined, networks);
    const call = callOf('go-cni', { node, pod, ifName: 'eth0', args: '', cniVersion, plugins: [plugin] });
    const added = await call('ADD', node.binDir);
    expect([added.status, added.text]).toEqual([0, expect.any(String)]);
    expect(added.json.cniVersion).toBe(cniVersion);
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1']);
    for (const link of ['eth0', 'net1']) expect(addressesOf(added.json, link)).toEqual(pod.addresses(link));
    const checked = await call('CHECK', node.binDir);
    // libcni itself refuses CHECK before 0.4.0
    expect([checked.status, checked.text.includes('does not support the CHECK command')]).toEqual(
      cniVersion < '0.4' ? [1, true] : [0, false],
    );
    expect((await call('STATUS', node.binDir)).status).toBe(0);
    expect(await call('DEL', node.binDir)).toMatchObject({ status: 0 });
    expect(pod.names()).toEqual(['lo']);
    await node.end({ bridges: ['cni-t0', 'cni-t1'] });
  },
);
