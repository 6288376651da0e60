/** Source 002, MicroK8s: static addresses, the default route, a pool, routing by source. Tests on the guest's cluster. */
import { expect, it } from 'vitest';
import { networkObjects, pod } from '../workloads';
import { cluster, expectRefused, fileIn, peer, pings, type RunningPod, withPods } from './stage';

const defaults = (one: RunningPod): readonly string[] => one.routes().filter((route) => route.startsWith('default'));
const connected = (address: string): string => `192.168.0.0/24 dev net1 proto kernel scope link src ${address}`;

export function microk8s(): void {
  it('T002-1, 3 and 6: one fixed address beside the cluster’s network, for the pod’s own DNS servers', () =>
    withPods(networkObjects('microk8s-static/vlan1-internal-static'), async (one) => {
      expect(one.link('net1').linkinfo).toMatchObject({ info_kind: 'macvlan' });
      expect(one.addresses('net1')).toEqual(['192.168.0.20/24']);
      expect(one.rules()).toEqual(['from 192.168.0.20 lookup 100']);
      expect(one.routes('100')).toEqual([
        expect.stringMatching(/^192\.168\.0\.0\/24 dev net1 (proto kernel )?scope link src 192\.168\.0\.20$/),
        'default via 192.168.0.254 dev net1',
      ]);
      expect(one.routes()).toEqual([
        ...one.clusterRoutes,
        connected('192.168.0.20'),
        'default via 10.244.0.1 dev eth0',
      ]);
      expect(one.routeTo('8.8.8.8')).toContain('dev eth0');
      expect(one.routeTo('8.8.8.8 from 192.168.0.20')).toContain('via 192.168.0.254 dev net1');
      const words = fileIn('own-dns', '/etc/resolv.conf').split('\n');
      expect(words).toEqual(expect.arrayContaining(['search zencoffee.org', 'nameserver 192.168.0.1']));
      peer('k8s-vlan1', '192.168.0.1/24'); // it has no way to 10.244.0.0/16: only what comes from .20 is answered
      expect(pings('own-dns', '192.168.0.1')).toBe(true);
      await expectRefused(
        pod('replica', 'vlan1-internal-static'),
        /192\.168\.0\.20: already used by pod default\/own-dns on this node/,
      );
    }));

  it('T002-2: the address that the pod asks for, and its way out of the cluster', () =>
    withPods(networkObjects('microk8s-static/vlan1-internal-default'), (one) => {
      expect(one.addresses('net1')).toEqual(['192.168.0.20/24']);
      expect(one.routes()).toEqual([
        ...one.clusterRoutes,
        '10.96.0.0/16 via 10.244.0.1 dev eth0',
        connected('192.168.0.20'),
        'default via 192.168.0.254 dev net1',
      ]);
      peer('k8s-vlan1', '192.168.0.254/24').ip('addr add 192.0.2.7/32 dev lo'); // the world beyond the gateway
      expect(pings('leaves-by-vlan1', '192.0.2.7')).toBe(true);
      expect(pings('leaves-by-vlan1', '10.96.0.1')).toBe(true);
    }));

  it('T002-4, 5 and 7: a pool of another namespace, asked for in both ways, and as the way out', () =>
    withPods(networkObjects('microk8s-static/vlan1-internal-pool'), (short, json, leaving) => {
      const pods = { samplepod: short, 'samplepod-json': json, 'leaves-by-the-pool': leaving };
      const given = Object.entries(pods).map(([name, one]) => {
        const [, { name: net, ips: [address = ''] = [] } = {}] = cluster().statusOf(name);
        expect(net).toBe('kube-system/vlan1-internal-pool');
        expect(one.addresses('net1')).toEqual([`${address}/24`]);
        expect(one.rules()).toEqual([`from ${address} lookup 100`]);
        expect(one.routes()).toContain(connected(address));
        expect(cluster().events(name)).toContain(
          `AddedInterface: Add net1 [${address}/24] from kube-system/vlan1-internal-pool`,
        );
        return address;
      });
      expect([...given].sort()).toEqual(['192.168.0.20', '192.168.0.21', '192.168.0.22']);
      for (const one of [short, json]) expect(defaults(one)).toEqual(['default via 10.244.0.1 dev eth0']);
      expect(defaults(leaving)).toEqual(['default via 192.168.0.254 dev net1']);
      expect([pings('samplepod', given[1] ?? ''), pings('leaves-by-the-pool', given[0] ?? '')]).toEqual([true, true]);
    }));
}
