/** A node of the real Multus with reference plugins becomes Braid's, with its pods running, and Multus' again. In the places of a real node, of the guest that the test runs in. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Api, serveContent } from '../bench/api';
import { kubeconfigOf } from '../bench/competitors';
import { type Network, networkObject, podObject, podOf } from '../bench/work';
import { type Answer, braid, type Json, Node, type Pod, type Printed, run } from '../e2e/runtime';
import { goTool } from './tools';

const multus = resolve(import.meta.dirname, '../../dist/bench/multus');
const [confDir, binDir, states] = ['/etc/cni/net.d', '/opt/cni/bin', '/var/lib/cni'];
const kubeconfig = '/etc/cni/multus.kubeconfig';
const cniVersion = '1.0.0';

/** What the cluster's own network is, as its file says. */
const cluster = {
  cniVersion,
  name: 'cluster',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      ipMasq: false,
      ipam: { type: 'host-local', subnet: '10.244.0.0/24' },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const host = (octet: number) => ({ type: 'host-local', subnet: `192.168.${octet}.0/24` });
const macvlan = (octet: number) => ({ type: 'macvlan', master: 'eth1', mode: 'bridge', ipam: host(octet) });
const network = (name: string, ...plugins: readonly object[]): Network => ({
  name,
  config: { cniVersion, name, plugins },
});
const networks = [
  network('lan', macvlan(1)),
  network('routed', macvlan(2), { type: 'sbr' }),
  network('tagged', { type: 'vlan', master: 'eth1', vlanId: 7, ipam: host(3) }),
  network('switched', { type: 'bridge', bridge: 'cni-t1', ipam: host(4) }),
];

/** Pods, and the interfaces that each has with its networks. */
const pods: Readonly<Record<string, readonly string[]>> = {
  web: ['lan', 'routed'],
  store: ['tagged', 'switched', 'lan'],
  bare: [],
};

/** As a container runtime names sandboxes. */
const sandboxOf = ({ name }: Pod): string => createHash('sha256').update(name).digest('hex');

/** Installs Multus as its thin DaemonSet does, on a node with a cluster network. */
function installMultus(node: Node): Api {
  const find = (asked: string): readonly Network[] => networks.filter(({ name }) => name === asked);
  const own = Object.entries(pods).map(([name, asked]) => podOf(name, asked.flatMap(find)));
  const api = node.enter(() => serveContent({ pods: own.map(podObject), networks: networks.map(networkObject) }));
  onTestFinished(api.stop);
  for (const directory of [confDir, binDir]) mkdirSync(directory, { recursive: true });
  for (const plugin of ['bridge', 'portmap', 'macvlan', 'vlan', 'sbr', 'host-local'])
    copyFileSync(goTool(plugin), join(binDir, plugin));
  copyFileSync(multus, join(binDir, 'multus'));
  writeFileSync(kubeconfig, kubeconfigOf(api));
  const conf = {
    cniVersion,
    name: 'multus-cni-network',
    type: 'multus',
    kubeconfig,
    binDir,
    namespaceIsolation: true,
    delegates: [cluster],
  };
  writeFileSync(join(confDir, '10-cluster.conflist'), JSON.stringify(cluster, undefined, 2));
  writeFileSync(join(confDir, '00-multus.conf'), JSON.stringify(conf), { mode: 0o600 });
  onTestFinished(() => {
    for (const place of [confDir, binDir, states])
      for (const each of globSync(`${place}/*`)) rmSync(each, { recursive: true });
  });
  return api;
}

/** A runtime's call for a pod, with the first configuration of the directory. */
function call(pod: Pod, verb: string, result?: Json): Promise<Answer> {
  const [file = ''] = globSync(`${confDir}/00-*`).sort();
  const { plugins, ...top } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly plugins?: readonly Json[];
    readonly type?: string;
  };
  const plugin = { ...plugins?.[0], ...top } as Json & { readonly type: string };
  const conf = { ...plugin, ...(result !== undefined && { prevResult: result }) };
  const env = { ...pod.env(verb), CNI_CONTAINERID: sandboxOf(pod), CNI_PATH: binDir };
  return pod.node.call(env, conf, [join(binDir, plugin.type)]);
}

