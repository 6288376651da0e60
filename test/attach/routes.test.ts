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
    ...(words.includes('proto') ? { protocol: Number(after('proto')) } : {}),
    ...(words.includes('table') ? { table: Number(after('table')) } : {}),
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

/** The tables as they are, the default network's as they were first. */
const held = (table: readonly string[], first: readonly string[] = table.filter((each) => / dev 2\b/.test(each))) => ({
  first: first.map(route),
  now: table.map(route),
});

interface Policy {
  readonly guard?: boolean;
  readonly clusterCIDRs?: readonly string[];
  readonly first?: readonly string[];
}

function decide(
  nets: readonly Net[],
  table: readonly string[],
  { guard = true, clusterCIDRs = [], first }: Policy = {},
) {
  return planRoutes(nets.map(routed), held(table, first), { guard, clusterCIDRs: clusterCIDRs.map(to) });
}

function plan(nets: readonly Net[], table: readonly string[], policy: Policy = {}) {
  const { remove, add } = decide(nets, table, policy);
  return { remove: remove.map(text), add: add.map(text) };
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

  it('of several gateways puts one behind the other, per family', () => {
    const asked = {
      index: 3,
      ips: ['192.168.1.200/24', 'fd00::2/64'],
      defaultRoute: ['192.168.1.254', 'fd00::1', '192.168.1.253', 'fe80::9'],
    };
    expect(plan([eth0, asked], [...main, own1, 'fd00::/64 dev 3 proto 2'])).toEqual({
      remove: ['0.0.0.0/0 via 10.244.1.1 dev 2'],
      add: [
        '0.0.0.0/0 via 192.168.1.254 dev 3',
        '0.0.0.0/0 via 192.168.1.253 dev 3 metric 1',
        '::/0 via fd00::1 dev 3',
        '::/0 via fe80::9 dev 3 metric 1025',
      ],
    });
  });

  it('of one family leaves the guard of the other at work', () => {
    const asked = { index: 3, ips: ['192.168.1.200/24', 'fd00::2/64'], defaultRoute: ['192.168.1.254'] };
    const six = ['::/0 via fd01::1 dev 2 metric 1024', '::/0 via fd00::1 dev 3 metric 1024'];
    expect(plan([eth0, asked], [...main, own1, ...six])).toEqual({
      remove: ['0.0.0.0/0 via 10.244.1.1 dev 2', '::/0 via fd00::1 dev 3 metric 1024'],
      add: ['0.0.0.0/0 via 192.168.1.254 dev 3', '::/0 via fd00::1 dev 3 metric 2048'],
    });
  });

  it('leaves a default over somebody else’s link, and stands before it', () => {
    const asked = { index: 3, ips: ['fd00::2/64'], defaultRoute: ['fd00::1', 'fd00::9'] };
    const stranger = '::/0 via fd09::1 dev 9 metric 1024';
    expect(plan([eth0, asked], [...main, 'fd00::/64 dev 3 proto 2', stranger])).toEqual({
      remove: [],
      add: ['::/0 via fd00::1 dev 3 metric 1022', '::/0 via fd00::9 dev 3 metric 1023'],
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

describe('what a foreign delegate did', () => {
  it('to the default network’s default route is put right', () => {
    const table = ['0.0.0.0/0 via 192.168.1.1 dev 3', ...main.slice(1), own1];
    expect(plan([eth0, net1], table, { first: main })).toEqual({
      remove: ['0.0.0.0/0 via 192.168.1.1 dev 3'],
      add: ['0.0.0.0/0 via 10.244.1.1 dev 2', '0.0.0.0/0 via 192.168.1.1 dev 3 metric 1001'],
    });
    expect(decide([eth0, net1], table, { first: main }).notes.join()).toContain('is back');
  });

  it('stays without the guard', () => {
    const table = ['0.0.0.0/0 via 192.168.1.1 dev 3', ...main.slice(1), own1];
    expect(plan([eth0, net1], table, { first: main, guard: false })).toEqual(none);
  });

  it('of routes that a router advertises goes: the next advertisement brings it, behind', () => {
    const table = ['::/0 via fd01::1 dev 2 metric 1024', '::/0 via fe80::1 dev 3 metric 1024 proto 9'];
    expect(plan([eth0, net1], table)).toEqual({ remove: ['::/0 via fe80::1 dev 3 metric 1024'], add: [] });
  });
});

describe('one destination on two networks', () => {
  const net2 = { index: 4, ips: ['192.168.2.2/24'] };

  it('belongs to the one attached first', () => {
    const table = [...main, '172.16.0.0/12 via 192.168.2.1 dev 4', '172.16.0.0/12 via 192.168.1.1 dev 3'];
    expect(plan([eth0, net1, net2], table)).toEqual({
      remove: ['172.16.0.0/12 via 192.168.2.1 dev 4'],
      add: ['172.16.0.0/12 via 192.168.2.1 dev 4 metric 1001'],
    });
    expect(decide([{ ...eth0 }, net1, net2], table).warnings).toEqual([
      'route 172.16.0.0/12 of network net2 stands behind that of a network before it',
    ]);
  });

  it('is the default network’s, whatever metric another one has', () => {
    const table = ['2001:db8::/32 via fd01::1 dev 2 metric 1024', '2001:db8::/32 via fd00::1 dev 3 metric 10'];
    expect(plan([eth0, net1], table)).toEqual({
      remove: ['2001:db8::/32 via fd00::1 dev 3 metric 10'],
      add: ['2001:db8::/32 via fd00::1 dev 3 metric 2048'],
    });
  });

  it('keeps the metrics that the networks themselves chose', () => {
    const table = ['172.16.0.0/12 via 192.168.1.1 dev 3 metric 20', '172.16.0.0/12 via 192.168.2.1 dev 4 metric 10'];
    expect(plan([eth0, net1, net2], [...main, ...table])).toEqual(none);
  });

  it('is left to the kernel where it is a subnet of both', () => {
    const table = ['192.168.1.0/24 dev 3 proto 2', '192.168.1.0/24 dev 4 proto 2'];
    expect(plan([eth0, net1, { ...net2, ips: ['192.168.1.7/24'] }], [...main, ...table])).toEqual(none);
  });

  it('stays as it is without the guard', () => {
    const table = ['172.16.0.0/12 via 192.168.2.1 dev 4', '172.16.0.0/12 via 192.168.1.1 dev 3'];
    expect(plan([eth0, net1, net2], [...main, ...table], { guard: false })).toEqual(none);
  });
});

describe('a cluster range', () => {
  const wide = '10.0.0.0/8 via 192.168.1.1 dev 3';
  const policy = { clusterCIDRs: ['10.96.0.0/12'] };

  it('stays on the default network when a wider route of another network covers it', () => {
    expect(plan([eth0, net1], [...main, own1, wide], policy)).toEqual({
      remove: [],
      add: ['10.96.0.0/12 via 10.244.1.1 dev 2'],
    });
    expect(decide([eth0, net1], [...main, own1, wide], policy).warnings).toEqual([
      'route 10.0.0.0/8 of network net1 covers the cluster range 10.96.0.0/12, which stays on the default network',
    ]);
  });

  it('stays there when another network has just that route', () => {
    const same = '10.96.0.0/12 via 192.168.1.1 dev 3';
    expect(plan([eth0, net1], [...main, own1, same], policy)).toEqual({
      remove: [same],
      add: ['10.96.0.0/12 via 10.244.1.1 dev 2', `${same} metric 1001`],
    });
  });

  it('stays there when the guard is off and another default comes first', () => {
    const table = ['0.0.0.0/0 via 192.168.1.1 dev 3', ...main, own1];
    const replaced = table.filter((each) => each !== main[0]);
    for (const each of [table, replaced])
      expect(plan([eth0, net1], each, { ...policy, guard: false, first: main })).toEqual({
        remove: [],
        add: ['10.96.0.0/12 via 10.244.1.1 dev 2'],
      });
  });

  it('is not shared with another network: equal routes of IPv6 are one', () => {
    const table = ['::/0 via fd01::1 dev 2 metric 1024', '::/0 via fd00::1 dev 3 metric 1024'];
    expect(plan([eth0, net1], table, { guard: false, clusterCIDRs: ['fd00:96::/112'] }).add).toEqual([
      'fd00:96::/112 via fd01::1 dev 2',
    ]);
  });

  it('needs nothing while the default network has the best route to it', () => {
    expect(
      plan([eth0, net1], [...main, own1, '10.0.0.0/6 via 10.244.1.1 dev 2', '10.0.0.0/7 via 192.168.1.1 dev 3'], {
        clusterCIDRs: ['10.244.7.0/24'],
      }),
    ).toEqual(none);
  });

  it('goes by the gateway of the default network’s address where that has no default route', () => {
    const gated = [{ address: to('10.244.1.2/24'), gateway: via('10.244.1.1'), interface: 0 }];
    const first = { ...routed(eth0), result: { ...routed(eth0).result, ips: gated } };
    const changes = planRoutes([first, routed(net1)], held([own1, wide]), {
      guard: true,
      clusterCIDRs: [to('10.96.0.0/12')],
    });
    expect(changes.add.map(text)).toEqual(['10.96.0.0/12 via 10.244.1.1 dev 2']);
    const without = decide([eth0, net1], [own1, wide], policy);
    expect([without.add, without.warnings]).toEqual([
      [],
      ['cluster range 10.96.0.0/12 goes to network net1: the default network has no gateway of that family'],
    ]);
  });

  it('of which another network has a part is told', () => {
    const part = '10.244.5.0/24 via 192.168.1.1 dev 3';
    expect(decide([eth0, net1], [...main, own1, part]).warnings).toEqual([
      'route 10.244.5.0/24 of network net1 takes a part of the cluster range 10.244.0.0/16',
    ]);
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
  const asked = { ...net1, routes: ['0.0.0.0/0 via 192.168.1.1 dev 3', '10.5.0.0/16 via 192.168.1.1 dev 3'] };
  const table = [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3', '10.5.0.0/16 via 192.168.1.1 dev 3'];
  const shown = (nets: readonly Net[], rows: readonly string[], policy: Policy = {}) => {
    const changes = decide(nets, rows, policy);
    return nets.map((net) => JSON.parse(JSON.stringify(routesAfter(routed(net), changes))) as unknown);
  };

  it('shows the metric of a guarded default, and not the one that went', () => {
    expect(shown([eth0, asked], table)[1]).toEqual([
      { dst: '0.0.0.0/0', gw: '192.168.1.1', priority: 1001 },
      { dst: '10.5.0.0/16', gw: '192.168.1.1' },
    ]);
  });

  it('shows a moved default where it is, and the cluster’s ranges', () => {
    const first = { ...eth0, routes: [main[0] ?? '', main[1] ?? ''] };
    const policy = { clusterCIDRs: ['10.96.0.0/12'] };
    expect(shown([first, { ...asked, defaultRoute: ['192.168.1.254'] }], table, policy)).toEqual([
      [
        { dst: '10.244.0.0/16', gw: '10.244.1.1' },
        { dst: '10.96.0.0/12', gw: '10.244.1.1' },
      ],
      [
        { dst: '10.5.0.0/16', gw: '192.168.1.1' },
        { dst: '0.0.0.0/0', gw: '192.168.1.254' },
      ],
    ]);
  });

  it('tells the table to which source-based routing moved a route', () => {
    const rows = [...main, own1, '0.0.0.0/0 via 192.168.1.1 dev 3 table 100'];
    const plugins = [{ type: 'macvlan' }, { type: 'sbr' }];
    expect(shown([eth0, { ...asked, plugins }], rows)[1]).toEqual([
      { dst: '0.0.0.0/0', gw: '192.168.1.1', table: 100 },
    ]);
  });

  it('is what the delegate said where the kernel has no link of it', () => {
    const user = { ...routed(asked), index: 0, indexes: [] };
    const changes = planRoutes([routed(eth0), user], held(main), { guard: true, clusterCIDRs: [] });
    expect(routesAfter(user, changes)).toEqual(user.result.routes);
  });
});
