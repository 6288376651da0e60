/** Source 003, a cloud: flannel as cluster network, the cloud's own addresses by ipvlan. Tests on the guest's cluster. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { framesOn } from '../../e2e/wire';
import { type Manifest, networkObjects, pod } from '../workloads';
import { by, called, program } from './programs';
import { cluster, node, peer, pings, withPods } from './stage';

/** The document's network and pod under other names, with the next address of the cloud. */
function second(objects: readonly Manifest[]): readonly Manifest[] {
  const text = JSON.stringify(objects).replaceAll('ipvlan-vpc', 'ipvlan-vpc2').replaceAll('samplepod', 'otherpod');
  return JSON.parse(text.replaceAll('10.5.2.203', '10.5.2.204')) as readonly Manifest[];
}

/** An address of the node for one test. */
function nodeAddress(address: string, link: string): void {
  node(`addr add ${address} dev ${link}`);
  onTestFinished(() => void node(`addr del ${address} dev ${link}`));
}

export function cloud(): void {
  it('T003-1 and 2: the exact route table, and the six tests of the document', () => {
    const objects = networkObjects('cloud-ipvlan/ipvlan-vpc');
    return withPods([...objects, ...second(objects)], async (one, two) => {
      expect(one.link('net1').linkinfo).toMatchObject({ info_kind: 'ipvlan', info_data: { mode: 'l2' } });
      expect(one.routes()).toEqual([
        ...one.clusterRoutes,
        '10.5.2.0/24 dev net1 proto kernel scope link src 10.5.2.203',
        'default via 10.244.0.1 dev eth0',
      ]);
      expect(cluster().statusOf('samplepod')[1]).toMatchObject({
        name: 'default/ipvlan-vpc',
        interface: 'net1',
        ips: ['10.5.2.203'],
        mac: one.link('net1').address,
      });
      expect([pings('samplepod', '10.5.2.204'), pings('otherpod', '10.5.2.203')]).toEqual([true, true]);
      const vm = peer('eth1', '10.5.2.9/24'); // a VM of the cloud's network; a pod of another node looks the same
      const request = / 10\.5\.2\.9 > 10\.5\.2\.203: ICMP echo request/;
      await framesOn(one, 'net1', request, () => expect(vm.reaches('10.5.2.203')).toBe(true));
      expect(pings('otherpod', '10.5.2.9')).toBe(true);
      nodeAddress('10.5.2.2/24', 'eth1');
      expect(pings('samplepod', '10.244.0.1')).toBe(true);
      expect(one.reaches('10.5.2.2')).toBe(false); // node and own pods, over ipvlan: as documented
      const world = peer('eth0', '192.0.2.1/24'); // it has no way to pods: it answers the node alone
      nodeAddress('192.0.2.10/24', 'eth0');
      node('route add default via 192.0.2.1');
      onTestFinished(() => void node('route del default'));
      const masqueraded = / 192\.0\.2\.10 > 192\.0\.2\.1: ICMP echo request/;
      await framesOn(world, 'eth1', masqueraded, () => expect(two.reaches('192.0.2.1')).toBe(true));
      const source = `src=${two.podIP}`;
      const flows = (): readonly string[] => readFileSync('/proc/net/nf_conntrack', 'utf8').split('\n');
      const isThere = (): void => expect(flows().filter((flow) => flow.includes(source))).not.toEqual([]);
      await vi.waitFor(isThere, { timeout: 20_000, interval: 500 }); // one read may miss it, when others end meanwhile
      expect(flows().filter((flow) => flow.includes('src=10.5.2.203') || flow.includes('src=10.5.2.204'))).toEqual([]);
    });
  });

  it('T003-4: a chain of three programs in the place of the cluster network’s counts at the next pod', async () => {
    const file = '/etc/cni/net.d/10-cluster.conflist';
    const before = readFileSync(file);
    onTestFinished(() => writeFileSync(file, before));
    const [ipam, ipvlan, ptp] = ['ipam', 'ipvlan', 'unnumbered-ptp'].map((part) => `cni-ipvlan-vpc-k8s-${part}`);
    const address = { version: '4', address: '10.5.2.210/24', gateway: '10.5.2.9', interface: 0 };
    const leased = { cniVersion: '0.3.1', interfaces: [{ name: 'eth1' }], ips: [address] };
    program(`${ipam}`, `echo '${JSON.stringify(leased)}'`);
    program(`${ipvlan}`, by('ipvlan'));
    program(`${ptp}`, `printf '%s' "$conf" | sed 's/.*"prevResult"://; s/}$//'`);
    const plugins = [ipam, ipvlan, ptp].map((type) => ({ type }));
    writeFileSync(file, JSON.stringify({ cniVersion: '0.3.1', name: 'lyft', plugins }));
    await withPods([pod('rider', '')], (rider) => {
      expect([...rider.names()].sort()).toEqual(['eth0', 'lo']);
      expect(rider.link('eth0').linkinfo).toMatchObject({ info_kind: 'ipvlan' });
      expect(rider.podIP).toBe('10.5.2.210');
      expect(cluster().statusOf('rider')).toMatchObject([{ name: 'lyft', interface: 'eth0', ips: ['10.5.2.210'] }]);
      expect(cluster().get('pod', 'rider')?.status?.podIP).toBe('10.5.2.210');
      peer('eth1', '10.5.2.9/24');
      expect(pings('rider', '10.5.2.9')).toBe(true);
      expect(called()).toEqual([
        `ADD ${ipam} eth0 of braid after `,
        `ADD ${ipvlan} eth0 of braid after eth1`,
        `ADD ${ptp} eth0 of braid after eth0`,
      ]);
    });
    const names = called().map((each) => each.split(' ').slice(0, 2).join(' '));
    expect(names.slice(3, 6)).toEqual([`DEL ${ptp}`, `DEL ${ipvlan}`, `DEL ${ipam}`]);
  });
}
