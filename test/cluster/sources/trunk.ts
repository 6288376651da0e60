/** A trunk to the pod (conf/networks/vlan-trunk, bridge-vlan-300): VLANs of a bridge that filters. Tests on the guest's cluster. */
import { execFileSync } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { networkObjects, pod } from '../workloads';
import { node, peer, pings, withPods } from './stage';

interface PortVlans {
  readonly ifname: string;
  readonly vlans: readonly { readonly vlan: number; readonly vlanEnd?: number; readonly flags?: readonly string[] }[];
}

const bridge = (words: string): string => execFileSync('bridge', words.split(' '), { encoding: 'utf8' });

export function trunk(): void {
  it('a pod has two VLANs of the trunk as interfaces, another pod one of them untagged', async () => {
    node('link add br-trunk up type bridge vlan_filtering 1');
    onTestFinished(() => void node('link del br-trunk'));
    node('link set eth3 master br-trunk');
    bridge('vlan add dev eth3 vid 10-12');
    bridge('vlan add dev eth3 vid 300');
    const own = ['br-trunk', 'eth3'];
    const objects = [
      ...networkObjects('vlan-trunk/trunk-to-pod'),
      ...networkObjects('bridge-vlan-300'),
      pod('access', 'bridge-vlan-300'),
    ];
    await withPods(objects, (probe, access) => {
      expect([...probe.names()].sort()).toEqual(['eth0', 'lo', 'net1', 'vlan10', 'vlan11']);
      for (const id of [10, 11]) {
        expect(probe.link(`vlan${id}`)).toMatchObject({
          link: 'net1',
          linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id } },
        });
        expect(probe.addresses(`vlan${id}`)).toEqual([`192.168.${id}.2/24`]);
      }
      expect(probe.addresses('net1')).toEqual([]);
      const shown = JSON.parse(bridge('-j vlan show')) as readonly PortVlans[];
      const [trunked, untagged, ...more] = shown
        .filter(({ ifname }) =>
          node(`-o link show ${ifname}`).includes('master br-trunk') ? !own.includes(ifname) : false,
        )
        .map(({ vlans }) => vlans)
        .sort((one, other) => other.length - one.length);
      expect(more).toEqual([]);
      expect(trunked).toEqual([{ vlan: 1, flags: ['PVID', 'Egress Untagged'] }, { vlan: 10 }, { vlan: 11 }]);
      expect(untagged).toEqual([{ vlan: 300, flags: ['PVID', 'Egress Untagged'] }]);
      peer('eth3', '192.168.10.50/24', 10);
      peer('eth3', '192.168.11.50/24', 12); // the second network's addresses in a VLAN that the pod does not get
      peer('eth3', '172.30.0.50/24', 300);
      expect([pings('probe', '192.168.10.50'), pings('access', '172.30.0.50')]).toEqual([true, true]);
      expect(probe.reaches('192.168.11.50')).toBe(false);
      expect(access.reaches('192.168.10.50')).toBe(false);
    });
  });
}
