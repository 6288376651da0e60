/** Source 001, OpenShift: a bridge of NMState, cnv-bridge, a VM beside the pod. Tests on the guest's cluster. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { dnsmasqOn } from '../../e2e/dhcp-node';
import { br1Dhcp, netBr1PodCutOff, netBr1PodMeant, netBr1Vm, samplepodNetworks } from '../../e2e/documents';
import { networkObjects, pod } from '../workloads';
import { cluster, expectRefused, node, peer, pings, withPods } from './stage';

const ports = (bridge: string): readonly string[] =>
  (JSON.parse(node(`-j link show master ${bridge}`)) as { ifname: string }[]).map(({ ifname }) => ifname);

export function openshift(): void {
  it('T001-1 and 5: a bridge of NMState at layer 2, also with the MAC and the name that KubeVirt asks for', () => {
    const before = ports('br1');
    const asked = '[{"name":"br1-eth2-net","interface":"pod16367aacb67a","mac":"02:00:00:00:00:02"}]';
    const objects = [
      ...networkObjects('openshift-bridge/br1-eth2-net'),
      pod('layer2', 'br1-eth2-net'),
      pod('virt-launcher', asked),
    ];
    return withPods(objects, (layer2, launcher) => {
      expect(layer2.link('net1')).toMatchObject({ mtu: 9001, operstate: 'UP', linkinfo: { info_kind: 'veth' } });
      expect(layer2.addresses('net1')).toEqual([]);
      const [, second] = cluster().statusOf('layer2');
      expect(second).toMatchObject({
        name: 'default/br1-eth2-net',
        interface: 'net1',
        mac: layer2.link('net1').address,
      });
      expect(second).not.toHaveProperty('ips');
      expect(launcher.link('pod16367aacb67a')).toMatchObject({ address: '02:00:00:00:00:02', operstate: 'UP' });
      expect(ports('br1')).toHaveLength(before.length + 2);
      layer2.ip('addr add 192.168.0.70/24 dev net1'); // as a VM's cloud-init would
      peer('eth2', '192.168.0.71/24');
      expect(pings('layer2', '192.168.0.71')).toBe(true);
    });
  });

  it('T001-2: the same with DHCP: the agent asks the network’s own server', async () => {
    const { count } = dnsmasqOn(
      peer('eth2', '192.168.0.1/24'),
      { dir: mkdtempSync(path.join(tmpdir(), 'dhcp-')) },
      '--dhcp-range=192.168.0.77,192.168.0.77,255.255.255.0,2m',
    );
    cluster().applyManifest(br1Dhcp);
    await withPods([pod('leased', 'br1-eth2-net')], (leased) => {
      expect(leased.addresses('net1')).toEqual(['192.168.0.77/24']);
      expect(cluster().statusOf('leased')[1]?.ips).toEqual(['192.168.0.77']);
      expect(pings('leased', '192.168.0.1')).toBe(true);
    });
    await cluster().until('the address is given back', () => count('DHCPRELEASE') === 1);
  });

  it('T001-3 and 5: pod and VM have fixed addresses on the bridge, and the pod leaves by it', () =>
    withPods([...networkObjects('openshift-bridge/net-br1'), pod('vm', 'net-br1-vm')], (samplepod, vm) => {
      expect(samplepod.addresses('net1')).toEqual(['192.168.0.61/26']);
      expect(samplepod.routes()).toEqual([
        ...samplepod.clusterRoutes,
        '10.96.0.0/16 via 10.244.0.1 dev eth0',
        '192.168.0.0/26 dev net1 proto kernel scope link src 192.168.0.61',
        'default via 192.168.0.2 dev net1',
      ]);
      expect(samplepod.routeTo('8.8.8.8')).toContain('via 192.168.0.2 dev net1');
      expect(vm.routes()).toContain('default via 10.244.0.1 dev eth0');
      const shown = cluster().statusOf('samplepod');
      expect(shown[0]).toMatchObject({ interface: 'eth0', ips: [samplepod.podIP] });
      expect(shown[1]).toMatchObject({ name: 'default/net-br1-pod', ips: ['192.168.0.61'] });
      expect(cluster().get('pod', 'samplepod')?.status?.podIP).toBe(samplepod.podIP);
      expect([pings('samplepod', '192.168.0.62'), pings('vm', '192.168.0.61')]).toEqual([true, true]);
      expect(pings('samplepod', '10.96.0.1')).toBe(true); // the service of the API, by eth0
      const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
      expect(rules).toContain(`macspoofchk-${samplepod.sandbox}-net1`);
      samplepod.ip('link set net1 address 02:00:00:00:00:99');
      expect(samplepod.reaches('192.168.0.62')).toBe(false);
    }));
}

/** Its texts as they are printed. */
export function printed(): void {
  it('T001-4: the text that was cut off and quotes of a word processor are refused where they are; of two definitions the later counts', async () => {
    cluster().applyManifest(netBr1PodCutOff);
    const ended = /default\/net-br1-pod.*invalid JSON at line 1, column \d+: the text ends too early/;
    await expectRefused(pod('cut-off', samplepodNetworks), ended);
    cluster().applyManifest(netBr1PodMeant);
    await expectRefused(pod('quoted', '[{ “name”: “net-br1-pod” }]'), /line 1, column 4: typographic quote U\+201C/);
    await expectRefused(pod('listed', 'net-br1-pod, “net-br1-pod”'), /U\+201C at offset 13/);
    cluster().applyManifest(netBr1Vm);
    await withPods([pod('the-later', 'net-br1-pod')], (one) =>
      expect(one.addresses('net1')).toEqual(['192.168.0.62/24']),
    );
  });
}
