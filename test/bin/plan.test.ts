/** braid plan: what it shows is what ADD does, in every format, from files alone. */
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../src/attach/ports';
import { type Plan, planPod } from '../../src/bin/plan';
import { planFormats, toPlans } from '../../src/bin/text/plan';
import { parseConfig } from '../../src/cni/config';
import { parseDocuments } from '../../src/disk/manifests';
import { podsOf } from '../../src/disk/pod-manifests';
import { asModelHost } from '../../src/model/node';
import { ifName } from '../../src/net/names';
import { cluster, world } from '../attach/world';
import { type FakeNetworks, fakeNetworks } from '../fakes/networks';

const definitions = {
  'default/v100': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    vlan: 100,
    ipam: {
      type: 'host-local',
      subnet: '192.168.100.0/24',
      rangeStart: '192.168.100.10',
      gateway: '192.168.100.1',
      routes: [{ dst: '0.0.0.0/0' }],
    },
  },
  'default/sbr': {
    cniVersion: '1.0.0',
    plugins: [
      {
        type: 'macvlan',
        master: 'eth1',
        ipam: { type: 'static', addresses: [{ address: '10.9.0.7/24', gateway: '10.9.0.1' }] },
      },
      { type: 'sbr' },
    ],
  },
  'default/vf': { cniVersion: '0.3.1', type: 'sriov', ipam: { type: 'dhcp' } },
  'default/wa': {
    cniVersion: '1.0.0',
    type: 'bridge',
    bridge: 'br9',
    ipam: { type: 'whereabouts', range: '10.7.0.8-10.7.0.20/24' },
  },
  'default/match': { cniVersion: '1.0.0', type: 'ipvlan', master: { match: { subnet: '10.3.0.0/16' } } },
};

const pod = (networks: string, name = 'thor'): Pod => ({
  namespace: 'default',
  name,
  uid: undefined,
  annotations: { 'k8s.v1.cni.cncf.io/networks': networks },
});

const plan = (networks: string, keys: object = {}, more: FakeNetworks['definitions'] = {}): Promise<Plan> =>
  planPod(pod(networks), {
    conf: parseConfig(
      JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster], ...keys }),
    ),
    networks: fakeNetworks({ definitions: { ...definitions, ...more } }),
    cluster: { findPod: async () => undefined },
    host: undefined,
    defaultAssumed: false,
  });

describe('a plan', () => {
  it('has the addresses, routes and rules that ADD makes', async () => {
    const { add, pod: space } = world({ networks: definitions });
    await add('v100,sbr');
    const planned = await plan('v100,sbr');
    expect(planned.networks.map(({ ifName, addresses }) => [ifName, ...addresses])).toEqual([
      ['eth0', '10.244.1.2/24'],
      ['net1', '192.168.100.10/24'],
      ['net2', '10.9.0.7/24'],
    ]);
    const real = await space.routes({ table: 'all' });
    expect(planned.routes.map(({ gateway, metric, table }) => [gateway, metric, table])).toEqual(
      real.map(({ gateway, metric, table = 254 }) => [gateway, metric, table]),
    );
    expect(planned.rules.map(({ priority }) => priority).sort()).toEqual(
      (await space.rules()).flatMap(({ priority, table }) => (table > 252 ? [] : [priority])).sort(),
    );
  });

  it('keeps a second default route behind the first, and marks whose comes first', async () => {
    const { networks, routes } = await plan('v100');
    expect(networks.map(({ defaultFor }) => defaultFor)).toEqual([['IPv4'], []]);
    expect(routes.filter(({ dst }) => dst === 'default').map(({ dev, metric }) => [dev, metric ?? 0])).toEqual(
      expect.arrayContaining([
        ['eth0', 0],
        ['net1', 1001],
      ]),
    );
  });

  it('tells over which links a network goes, which are made and which are assumed', async () => {
    const { networks, made, assumed } = await plan('v100');
    expect(networks[1]?.path).toEqual(['eth1.100', 'eth1']);
    expect(networks[1]?.pool).toBe('192.168.100.10 to the last of 192.168.100.0/24');
    expect(made).toEqual(['cni-t0', 'eth1.100']);
    expect(assumed).toEqual(['the node has a link eth1']);
  });

  it('shows what only an executable will know as unknown, and predicts whereabouts', async () => {
    const { networks } = await plan('vf,wa');
    expect(networks[1]).toMatchObject({
      plugins: ['sriov'],
      ipam: 'dhcp',
      addresses: [],
      link: { kind: 'made by sriov' },
    });
    expect(networks[2]).toMatchObject({ addresses: ['10.7.0.8/24'], path: expect.arrayContaining(['br9']) });
    expect(networks.map(({ link }) => link?.mac)).toEqual([undefined, undefined, undefined]);
  });

  it('assumes a link for a match', async () => {
    const { networks } = await plan('match');
    expect(networks[1]?.path).toEqual(['match-1030016']);
  });

  it.each([
    ['nosuch', 'NetworkMissing'],
    ['v100@eth0', 'InterfaceNameTaken'],
    ['[{"name":"v100","interfce":"x"}]', 'AnnotationInvalid'],
  ])('fails as ADD would: %s', async (networks, reason) => {
    await expect(plan(networks)).rejects.toMatchObject({ reason, where: { pod: 'default/thor' } });
  });

  it('shows warnings', async () => {
    const { warnings } = await plan('[{"name":"v100","whatever":1}]');
    expect(warnings.join()).toContain('whatever');
  });

  it('has the subnet of a program’s address where the configuration tells it, and no route of a stand-in', async () => {
    const by = (ipam: object) => ({ cniVersion: '1.0.0', type: 'sriov', ipam });
    const told = by({ type: 'whereabouts', range: '10.9.0.0/24' });
    const { routes } = await plan(
      'told,untold',
      {},
      { 'default/told': told, 'default/untold': by({ type: 'somebody' }) },
    );
    const own = routes.filter(({ dst, dev }) => dev !== 'eth0' && !dst.startsWith('fe80'));
    expect(own.map(({ dst, dev }) => [dst, dev])).toEqual([['10.9.0.0/24', 'net1']]);
  });

  it('says what a type that nobody has was probably meant to be, and plans it as a program all the same', async () => {
    const misspelt = { cniVersion: '1.0.0', type: 'macvaln', ipam: { type: 'host-locl' } };
    const { networks, warnings } = await plan('odd', {}, { 'default/odd': misspelt });
    expect(networks[1]?.link?.kind).toBe('made by macvaln');
    expect(warnings).toEqual([
      'no plugin of Braid is called "macvaln": did you mean "macvlan"?',
      'no IPAM plugin of Braid is called "host-locl": did you mean "host-local"?',
    ]);
  });
});

