/** Whole routing tables and rules of pods, compared with golden files (test/fixtures/routes), and that DEL leaves nothing of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Changes, clusterNetwork, type Json, Node, type Pod, type Printed, statusOf } from './runtime';

const golden = join(import.meta.dirname, '../fixtures/routes');
/** What came out, for review: `cp results/guest1/routes/*.txt test/fixtures/routes/`, then read the difference. */
const results = join(process.env.BRAID_RESULTS ?? '/tmp', 'routes');

const default4 = { dst: '0.0.0.0/0' };
const default6 = { dst: '::/0' };

type Families = '4' | '6' | '46';

/** The default network: a bridge that is the gateway, and a route to the other nodes' pods. */
function cluster(node: Node, families: Families): Json {
  if (families === '4') return clusterNetwork(node);
  const six = { range: [{ subnet: 'fd00:244:1::/64' }], route: { dst: 'fd00:244::/48', gw: 'fd00:244:1::1' } };
  const four = { range: [{ subnet: '10.244.1.0/24' }], route: { dst: '10.244.0.0/16', gw: '10.244.1.1' } };
  const both = families === '6' ? [six] : [four, six];
  const ipam = {
    type: 'host-local',
    dataDir: node.leases,
    ranges: both.map(({ range }) => range),
    routes: both.map(({ route }) => route),
  };
  const bridge = { type: 'bridge', bridge: 'cni-t0', isDefaultGateway: true, ipam };
  return { cniVersion: '1.0.0', name: 'cluster', plugins: [bridge] };
}

interface Extra {
  readonly routes?: readonly Json[];
  /** A further plugin: sbr with these keys. */
  readonly sbr?: Json;
  /** Keys of the network. */
  readonly more?: Json;
}

/** A secondary network over eth1 with fixed addresses and their gateways, its number in both. */
function network(number: number, families: Families, { routes = [], sbr, more = {} }: Extra = {}): Json {
  const four = { address: `192.168.${number}.20/24`, gateway: `192.168.${number}.254` };
  const six = { address: `2001:db8:${number}::20/64`, gateway: `2001:db8:${number}::fe` };
  const addresses = { 4: [four], 6: [six], 46: [four, six] }[families];
  const macvlan = { type: 'macvlan', master: 'eth1', ipam: { type: 'static', addresses, routes } };
  return {
    cniVersion: '1.1.0',
    name: `n${number}`,
    plugins: [macvlan, ...(sbr === undefined ? [] : [{ type: 'sbr', ...sbr }])],
    ...more,
  };
}

/** A foreign delegate: a link of the kind dummy, and what else it does in the pod. */
function foreign(node: Node, acts: readonly string[], links = ['$CNI_IFNAME']): Json {
  const inPod = (command: string): string => `nsenter --net=$CNI_NETNS ip ${command}`;
  const addresses = links.flatMap((link, at) => [
    `link add ${link} type dummy`,
    `addr add 192.168.${5 + at}.20/24 dev ${link}`,
    `link set ${link} up`,
  ]);
  node.recorder('alien', {
    ADD: [
      ...[...addresses, ...acts].map((command) => `${inPod(command)} || exit 1`),
      `echo '{"cniVersion":"1.0.0","interfaces":[{"name":"'$CNI_IFNAME'","sandbox":"'$CNI_NETNS'"}],"ips":[{"address":"192.168.5.20/24","interface":0}]}'`,
    ].join('\n'),
    DEL: links.map((link) => `${inPod(`link del ${link}`)} 2>/dev/null`).join('\n'),
  });
  return { cniVersion: '1.0.0', type: 'alien' };
}

/** A combination of requests. */
interface Case {
  readonly cluster: Families;
  readonly networks: (node: Node) => Readonly<Record<string, Json>>;
  readonly asked: string;
  readonly changes?: Changes;
}

const asking = (...elements: readonly Json[]): string => JSON.stringify(elements);
const one =
  (families: Families, extra: Extra = {}) =>
  () => ({ a: network(1, families, extra) });
const two =
  (families: Families, first: Extra, second: Extra = first) =>
  () => ({
    a: network(1, families, first),
    b: network(2, families, second),
  });
const both = { routes: [default4, default6] };
const four = { routes: [default4] };
const six = { routes: [default6] };
const services = ['10.96.0.0/12', '10.244.0.0/16', 'fd00:96::/112', 'fd00:244::/48'];
const wide4 = { dst: '10.0.0.0/8', gw: '192.168.1.254' };
const wide6 = { dst: 'fd00::/16', gw: '2001:db8:1::fe' };