/** Every file of the CNI directories with its mode and bytes. */
const placed = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [confDir, binDir].flatMap((directory) =>
      globSync(`${directory}/**`).flatMap((path) => {
        const found = lstatSync(path);
        if (found.isSymbolicLink()) return [[path, `-> ${readlinkSync(path)}`]];
        if (!found.isFile()) return [];
        return [
          [path, `${statSync(path).mode.toString(8)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`],
        ];
      }),
    ),
  );

const nameOf = (pod: Pod): string => String(/K8S_POD_NAME=([^;]*)/.exec(pod.env('ADD').CNI_ARGS ?? '')?.[1]);

/** What `braid list` says of each pod: its networks, and all their addresses. */
function listed() {
  const shown = JSON.parse(run(join(binDir, 'braid'), 'list', '-o', 'json')) as readonly {
    readonly pod: { readonly name: string };
    readonly attachments: readonly { readonly network: string; readonly result: Printed }[];
  }[];
  return shown
    .map(({ pod, attachments }) => ({
      pod: pod.name,
      networks: attachments.map(({ network: name }) => name),
      addresses: attachments.flatMap(({ result }) => result.ips?.map(({ address }) => address) ?? []),
    }))
    .sort((one, other) => (one.pod < other.pod ? -1 : 1));
}

const records = (): readonly string[] => globSync(`${states}/braid/attachments/*.json`);

it('pods that Multus attached are listed, checked and deleted by Braid, and the uninstallation puts every byte back', async () => {
  const node = new Node();
  node.uplink('eth1');
  const api = installMultus(node);
  const running = Object.keys(pods).map((name) => node.pod({ name }));
  const results = new Map<Pod, Json>();
  for (const pod of running) {
    const { status, stdout, stderr, json } = await call(pod, 'ADD');
    expect(status, stdout + stderr).toBe(0);
    results.set(pod, json as Json);
  }
  expect(running.map((pod) => pod.names())).toEqual(
    [
      ['lo', 'eth0', 'net1', 'net2'],
      ['lo', 'eth0', 'net1', 'net2', 'net3'],
      ['lo', 'eth0'],
    ].map((names) => expect.arrayContaining(names)),
  );
  expect(node.reservations()).toHaveLength(3 + 2 + 3);
  const before = placed();

  const install = ['install', '--from-multus', '--conf-dir', confDir, '--bin-dir', binDir]; // whatever this machine's containerd has
  expect(run(braid, ...install, '--dry-run')).toContain('Nothing was written');
  expect(placed()).toEqual(before);
  run(braid, ...install);
  expect(records()).toHaveLength(running.length);

  expect(listed()).toEqual(
    running
      .map((pod) => {
        const names = ['cluster', ...(pods[nameOf(pod)] ?? []).map((each) => `default/${each}`)];
        const links = names.map((_, at) => (at === 0 ? 'eth0' : `net${at}`));
        return { pod: nameOf(pod), networks: names, addresses: links.flatMap((link) => pod.addresses(link)) };
      })
      .sort((one, other) => (one.pod < other.pod ? -1 : 1)),
  );
  api.stop(); // what Multus asked is not needed any more
  for (const pod of running) {
    const check = await call(pod, 'CHECK', results.get(pod));
    expect([check.status, check.stdout], check.stderr).toEqual([0, '']);
  }
  for (const pod of running) {
    for (const time of ['first', 'again'])
      expect(await call(pod, 'DEL'), `${time} DEL`).toMatchObject({ status: 0, stdout: '' });
    pod.expectEmpty();
  }
  expect(records()).toEqual([]);
  node.expectNothingLeft(['cni-t0', 'cni-t1']);

  run(braid, 'uninstall');
  expect(placed()).toEqual(before);
});