describe('on a node', () => {
  it('its own links, VLANs and bridges count', async () => {
    const { host } = world({ kernel: { hostLinks: [{ name: 'eth1', mtu: 9000 }] } });
    const vlan = { kind: 'vlan', name: ifName('eth1.7', 'test'), parent: host.link('eth1').index, id: 7 } as const;
    const { index } = await host.createLink(vlan);
    await host.changeLink(index, { up: true });
    const node = asModelHost(await host.links(), await host.addresses(), await host.routes());
    const on = (master: string, keys: object = {}) =>
      planPod(pod('n'), {
        conf: parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster] })),
        networks: fakeNetworks({
          definitions: { 'default/n': { cniVersion: '1.0.0', type: 'macvlan', master, ...keys } },
        }),
        cluster: { findPod: async () => undefined },
        host: node,
        defaultAssumed: false,
      });
    expect((await on('eth1.7')).networks[1]).toMatchObject({ path: ['eth1.7', 'eth1'], link: { mtu: 9000 } });
    expect((await on('eth1', { vlan: 7 })).made).toEqual(['cni-t0']);
    await expect(on('eth9')).rejects.toMatchObject({ reason: 'MasterMissing' });
  });
});

describe('formats', () => {
  it.each(planFormats.map((format) => [format]))('%s has every network and address', async (format) => {
    const text = await toPlans([await plan('v100,sbr')], format);
    for (const word of ['thor', 'default/v100', 'default/sbr', '192.168.100.10', '10.9.0.7', 'net2'])
      expect(text).toContain(word);
  });

  it('lets no name become markup', async () => {
    const one = { ...(await plan('v100')), pod: 'a/<script>"&' };
    const svg = await toPlans([one], 'svg');
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&#60;script');
    expect(await toPlans([one], 'mermaid')).not.toContain('<script');
  });

  it('draws networks that pods share once', async () => {
    const text = await toPlans([await plan('v100'), await plan('v100')], 'mermaid');
    expect(text.match(/\(\["default\/v100"\]\)/g)).toHaveLength(1);
  });
});

describe('manifests', () => {
  it('have pods, workloads and lists of them', async () => {
    const text = [
      '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x, annotations: {k: v}}}',
      '{kind: Deployment, metadata: {name: b}, spec: {template: {metadata: {annotations: {k: w}}}}}',
      '{kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {metadata: {}}}}}}',
      '{kind: List, items: [{kind: Pod, metadata: {name: d}}, {kind: Service, metadata: {name: e}}]}',
    ].join('\n---\n');
    expect(podsOf(await parseDocuments(text, 'pods.yaml'), 'ns')).toEqual([
      { namespace: 'x', name: 'a', uid: undefined, annotations: { k: 'v' } },
      { namespace: 'ns', name: 'b', uid: undefined, annotations: { k: 'w' } },
      { namespace: 'ns', name: 'c', uid: undefined, annotations: {} },
      { namespace: 'ns', name: 'd', uid: undefined, annotations: {} },
    ]);
  });
});