/** By what they are about; the golden file is named after both. */
const groups: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  plain: {
    '4': { cluster: '4', networks: one('4'), asked: 'a' },
    '6': { cluster: '6', networks: one('6'), asked: 'a' },
    '46': { cluster: '46', networks: two('46', {}), asked: 'a,b' },
    '6-on-4': { cluster: '4', networks: one('6', six), asked: 'a' },
  },
  guard: {
    '4': { cluster: '4', networks: one('4', four), asked: 'a' },
    '6': { cluster: '6', networks: one('6', six), asked: 'a' },
    '46-two': { cluster: '46', networks: two('46', both), asked: 'a,b' },
    metrics: {
      cluster: '4',
      networks: two(
        '4',
        { routes: [{ dst: '0.0.0.0/0', priority: 5000 }] },
        { routes: [{ dst: '0.0.0.0/0', priority: 50 }] },
      ),
      asked: 'a,b',
    },
    'off-4': { cluster: '4', networks: one('4', four), asked: 'a', changes: { defaultRouteGuard: false } },
    'off-46': { cluster: '46', networks: two('46', both), asked: 'a,b', changes: { defaultRouteGuard: false } },
    'off-cluster': {
      cluster: '46',
      networks: one('46', both),
      asked: 'a',
      changes: { defaultRouteGuard: false, clusterCIDRs: services },
    },
  },
  move: {
    '4': { cluster: '4', networks: one('4'), asked: asking({ name: 'a', 'default-route': ['192.168.1.1'] }) },
    '6': { cluster: '6', networks: one('6'), asked: asking({ name: 'a', 'default-route': ['2001:db8:1::1'] }) },
    '46': {
      cluster: '46',
      networks: one('46', both),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.1', '2001:db8:1::1'] }),
    },
    '4-of-46': {
      cluster: '46',
      networks: one('46', both),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.1'] }),
    },
    'link-local': { cluster: '6', networks: one('6'), asked: asking({ name: 'a', 'default-route': ['fe80::1'] }) },
    several: {
      cluster: '46',
      networks: one('46'),
      asked: asking({
        name: 'a',
        'default-route': ['192.168.1.3', '2001:db8:1::3', '192.168.1.2', '2001:db8:1::2', '192.168.1.1'],
      }),
    },
    apart: {
      cluster: '46',
      networks: two('46', {}),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.1'] }, { name: 'b', 'default-route': ['2001:db8:2::1'] }),
    },
    second: {
      cluster: '4',
      networks: two('4', four),
      asked: asking({ name: 'a' }, { name: 'b', 'default-route': ['192.168.2.1'] }),
    },
    empty: { cluster: '46', networks: one('46', both), asked: asking({ name: 'a', 'default-route': [] }) },
    'empty-none': { cluster: '46', networks: one('46'), asked: asking({ name: 'a', 'default-route': [] }) },
    cluster: {
      cluster: '46',
      networks: one('46'),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.1', '2001:db8:1::1'] }),
      changes: { clusterCIDRs: services },
    },
  },
  sbr: {
    '4': { cluster: '4', networks: one('4', { sbr: {} }), asked: 'a' },
    '46-two': { cluster: '46', networks: two('46', { sbr: {} }), asked: 'a,b' },
    bare: { cluster: '4', networks: one('4', { sbr: { addSourceHints: false } }), asked: 'a' },
    guard: { cluster: '46', networks: one('46', { ...both, sbr: {} }), asked: 'a' },
    'move-46': {
      cluster: '46',
      networks: one('46', { sbr: {} }),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.254', '2001:db8:1::fe'] }),
    },
    'bare-move': {
      cluster: '46',
      networks: one('46', { sbr: { addSourceHints: false } }),
      asked: asking({ name: 'a', 'default-route': ['192.168.1.254', '2001:db8:1::fe'] }),
    },
    table: { cluster: '4', networks: one('4', { ...four, sbr: { table: 500 } }), asked: 'a' },
  },
  static: {
    '46': {
      cluster: '46',
      networks: one('46', {
        routes: [
          { dst: '172.16.0.0/12', gw: '192.168.1.253', mtu: 1400 },
          { dst: '172.31.0.0/16', gw: '192.168.1.252', priority: 77 },
          { dst: '198.51.100.0/24', gw: '192.168.1.251', table: 300 },
          { dst: '2001:db8:f::/48', gw: '2001:db8:1::fd', priority: 77 },
        ],
      }),
      asked: 'a',
    },
  },
  equal: {
    '46': {
      cluster: '46',
      networks: two(
        '46',
        { routes: [{ dst: '172.16.0.0/12' }, { dst: '2001:db8:f::/48' }] },
        { routes: [{ dst: '172.16.0.0/12' }, { dst: '2001:db8:f::/48' }, { dst: '10.244.0.0/16' }] },
      ),
      asked: 'a,b',
    },
  },
  cluster: {
    covered: {
      cluster: '46',
      networks: one('46', { routes: [wide4, wide6] }),
      asked: 'a',
      changes: { clusterCIDRs: services },
    },
    equal: {
      cluster: '46',
      networks: one('46', { routes: [{ dst: '10.96.0.0/12' }, { dst: 'fd00:96::/112' }] }),
      asked: 'a',
      changes: { clusterCIDRs: services },
    },
  },
  foreign: {
    default: {
      cluster: '4',
      networks: (node) => ({ a: foreign(node, ['route add default via 192.168.5.1 dev $CNI_IFNAME metric 7']) }),
      asked: 'a',
    },
    replaces: {
      cluster: '4',
      networks: (node) => ({ a: foreign(node, ['route replace default via 192.168.5.1']) }),
      asked: 'a',
    },
    'untold-link': {
      cluster: '4',
      networks: (node) => ({ a: foreign(node, ['route prepend default via 192.168.6.1'], ['$CNI_IFNAME', 'untold0']) }),
      asked: 'a',
    },
  },
  isolation: {
    off: { cluster: '46', networks: one('46', { more: { isolation: false } }), asked: 'a' },
  },
  bridge: {
    gateway: {
      cluster: '4',
      networks: () => ({
        a: {
          cniVersion: '1.0.0',
          type: 'bridge',
          bridge: 'br9',
          isDefaultGateway: true,
          ipam: { type: 'host-local', subnet: '192.168.9.0/24' },
        },
      }),
      asked: 'a',
    },
  },
};

