/** Source 000, a customer's requirement: "own VLAN, independent". Tests on the guest's cluster. */
import { expect, it } from 'vitest';
import { macvlanConf } from '../../e2e/documents';
import { reserved } from '../left';
import { networkObjects, pod } from '../workloads';
import { cluster, expectRefused, node, peer, pings, withPods } from './stage';

export function customer(): void {
  it('T000-1 and 2, T004-2: the sample definition gives thor net1, behind the default route of the cluster', () =>
    withPods(networkObjects('customer-own-vlans/macvlan-conf'), (thor) => {
      expect([...thor.names()].sort()).toEqual(['eth0', 'lo', 'net1']);
      expect(thor.link('net1')).toMatchObject({
        mtu: 9001,
        linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
      });
      const [first, second, ...more] = cluster().statusOf('thor');
      expect(first).toMatchObject({ name: 'cbr0', interface: 'eth0', ips: [thor.podIP], default: true });
      expect(second).toMatchObject({
        name: 'default/macvlan-conf',
        interface: 'net1',
        ips: ['192.168.1.200'],
        mac: thor.link('net1').address,
      });
      expect(more).toEqual([]);
      expect(thor.routes()).toEqual([
        ...thor.clusterRoutes,
        '192.168.1.0/24 dev net1 proto kernel scope link src 192.168.1.200',
        'default via 10.244.0.1 dev eth0',
        'default via 192.168.1.1 dev net1 metric 1001',
      ]);
      expect(thor.routeTo('8.8.8.8')).toContain('dev eth0');
      expect(thor.routeTo('8.8.8.8 oif net1')).toContain('via 192.168.1.1 dev net1');
      peer('eth0', '192.168.1.1/24');
      expect(pings('thor', '192.168.1.1')).toBe(true);
    }));

  it('T000-3 and 4: each interface is in its own VLAN, and the pod joins none of them', () =>
    withPods(networkObjects('customer-own-vlans/three-vlans'), async (thor) => {
      const names = ['secure0', 'nw2', 'user0'];
      expect(names.map((name) => thor.link(name).linkinfo)).toMatchObject(
        [100, 200, 300].map((id) => ({ info_kind: 'vlan', info_data: { protocol: '802.1Q', id } })),
      );
      expect(thor.routes()).toEqual([
        ...thor.clusterRoutes,
        '192.168.100.0/24 dev secure0 proto kernel scope link src 192.168.100.2',
        '192.168.200.0/24 dev nw2 proto kernel scope link src 192.168.200.2',
        '192.168.30.0/24 dev user0 proto kernel scope link src 192.168.30.2',
        'default via 10.244.0.1 dev eth0',
      ]);
      expect(
        cluster()
          .statusOf('thor')
          .map(({ name, interface: link, ips }) => [name, link, ips]),
      ).toEqual([
        ['cbr0', 'eth0', [thor.podIP]],
        ['default/vlan100', 'secure0', ['192.168.100.2']],
        ['default/vlan200', 'nw2', ['192.168.200.2']],
        ['default/vlan300', 'user0', ['192.168.30.2']],
      ]);
      const [a, b] = [peer('eth1', '192.168.100.50/24', 100), peer('eth1', '192.168.200.50/24', 200)];
      peer('eth1', '192.168.30.50/24', 999); // the third network's addresses in a VLAN that is not its own
      expect(['192.168.100.50', '192.168.200.50'].map((address) => pings('thor', address))).toEqual([true, true]);
      expect(thor.reaches('192.168.30.50')).toBe(false);
      for (const name of names) {
        expect(thor.sysctl(`net/ipv4/conf/${name}/forwarding`)).toBe('0');
        expect(thor.sysctl(`net/ipv4/conf/${name}/arp_ignore`)).toBe('1');
        expect(thor.sysctl(`net/ipv4/conf/${name}/arp_announce`)).toBe('2');
      }
      a.ip('route add 192.168.200.0/24 via 192.168.100.2');
      b.ip('route add 192.168.100.0/24 via 192.168.200.2');
      thor.setSysctl('net/ipv4/ip_forward', '1'); // what a router, and many an image, sets
      expect(a.reaches('192.168.100.2')).toBe(true);
      expect([a.reaches('192.168.200.50'), b.reaches('192.168.100.50')]).toEqual([false, false]);
      await expectRefused(pod('second', 'vlan100'), /a vlan of that id exists on master eth1/);
    }));

  it('T000-3: several pods of a node share a VLAN over a link that comes and goes with them', () =>
    withPods([...networkObjects('vlan-100'), pod('one', 'vlan-100'), pod('two', 'vlan-100')], (one, two) => {
      const [shown] = JSON.parse(node('-d -j link show eth1.100')) as { linkinfo: object; link: string }[];
      expect(shown).toMatchObject({ link: 'eth1', linkinfo: { info_kind: 'vlan', info_data: { id: 100 } } });
      const addresses = [one, two].map((each) => each.addresses('net1')[0]);
      expect([...addresses].sort()).toEqual(['192.168.100.10/24', '192.168.100.11/24']);
      expect(one.link('net1').linkinfo).toMatchObject({ info_kind: 'macvlan', info_data: { mode: 'bridge' } });
      peer('eth1', '192.168.100.50/24', 100);
      const other = addresses[1]?.split('/')[0] ?? '';
      expect([pings('one', other), pings('two', '192.168.100.50')]).toEqual([true, true]);
    }));

  it('VLANs by bridge and by service tag: a pod has both, each on a link of the node that goes with it', () =>
    withPods(
      [
        ...['vlan-400-bridge', 'provider-vlan-500'].flatMap(networkObjects),
        pod('carrier', 'vlan-400-bridge,provider-vlan-500'),
      ],
      (carrier) => {
        expect([carrier.addresses('net1'), carrier.addresses('net2')]).toEqual([
          ['192.168.40.10/24'],
          ['192.168.50.10/24'],
        ]);
        const shown = JSON.parse(node('-d -j link show')) as { ifname: string; master?: string; linkinfo?: object }[];
        expect(shown.find(({ ifname }) => ifname === 'eth1.400')).toMatchObject({
          master: 'br400',
          linkinfo: { info_data: { protocol: '802.1Q', id: 400 } },
        });
        expect(shown.find(({ ifname }) => ifname === 'eth1.s500')).toMatchObject({
          linkinfo: { info_data: { protocol: '802.1ad', id: 500 } },
        });
        peer('eth1', '192.168.40.50/24', 400);
        expect(pings('carrier', '192.168.40.50')).toBe(true);
      },
    ));

  it('T000-5: one name in two namespaces is two networks', async () => {
    cluster().makeAccounts('a', 'b');
    const inNamespace = (text: string, namespace: string): string =>
      text.replace('name: macvlan-conf', `name: macvlan-conf\n  namespace: ${namespace}`);
    cluster().applyManifest(inNamespace(macvlanConf, 'a'));
    cluster().applyManifest(inNamespace(macvlanConf.replaceAll('192.168.1.', '192.168.2.'), 'b'));
    await withPods([pod('same', 'macvlan-conf', 'a'), pod('same', 'macvlan-conf', 'b')], async (a, b) => {
      expect(a.addresses('net1')).toEqual([expect.stringMatching(/^192\.168\.1\.2\d\d\/24$/)]);
      const [address = ''] = b.addresses('net1');
      expect(address).toMatch(/^192\.168\.2\.2\d\d\/24$/);
      await cluster().remove(['same'], 'a');
      expect(reserved()).toContain(address.split('/')[0]);
      expect(b.addresses('net1')).toEqual([address]);
    });
  });
}
