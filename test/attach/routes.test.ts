/** The pod's main table after all attachments: tables in, changes out. */
import { describe, expect, it } from 'vitest';
import { planRoutes, type Routed, routesAfter } from '../../src/attach/routes';
import type { Result } from '../../src/cni/result';
import { cidr, ip } from '../../src/net/ip';
import type { IfName } from '../../src/net/names';
import type { Route } from '../../src/net/route';

const to = (text: string) => cidr(text, 'test');
const via = (text: string) => ip(text, 'test');

/** `10.244.0.0/16 via 10.244.1.1 dev 2 metric 5` → a route; dev is the interface index. */
function route(text: string): Route {
  const words = text.split(' ');
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const [gateway, source, metric] = [after('via'), after('src'), after('metric')];
  return {
    dst: to(words[0] ?? ''),
    index: Number(after('dev')),
    ...(gateway === undefined ? {} : { gateway: via(gateway) }),
    ...(source === undefined ? {} : { source: via(source) }),
    ...(metric === undefined ? {} : { metric: Number(metric) }),
    ...(words.includes('onlink') ? { onlink: true } : {}),
  };
}

function text(r: Route): string {
  const part = (word: string, value: unknown) => (value === undefined ? '' : ` ${word} ${String(value)}`);
  return `${r.dst}${part('via', r.gateway)} dev ${r.index}${part('src', r.source)}${part('metric', r.metric)}${r.onlink === true ? ' onlink' : ''}`;
}

interface Net {
  readonly index: number;
  readonly ips?: readonly string[];
  readonly routes?: readonly string[];
  readonly defaultRoute?: readonly string[];
  readonly plugins?: readonly { type: string; [key: string]: unknown }[];
}

function routed({ index, ips = [], routes = [], defaultRoute, plugins = [{ type: 'macvlan' }] }: Net): Routed {
  const ifName = (index === 2 ? 'eth0' : `net${index - 2}`) as IfName;
  const result: Result = {
    interfaces: [{ name: ifName, sandbox: '/pod' }],
    ips: ips.map((address) => ({ address: to(address), interface: 0 })),
    routes: routes.map(route).map(({ dst, gateway }) => ({ dst, gw: gateway })),
    dns: {},
  };
  const attachment = { network: ifName, ifName, isDefault: index === 2, defaultRoute: defaultRoute?.map(via), plugins };
  return { attachment, result, index, indexes: [index] };
}

const eth0 = { index: 2, ips: ['10.244.1.2/24'] };
const main = [
  '0.0.0.0/0 via 10.244.1.1 dev 2',
  '10.244.0.0/16 via 10.244.1.1 dev 2',
  '10.244.1.0/24 dev 2 src 10.244.1.2',
];
const net1 = { index: 3, ips: ['192.168.1.200/24'] };
const own1 = '192.168.1.0/24 dev 3 src 192.168.1.200';
const none = { remove: [], add: [] };

function plan(
  nets: readonly Net[],
  table: readonly string[],
  policy: { guard?: boolean; clusterCIDRs?: readonly string[] } = {},
) {
  const changes = planRoutes(nets.map(routed), table.map(route), {
    guard: policy.guard ?? true,
    clusterCIDRs: (policy.clusterCIDRs ?? []).map(to),
  });
  return { remove: changes.remove.map(text), add: changes.add.map(text) };
}

