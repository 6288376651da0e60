/** braid migrate: each rule of docs/compatibility.md that a pod meets is told, and only those. On the model. */
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../src/attach/ports';
import { migrationOf, otherSystemsIn } from '../../src/bin/migration';
import { toMigrationJson, toMigrationText } from '../../src/bin/text/migrate';
import { parseConfig } from '../../src/cni/config';
import { fromMultus } from '../../src/cni/from-multus';
import { cluster } from '../attach/world';
import { fakeNetworks } from '../fakes/networks';

const ipam = { type: 'host-local', subnet: '10.9.0.0/24', gateway: '10.9.0.1' };
const lan = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', isolation: false, ipam };
const definitions = {
  'default/same': lan,
  'default/own': { ...lan, isolation: undefined },
  'default/default': { ...lan, ipam: { ...ipam, routes: [{ dst: '0.0.0.0/0' }] } },
  'default/static': { ...lan, ipam: { type: 'static' } },
  'default/declared': { ...lan, capabilities: { ips: true }, ipam: { type: 'static' } },
  'default/sbr': {
    cniVersion: '1.0.0',
    isolation: false,
    plugins: [{ ...lan, cniVersion: undefined }, { type: 'sbr' }],
  },
  'default/ports': { ...lan, capabilities: { portMappings: true } },
  'default/foreign': { cniVersion: '1.0.0', type: 'sriov', isolation: false },
};

const pod = (networks: string, name = 'thor', more = {}): Pod => ({
  namespace: 'default',
  name,
  uid: undefined,
  annotations: { 'k8s.v1.cni.cncf.io/networks': networks, ...more },
});

const moved = (one: Pod, keys: object = {}) =>
  migrationOf(one, {
    conf: parseConfig(
      JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster], ...keys }),
    ),
    networks: fakeNetworks({ definitions }),
    cluster: { findPod: async () => undefined },
    host: undefined,
    defaultAssumed: true,
  });

const told = async (networks: string, keys: object = {}): Promise<readonly string[]> =>
  (await moved(pod(networks), keys)).differences.map(({ ifName, what }) => `${ifName}: ${what}`);

describe('a pod', () => {
  it('changes in nothing where Multus does the same', async () => {
    expect(await told('same')).toEqual([]);
    expect(await told('[{"name":"declared","ips":["10.9.0.7/24"]}]')).toEqual([]);
  });

  it.each<[string, string, RegExp, object]>([
    ['a network that brings a default route', 'default', /^net1: its default route has metric 1001/, {}],
    ['a network that is isolated', 'own', /^net1: the pod does not forward/, {}],
    [
      'addresses for a network that declares no capability',
      '[{"name":"static","ips":["10.9.0.7/24"]}]',
      /^net1: ips of the annotation is honoured/,
      {},
    ],
    ['source-based routing', 'sbr', /^net1: its subnet's route stays/, {}],
    ['host ports', 'ports', /^net1: the runtime's portMappings go to the default network only/, {}],
    [
      'a default route moved, and cluster ranges',
      '[{"name":"same","default-route":["10.9.0.1"]}]',
      /^net1: 10\.96\.0\.0\/12 stay with the default network/,
      { clusterCIDRs: ['10.96.0.0/12'] },
    ],
  ])('with %s is told of it, and of nothing else', async (_, networks, what, keys) => {
    const differences = await told(networks, keys);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(what);
  });

  it('has its default route as with Multus where the setting says so', async () => {
    expect(await told('default', { defaultRouteGuard: false })).toEqual([]);
  });

  it('that Braid refuses is told with the reason', async () => {
    expect(await moved(pod('nowhere'))).toMatchObject({ refused: expect.stringContaining('nowhere'), differences: [] });
  });

  it('shows which delegates stay executables', async () => {
    const { delegates } = await moved(pod('foreign'));
    expect(delegates).toContainEqual({ ifName: 'net1', type: 'sriov', builtIn: false });
    expect(delegates).toContainEqual({ ifName: 'eth0', type: 'bridge', builtIn: true });
    const preferred = await moved(pod('same'), { externalDelegates: ['macvlan'] });
    expect(preferred.delegates).toContainEqual({ ifName: 'net1', type: 'macvlan', builtIn: false });
  });
});

it('names what is of CNI-Genie, DANM and Knitter', () => {
  const pods = [
    pod('same', 'genie', { cni: 'weave' }),
    pod('same', 'danm', { 'danm.k8s.io/interfaces': '[]' }),
    pod('same', 'knitter', { networks: '{"ports":[]}' }),
  ];
  const documents = [
    { apiVersion: 'danm.k8s.io/v1', kind: 'TenantNetwork', metadata: { name: 'internal' } },
    { apiVersion: 'example.com/v1', kind: 'ClusterNetwork', metadata: { name: 'other' } },
  ];
  expect(otherSystemsIn(pods, documents).map(({ where, what }) => `${where}: ${what}`)).toEqual([
    'pod default/genie: annotation cni of CNI-Genie',
    'pod default/danm: annotation danm.k8s.io/interfaces of DANM',
    'pod default/knitter: annotation networks of CNI-Genie or Knitter',
    'TenantNetwork internal: a network of DANM',
  ]);
});

it('prints the settings, the pods that change, those that do not, and other systems', async () => {
  const pods = [];
  for (const one of [pod('default', 'web'), pod('same', 'quiet'), pod('nowhere', 'lost')]) pods.push(await moved(one));
  const settings = fromMultus(
    '00-multus.conf',
    '{"type":"multus","name":"m","namespaceIsolation":true,"kubeconfig":"/k"}',
    [],
  );
  const report = { settings, pods, otherSystems: otherSystemsIn([pod('', 'old', { cni: 'weave' })], []) };
  expect(toMigrationText(report)).toBe(`From Multus (00-multus.conf): namespaceIsolation

Left out of it
  KEY         WHY
  kubeconfig  a long-lived credential on the node; the runtime and the agent give what it was for

Pod default/web
  net1: its default route has metric 1001: the default network keeps the pod's
      with Multus the last network takes the default route over; "defaultRouteGuard": false does so here

Pod default/lost would not start: ${pods[2]?.refused}

Nothing changes for default/quiet.

Of other systems, which Braid does not read
  WHERE            WHAT                         INSTEAD
  pod default/old  annotation cni of CNI-Genie  name the networks in k8s.v1.cni.cncf.io/networks

Nothing was changed.
`);
  expect(JSON.parse(toMigrationJson(report))).toMatchObject({
    settings: { dropped: [{ key: 'kubeconfig' }] },
    pods: [{}, {}, {}],
  });
});
