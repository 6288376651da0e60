/** A VLAN of its own, through the executable: several processes at once, kills, and the frames on the wire. Runs in a guest. */
import { describe, expect, it, vi } from 'vitest';
import { type Json, Node, type Pod, type Space } from './runtime';
import { framesOn } from './wire';

vi.setConfig({ testTimeout: 240_000 }); // many calls and frames: an emulated machine under load takes a minute

const speaks = { cniVersion: '1.1.0' };

/** A node with eth1 and networks v100, v200 (and more) of that type, each on its VLAN; `native` has none. */
function vlanNode(type: 'macvlan' | 'ipvlan', changes: Json = {}): { readonly node: Node; readonly outside: Space } {
  const node = new Node();
  const outside = node.uplink('eth1');
  for (const vlan of [100, 200]) {
    const ipam = { type: 'host-local', subnet: `192.168.${vlan}.0/24` };
    node.network(`v${vlan}`, { cniVersion: '1.0.0', type, master: 'eth1', vlan, ipam, ...changes });
  }
  const ipam = { type: 'host-local', subnet: '192.168.1.0/24' };
  node.network('native', { cniVersion: '1.0.0', type, master: 'eth1', ipam });
  return { node, outside };
}

function gc(node: Node, alive: readonly Pod[]) {
  const list = alive.map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
  const conf = node.conf(undefined, { ...speaks, 'cni.dev/valid-attachments': list });
  return node.call({ CNI_COMMAND: 'GC', CNI_PATH: node.binDir }, conf);
}

/** Sends a frame that nobody asked for: who has that address? */
const ask = (space: Space, link: string, address: string): void => {
  try {
    space.exec('busybox', 'arping', '-q', '-c', '1', '-w', '1', '-I', link, address);
  } catch {
    // nobody has it
  }
};

describe.each(['macvlan', 'ipvlan'] as const)('%s with a VLAN of its own', (type) => {
  it('makes the sub-interface once when many processes want it at once, and removes it once', async () => {
    const { node } = vlanNode(type);
    const pods = [1, 2, 3, 4].map(() => node.pod({ networks: 'v100,v200' }));
    for (const _ of [1, 2]) {
      await Promise.all(pods.map((pod) => pod.add(speaks)));
      expect(node.names().filter((name) => name.startsWith('eth1'))).toEqual(['eth1', 'eth1.100', 'eth1.200']);
      expect(node.link('eth1.100').linkinfo).toMatchObject({
        info_kind: 'vlan',
        info_data: { protocol: '802.1Q', id: 100 },
      });
      for (const pod of pods) await pod.check(speaks);
      const [one, ...others] = pods as [Pod, ...Pod[]];
      await Promise.all(others.map((pod) => pod.del(speaks)));
      await one.check(speaks);
      await one.del(speaks);
      node.expectNothingLeft();
    }
    await node.end({ changes: speaks });
  });

  it('lets some come while others go', async () => {
    const { node } = vlanNode(type);
    const [first, second] = [node.pod({ networks: 'v100' }), node.pod({ networks: 'v100' })];
    await first.add(speaks);
    for (const _ of [1, 2, 3]) {
      await Promise.all([first.del(speaks), second.add(speaks)]);
      await second.check(speaks);
      await Promise.all([second.del(speaks), first.add(speaks)]);
      await first.check(speaks);
    }
    await node.end({ changes: speaks });
  });

  it('leaves to GC what a killed ADD made, and keeps what others use', async () => {
    const { node } = vlanNode(type);
    node.network('far', { cniVersion: '1.0.0', type: 'far' });
    node.recorder('far', { ADD: 'kill -9 $PPID' });
    const alive = node.pod({ networks: 'v100' });
    const killed = node.pod({ networks: 'v100,v200,far' });
    await alive.add(speaks);
    expect((await killed.call('ADD', speaks)).status).not.toBe(0);
    expect(node.names()).toEqual(expect.arrayContaining(['eth1.100', 'eth1.200']));
    expect((await gc(node, [alive])).status).toBe(0);
    expect(node.names().filter((name) => name.startsWith('eth1.'))).toEqual(['eth1.100']);
    await alive.check(speaks);
    await node.end({ changes: speaks });
  });

  it('puts its tag on every frame, and takes no other: nothing of one VLAN is on another, nor on the native one', async () => {
    const { node, outside } = vlanNode(type);
    const pod = node.pod({ networks: 'v100,v200,native' });
    await pod.add(speaks);
    const last = /who-has 192\.168\.1\.98/;
    const sent = await framesOn(outside, 'eth1', last, () => {
      ask(pod, 'net1', '192.168.100.99');
      ask(pod, 'net2', '192.168.200.99');
      ask(pod, 'net3', '192.168.1.99');
      ask(pod, 'net3', '192.168.1.98');
    });
    const tagsOf = (lines: readonly string[], address: string): readonly string[] => {
      const about = lines.filter(
        (line) => line.includes(`who-has ${address} `) || line.includes(`who-has ${address},`),
      );
      return [...new Set(about.map((line) => /vlan (\d+)/.exec(line)?.[1] ?? 'untagged'))];
    };
    expect(tagsOf(sent, '192.168.100.99')).toEqual(['100']);
    expect(tagsOf(sent, '192.168.200.99')).toEqual(['200']);
    expect(tagsOf(sent, '192.168.1.99')).toEqual(['untagged']);

    for (const vlan of [100, 200]) {
      outside.ip(`link add link eth1 name eth1.${vlan} type vlan id ${vlan}`);
      outside.ip(`addr add 192.168.${vlan}.1/24 dev eth1.${vlan}`);
      outside.ip(`link set eth1.${vlan} up`);
    }
    outside.ip('addr add 192.168.1.1/24 dev eth1');
    const links = { net1: 'eth1.100', net2: 'eth1.200', net3: 'eth1' };
    for (const [own, far] of Object.entries(links)) {
      const subnet = { net1: '192.168.100', net2: '192.168.200', net3: '192.168.1' }[own];
      const seen = await framesOn(pod, own, new RegExp(`who-has ${subnet}\\.97`), () => {
        for (const [other, its] of Object.entries(links)) if (other !== own) ask(outside, its, `10.0.0.${its.length}`);
        ask(outside, far, `${subnet}.97`);
      });
      expect(seen.filter((line) => line.includes('who-has 10.0.0.'))).toEqual([]);
    }
    expect([pod.reaches('192.168.100.1'), pod.reaches('192.168.200.1'), pod.reaches('192.168.1.1')]).toEqual([
      true,
      true,
      true,
    ]);
    await node.end({ changes: speaks });
  });

  it('puts the service tag on the wire', async () => {
    const { node, outside } = vlanNode(type, { vlanProtocol: '802.1ad' });
    const pod = node.pod({ networks: 'v100' });
    await pod.add(speaks);
    expect(node.link('eth1.s100').linkinfo).toMatchObject({ info_data: { protocol: '802.1ad', id: 100 } });
    const sent = await framesOn(outside, 'eth1', /who-has 192\.168\.100\.99/, () => ask(pod, 'net1', '192.168.100.99'));
    expect(sent.at(-1)).toMatch(/ethertype 802\.1Q-QinQ \(0x88a8\).*vlan 100/);
    await node.end({ changes: speaks });
  });
});