describe('the default route guard', () => {
  it('has nothing to do for networks without a default route', () => {
    expect(plan([eth0, net1], [...main, own1])).toEqual(none);
  });

  it('puts a secondary default behind the default network’s', () => {
    expect(plan([eth0, net1], [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3'])).toEqual({
      remove: ['0.0.0.0/0 via 192.168.1.1 dev 3'],
      add: ['0.0.0.0/0 via 192.168.1.1 dev 3 metric 1001'],
    });
  });

  it('gives each secondary default a metric of its own, IPv6 too', () => {
    const net2 = { index: 4, ips: ['192.168.2.2/24'] };
    const table = [
      ...main,
      '0.0.0.0/0 via 192.168.1.1 dev 3',
      '0.0.0.0/0 via 192.168.2.1 dev 4',
      '::/0 via fd00::1 dev 3 metric 1024',
      '::/0 via fd01::1 dev 4 metric 1024',
    ];
    expect(plan([eth0, net1, net2], table).add).toEqual([
      '0.0.0.0/0 via 192.168.1.1 dev 3 metric 1001',
      '0.0.0.0/0 via 192.168.2.1 dev 4 metric 1002',
      '::/0 via fd00::1 dev 3 metric 2048',
      '::/0 via fd01::1 dev 4 metric 2049',
    ]);
  });

  it('lets a default that stands behind already be', () => {
    expect(plan([eth0, net1], [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3 metric 5000'])).toEqual(none);
  });

  it('can be switched off', () => {
    expect(plan([eth0, net1], [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3'], { guard: false })).toEqual(none);
  });
});

describe('default-route', () => {
  it('moves the default of its family and takes every other one away', () => {
    const asked = { ...net1, defaultRoute: ['192.168.1.254'] };
    expect(plan([eth0, asked], [...main, own1, '::/0 via fd00::1 dev 2 metric 1024'])).toEqual({
      remove: ['0.0.0.0/0 via 10.244.1.1 dev 2'],
      add: ['0.0.0.0/0 via 192.168.1.254 dev 3'],
    });
  });

  it('keeps cluster and service ranges on the default network', () => {
    const asked = { ...net1, defaultRoute: ['192.168.1.254'] };
    const { add } = plan([eth0, asked], [...main, own1], {
      clusterCIDRs: ['10.96.0.0/12', '10.244.0.0/16', 'fd00:10::/64'],
    });
    expect(add).toEqual(['0.0.0.0/0 via 192.168.1.254 dev 3', '10.96.0.0/12 via 10.244.1.1 dev 2']);
  });

  it('with an empty list keeps that network’s own default and takes the others away', () => {
    const asked = { ...net1, defaultRoute: [] };
    expect(plan([eth0, asked], [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3'])).toEqual({
      remove: ['0.0.0.0/0 via 10.244.1.1 dev 2'],
      add: [],
    });
  });

  it('with an empty list leaves the pod its default when that network has none', () => {
    expect(plan([eth0, { ...net1, defaultRoute: [] }], [...main, own1])).toEqual(none);
  });

  it('refuses a gateway outside the interface’s subnets', () => {
    expect(() => plan([eth0, { ...net1, defaultRoute: ['10.0.0.1'] }], [...main, own1])).toThrow(
      'Cannot use default-route 10.0.0.1: it lies in no subnet of net1 (192.168.1.0/24)',
    );
  });

  it('reaches the gateway on the link when the connected route is in another table', () => {
    const asked = {
      ...net1,
      defaultRoute: ['192.168.1.254'],
      plugins: [{ type: 'macvlan' }, { type: 'sbr', addSourceHints: false }],
    };
    expect(plan([eth0, asked], main).add).toEqual(['0.0.0.0/0 via 192.168.1.254 dev 3 onlink']);
  });

  it('takes a link-local gateway', () => {
    const asked = { index: 3, ips: ['fd00::2/64'], defaultRoute: ['fe80::1'] };
    expect(plan([eth0, asked], main).add).toEqual(['::/0 via fe80::1 dev 3']);
  });
});

describe('after source-based routing', () => {
  const plugins = [{ type: 'macvlan' }, { type: 'sbr' }];

  it('the connected route is back with its source hint, before anything that needs it', () => {
    const asked = { ...net1, plugins, defaultRoute: ['192.168.1.254'] };
    expect(plan([eth0, asked], main).add).toEqual([own1, '0.0.0.0/0 via 192.168.1.254 dev 3']);
  });

  it('a connected route that is there already is left alone', () => {
    expect(plan([eth0, { ...net1, plugins }], [...main, own1])).toEqual(none);
  });

  it('IPv4 and IPv6 both come back', () => {
    expect(plan([eth0, { index: 3, ips: ['192.168.1.200/24', 'fd00::2/64'], plugins }], main).add).toEqual([
      own1,
      'fd00::/64 dev 3',
    ]);
  });
});

describe('the merged result', () => {
  it('shows the metric of a guarded default, and not the one that went', () => {
    const one = routed({ ...net1, routes: ['0.0.0.0/0 via 192.168.1.1 dev 3', '10.5.0.0/16 via 192.168.1.1 dev 3'] });
    const changes = planRoutes([routed(eth0), one], [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3'].map(route), {
      guard: true,
      clusterCIDRs: [],
    });
    expect(routesAfter(one, changes)).toEqual([
      { dst: '10.5.0.0/16', gw: '192.168.1.1' },
      { dst: '0.0.0.0/0', gw: '192.168.1.1', priority: 1001 },
    ]);
  });
});
