/** Source 004, the slides of 2019: their networks, those of foreign programs, and what other systems are asked for. Tests on the stage's cluster. */
import { expect, it, onTestFinished } from 'vitest';
import { defaultNetworkAnnotation, networksAnnotation } from '../../../src/pod/networks';
import { statusAnnotation } from '../../../src/pod/status';
import {
  commentedBridge,
  danmAnnotations,
  genieAnnotations,
  genieNetworksPod,
  knitterResult,
} from '../../e2e/documents';
import { annotated, network, networkObjects, pod } from '../workloads';
import { byBridge, called, program } from './programs';
import { cluster, expectRefused, fileIn, ignoredOf, node, pings, unread, withPods } from './stage';

export function slides(): void {
  it('T004-1: the commented bridge is refused where the comment stands; without comments it attaches', async () => {
    cluster().apply({ ...network('dbnet', {}), spec: { config: commentedBridge } });
    await expectRefused(pod('commented', 'dbnet'), /line 5, column 3: comments are not allowed in JSON/);
    const manifest = pod('db', 'dbnet');
    const own = { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.53'] } };
    await withPods(
      [...networkObjects('kubecon-2019/dbnet'), { ...manifest, spec: { ...manifest.spec, ...own } }],
      (db) => {
        expect(db.addresses('net1')).toEqual(['10.1.0.2/16']);
        expect(db.routes()).toContain('default via 10.244.0.1 dev eth0');
        expect(fileIn('db', '/etc/resolv.conf')).toBe('nameserver 192.0.2.53');
      },
    );
  });

  it('T004-3: what CNI-Genie is asked for is not read, and an Event on the pod says so and what to write', () => {
    const genie = annotated('app-on-multiple-interfaces', genieAnnotations);
    return withPods([genie, annotated('smart', { cni: '' })], (app, smart) => {
      for (const one of [app, smart]) expect([...one.names()].sort()).toEqual(['eth0', 'lo']);
      expect(ignoredOf(genie.metadata.name)).toEqual([unread('cni of CNI-Genie')]);
      expect(ignoredOf('smart')).toEqual([]);
      expect(cluster().get('pod', genie.metadata.name)?.metadata.annotations).toMatchObject(genieAnnotations);
      expect(cluster().statusOf(genie.metadata.name)).toMatchObject([{ name: 'cbr0', interface: 'eth0' }]);
    });
  });

  it('T004-4: two networks of foreign programs, by name, namespace and interface', async () => {
    program('flannel', byBridge('flannel', 'cni1', '10.245.0.0/24'));
    program('weave-net', byBridge('weave-net', 'cni2', '10.246.0.0/24'));
    cluster().makeAccounts('customns');
    expect(() => cluster().applyManifest(genieNetworksPod)).toThrow(/could not find expected ':'/);
    const objects = networkObjects('kubecon-2019/app-on-multiple-interfaces');
    await withPods([...objects, pod('neighbour', 'flannel')], (app, neighbour) => {
      expect([...app.names()].sort()).toEqual(['eth0', 'eth1', 'eth2', 'lo']);
      const told = cluster().statusOf('app-on-multiple-interfaces');
      expect(told.map(({ name, interface: link }) => [name, link])).toEqual([
        ['cbr0', 'eth0'],
        ['default/flannel', 'eth1'],
        ['customns/weavenet', 'eth2'],
      ]);
      expect(app.addresses('eth1')).toEqual([`${told[1]?.ips?.[0]}/24`]);
      expect(app.addresses('eth2')).toEqual(['10.246.0.2/24']);
      expect(pings('app-on-multiple-interfaces', neighbour.addresses('net1')[0]?.split('/')[0] ?? '')).toBe(true);
    });
    program(
      'two-links',
      `ip -n $(basename $CNI_NETNS) link add eth1 type veth peer name twin1\n${byBridge('two', 'cni3', '10.247.0.0/24')}`,
    );
    defaultNetwork('two-links', { type: 'two-links' });
    const taken = annotated('eth1-twice', {
      [networksAnnotation]: 'flannel@eth1',
      [defaultNetworkAnnotation]: 'two-links',
    });
    await expectRefused(taken, /network default\/flannel, interface eth1: .*the pod has one of that name/);
  });

  it('T004-6 and 9: a pod that names nothing has the cluster network; a list in its spec is not of this API', () => {
    const listed = pod('listed', '');
    const networks = [{ podNetworkName: 'default', interfaceName: 'eth0' }];
    expect(() => cluster().apply({ ...listed, spec: { ...listed.spec, networks } })).toThrow(
      /unknown field "networks" in io\.k8s\.api\.core\.v1\.PodSpec/,
    );
    return withPods([pod('plain', '')], (plain) => {
      expect([...plain.names()].sort()).toEqual(['eth0', 'lo']);
      expect(plain.routes()).toEqual([...plain.clusterRoutes, 'default via 10.244.0.1 dev eth0']);
      expect(cluster().statusOf('plain')).toMatchObject([{ name: 'cbr0', interface: 'eth0', default: true }]);
      expect(cluster().statusOf('plain')).toHaveLength(1);
    });
  });

  it('T004-7: Tungsten Fabric’s program is called as Multus calls it, and what its controller told is told properly', async () => {
    program('contrail-k8s-cni', byBridge('contrail', 'cni4', '10.248.0.0/24'));
    cluster().apply(network('blue', { cniVersion: '0.3.1', type: 'contrail-k8s-cni' }));
    const malformed = JSON.stringify([{ name: 'blue', ips: '10.248.0.210.248.0.3', mac: '02:00:00:00:00:01' }]);
    const vm = annotated('tungsten', { [networksAnnotation]: 'blue', [statusAnnotation]: malformed });
    await withPods([vm], (one) => {
      expect(one.addresses('net1')).toEqual(['10.248.0.2/24']);
      expect(cluster().statusOf('tungsten')).toMatchObject([
        { name: 'cbr0', interface: 'eth0', ips: [one.podIP] },
        { name: 'default/blue', interface: 'net1', ips: ['10.248.0.2'] },
      ]);
    });
    const calls = ['ADD', 'DEL'].map((verb) => `${verb} contrail-k8s-cni net1 of multus after `);
    expect([...new Set(called())].map((each) => each.replace(/after .*/, 'after '))).toEqual(calls);
  });

  it('T004-8: Knitter tells every pod the same addresses: they are told on, and its pods start and go', async () => {
    knitter();
    await withPods([annotated('knitted', { [defaultNetworkAnnotation]: 'knitter' })], (one) => {
      expect(one.addresses('eth0')).toEqual(['10.249.0.2/24']);
      const [{ name, interface: link, ips } = {}] = cluster().statusOf('knitted');
      expect([name, link, ips]).toEqual(['kube-system/knitter', 'eth0', ['1.2.3.30', 'abcd:1234:ffff::cdde']]);
      expect(cluster().get('pod', 'knitted')?.status?.podIP).toBe('1.2.3.30');
      expect(fileIn('knitted', '/proc/1/cmdline')).toContain('busybox');
    });
  });
}

/** What needs VLANs and ipvlan. */
export function danm(): void {
  it('T004-5: what DANM is asked for is not read, and said so; the same as definitions attaches', async () => {
    node('link add ens4 type veth peer name wire-ens4');
    onTestFinished(() => void node('link del ens4'));
    for (const link of ['ens4', 'wire-ens4']) node(`link set ${link} up`);
    const objects = networkObjects('kubecon-2019/danm-interfaces');
    const asking = annotated('by-danm', danmAnnotations);
    const next = annotated('next', { [networksAnnotation]: 'external@ext1, internal@int2' });
    await withPods([asking, ...objects, next], (asked, first, second) => {
      expect([...asked.names()].sort()).toEqual(['eth0', 'lo']);
      expect(ignoredOf('by-danm')).toEqual([unread('danm.k8s.io/interfaces of DANM')]);
      // Both pods start at one moment: each network gives its two first addresses, and which pod has which is open.
      const given = (link: string): string[] => [first, second].flatMap((one) => one.addresses(link)).sort();
      expect(given('ext1')).toEqual(['10.100.1.100/24', '10.100.1.101/24']);
      expect(given('int2')).toEqual(['10.240.1.100/24', '10.240.1.101/24']);
      expect([...first.names()].sort()).toEqual(['eth0', 'ext1', 'int2', 'lo']);
      for (const link of ['ext1', 'int2'])
        expect(first.link(link).linkinfo).toMatchObject({ info_kind: 'ipvlan', info_data: { mode: 'l2' } });
      expect(first.rules()).toEqual([]);
      const [vlan] = JSON.parse(node('-d -j link show ens4.500')) as {
        ifindex: number;
        link: string;
        linkinfo: object;
      }[];
      expect(vlan).toMatchObject({ link: 'ens4', linkinfo: { info_kind: 'vlan', info_data: { id: 500 } } });
      const parents = JSON.parse(first.ip('-j link show')) as { ifname: string; link_index?: number }[];
      expect(parents.find(({ ifname }) => ifname === 'ext1')?.link_index).toBe(vlan?.ifindex);
    });
  });
}

/** Knitter as the network in the place of the cluster's: its own work, and then what it always prints. */
export function knitter(): void {
  const work = byBridge('knitter', 'cni5', '10.249.0.0/24');
  program('knitter', `${work} >/dev/null || exit 1\necho '${JSON.stringify(knitterResult)}'`);
  defaultNetwork('knitter', { type: 'knitter' });
}

function defaultNetwork(name: string, config: object): void {
  const definition = network(name, { cniVersion: '0.3.1', ...config });
  cluster().apply({ ...definition, metadata: { name, namespace: 'kube-system' } });
}