/** All routes but the local table's and link-local ones (they come when the kernel has time), and all rules, in the kernel's order. */
function tables(pod: Pod): string {
  return ([4, 6] as const)
    .map((family) => {
      const input = 'route show table all\nrule show\n'; // one process: starting one is slow in a guest
      const text = execFileSync('ip', ['-n', pod.name, `-${family}`, '-batch', '-'], { encoding: 'utf8', input });
      const lines = text.split('\n').map((line) => line.trimEnd());
      const shown = lines.filter(
        (line) => line !== '' && !/table local|^fe80::\/64|^(multicast )?ff00::\/8/.test(line),
      );
      return `# IPv${family}\n${shown.join('\n')}\n`;
    })
    .join('');
}

/** The routes of the merged result, and the gateways of the network-status. */
function told({ routes = [] }: Printed, pod: Pod): string {
  const part = (word: string, value: unknown): string => (value === undefined ? '' : ` ${word} ${String(value)}`);
  const result = routes.map((route) => {
    const { dst, gw, priority, table } = route as typeof route & { table?: number };
    return `${dst}${part('via', gw)}${part('metric', priority)}${part('table', table)}`;
  });
  const status = statusOf(pod).map(
    ({ interface: link, gateway = [] }) => `${link}: ${(gateway as string[]).join(' ')}`,
  );
  return `# result\n${result.join('\n')}\n# network-status: gateways\n${status.join('\n')}\n`.replaceAll(' \n', '\n');
}

/** One case on a node that has no pod and no lease. */
async function runCase(node: Node, name: string, test: Case): Promise<void> {
  for (const [key, config] of Object.entries(test.networks(node))) node.network(key, config);
  const changes = { cniVersion: '1.1.0', delegates: [cluster(node, test.cluster)], ...test.changes };
  const pod = node.pod({ networks: test.asked, changes });
  const before = tables(pod);
  const result = await pod.add();
  const after = `${tables(pod)}${told(result, pod)}`;
  writeFileSync(join(results, `${name}.txt`), after);
  expect(after, name).toBe(readFileSync(join(golden, `${name}.txt`), 'utf8'));
  await pod.check();
  await pod.del();
  expect(tables(pod), name).toBe(before);
  node.expectNothingLeft(['cni-t0', 'br9']);
  rmSync(node.leases, { recursive: true, force: true }); // the next pod gets the first address again
}

describe('routes and rules are those of the golden file, and after DEL those of before', () => {
  it.each(Object.keys(groups))(
    '%s',
    async (group) => {
      mkdirSync(results, { recursive: true });
      const node = new Node();
      node.uplink('eth1');
      for (const [name, test] of Object.entries(groups[group] ?? {})) await runCase(node, `${group}-${name}`, test);
    },
    300_000,
  );
});
