/** Bridge networks and VLANs on the wire: a bridge on a VLAN of its own, and a trunk to a pod. Runs in a guest. */
import { describe, expect, it, vi } from 'vitest';
import { Node, type Pod, type Space } from './runtime';
import { framesOn } from './wire';

vi.setConfig({ testTimeout: 240_000 }); // many calls and frames: an emulated machine under load takes a minute

const speaks = { cniVersion: '1.1.0' };
const bridges = ['cni-t0', 'br100', 'br200', 'br-trunk'];

function bridgeNode(mtu = 1500): { readonly node: Node; readonly outside: Space } {
  const node = new Node();
  const outside = node.uplink('eth1', mtu);
  for (const vlan of [100, 200]) {
    const ipam = { type: 'host-local', subnet: `192.168.${vlan}.0/24` };
    node.network(`v${vlan}`, { cniVersion: '1.0.0', type: 'bridge', bridge: `br${vlan}`, master: 'eth1', vlan, ipam });
  }
  return { node, outside };
}

/** The other end of a VLAN, with an address. */
function farEnd(outside: Space, vlan: number): void {
  outside.ip(`link add link eth1 name eth1.${vlan} type vlan id ${vlan}`);
  outside.ip(`addr add 192.168.${vlan}.1/24 dev eth1.${vlan}`);
  outside.ip(`link set eth1.${vlan} up`);
}

const ask = (space: Space, link: string, address: string): void => {
  try {
    space.exec('busybox', 'arping', '-q', '-c', '1', '-w', '1', '-I', link, address);
  } catch {
    // nobody has it
  }
};

describe('a bridge with master and vlan', () => {
  it('joins its pods with their VLAN outside, and with no other', async () => {
    const { node, outside } = bridgeNode();
    const [one, two] = [node.pod({ networks: 'v100,v200' }), node.pod({ networks: 'v100' })];
    for (const pod of [one, two]) await pod.add(speaks);
    for (const vlan of [100, 200]) farEnd(outside, vlan);
    expect(node.link('eth1.100')).toMatchObject({ master: 'br100', linkinfo: { info_data: { id: 100 } } });
    expect(node.link('br100').linkinfo).toMatchObject({ info_data: { vlan_filtering: 0 } });
    const [own = ''] = two.addresses('net1').map((cidr) => cidr.split('/')[0]);
    expect([one.reaches('192.168.100.1'), one.reaches('192.168.200.1'), one.reaches(own)]).toEqual([true, true, true]);
    for (const pod of [one, two]) await pod.check(speaks);
    await node.end({ bridges, changes: speaks });
  });

  it('tags what its pods send, and hands them nothing of another VLAN or of none', async () => {
    const { node, outside } = bridgeNode();
    const [one, two] = [node.pod({ networks: 'v100,v200' }), node.pod({ networks: 'v100' })];
    for (const pod of [one, two]) await pod.add(speaks);
    for (const vlan of [100, 200]) farEnd(outside, vlan);
    outside.ip('addr add 192.168.1.1/24 dev eth1'); // the native VLAN
    const sent = await framesOn(outside, 'eth1', /who-has 192\.168\.200\.98/, () => {
      ask(one, 'net1', '192.168.100.99');
      ask(two, 'net1', '192.168.100.97');
      ask(one, 'net2', '192.168.200.98');
    });
    const asked = sent.filter((line) => /who-has 192\.168\.\d+\.9[789]/.test(line));
    expect(asked.map((line) => `${/vlan (\d+)/.exec(line)?.[1]} ${/who-has (\S+?),? /.exec(line)?.[1]}`)).toEqual(
      expect.arrayContaining(['100 192.168.100.99', '100 192.168.100.97', '200 192.168.200.98']),
    );
    for (const line of asked) expect(line).toMatch(/vlan (\d+),.*who-has 192\.168\.\1\./);
    const heard = await framesOn(one, 'net2', /who-has 192\.168\.200\.96/, () => {
      ask(outside, 'eth1.100', '192.168.100.96');
      ask(outside, 'eth1', '192.168.1.96');
      ask(outside, 'eth1.200', '192.168.200.96');
    });
    expect(heard.filter((line) => /who-has 192\.168\.(100|1)\.96/.test(line))).toEqual([]);
    await node.end({ bridges, changes: speaks });
  });

  it('is made once by many processes, and loses the sub-interface once', async () => {
    const { node } = bridgeNode(9000);
    const pods = [1, 2, 3].map(() => node.pod({ networks: 'v100' }));
    await Promise.all(pods.map((pod) => pod.add(speaks)));
    expect(node.link('eth1.100')).toMatchObject({ master: 'br100', mtu: 9000 });
    expect(pods[0]?.link('net1').mtu).toBe(9000);
    for (const pod of pods) await pod.check(speaks);
    await Promise.all(pods.map((pod) => pod.del(speaks)));
    node.expectNothingLeft(bridges);
    await node.end({ bridges, changes: speaks });
  });

  it('leaves to GC what a killed ADD made', async () => {
    const { node } = bridgeNode();
    node.network('far', { cniVersion: '1.0.0', type: 'far' });
    node.recorder('far', { ADD: 'kill -9 $PPID' });
    const pod: Pod = node.pod({ networks: 'v100,far' });
    expect((await pod.call('ADD', speaks)).status).not.toBe(0);
    expect(node.link('eth1.100').master).toBe('br100');
    const conf = node.conf(undefined, { ...speaks, 'cni.dev/valid-attachments': [] });
    expect((await node.call({ CNI_COMMAND: 'GC', CNI_PATH: node.binDir }, conf)).status).toBe(0);
    node.expectNothingLeft(bridges);
    await node.end({ bridges, changes: speaks });
  });

  it('never takes a link of the node, and says what to do', async () => {
    const { node } = bridgeNode();
    const ipam = { type: 'host-local', subnet: '192.168.1.0/24' };
    node.network('plain', { cniVersion: '1.0.0', type: 'bridge', bridge: 'br100', master: 'eth1', ipam });
    const pod = node.pod({ networks: 'plain' });
    expect(await pod.addFails(speaks)).toMatchObject({
      code: 105,
      msg: expect.stringContaining('run "ip link set eth1 master br100"'),
    });
    expect(node.link('eth1').master).toBeUndefined();
    node.ip('link set eth1 master br100');
    await pod.add(speaks);
    await pod.check(speaks);
    await node.end({ bridges, changes: speaks });
    expect(node.link('eth1').master).toBe('br100');
  });
});

it('gives a pod a trunk: the VLANs named come in with their tags, the native one without, no other does', async () => {
  const { node, outside } = bridgeNode();
  node.ip('link add br-trunk type bridge vlan_filtering 1');
  node.ip('link set br-trunk up');
  node.ip('link set eth1 master br-trunk');
  node.exec('bridge', 'vlan', 'add', 'dev', 'eth1', 'vid', '10-12');
  const trunk = { type: 'bridge', bridge: 'br-trunk', vlanTrunk: [{ id: 10 }, { id: 11 }] };
  node.network('trunk', { cniVersion: '1.0.0', ...trunk });
  for (const vlanId of [10, 11, 12]) {
    const ipam = { type: 'host-local', subnet: `192.168.${vlanId}.0/24` };
    const inside = { type: 'vlan', master: 'net1', linkInContainer: true, vlanId };
    node.network(`in${vlanId}`, { cniVersion: '1.0.0', ...inside, ipam });
    farEnd(outside, vlanId);
  }
  outside.ip('addr add 192.168.1.1/24 dev eth1'); // the native VLAN
  const pod = node.pod({ networks: 'trunk,in10,in11,in12' });
  await pod.add(speaks);
  const sent = await framesOn(outside, 'eth1', /who-has 192\.168\.11\.99/, () => {
    ask(pod, 'net2', '192.168.10.99');
    ask(pod, 'net4', '192.168.12.99');
    ask(pod, 'net3', '192.168.11.99');
  });
  const asked = sent.filter((line) => /who-has 192\.168\.1\d\.99/.test(line));
  expect([...new Set(asked.map((line) => /vlan (\d+)/.exec(line)?.[1]))]).toEqual(['10', '11']);
  const heard = await framesOn(pod, 'net1', /who-has 192\.168\.11\.98/, () => {
    ask(outside, 'eth1', '192.168.1.98');
    for (const vlan of [10, 12, 11]) ask(outside, `eth1.${vlan}`, `192.168.${vlan}.98`);
  });
  const tags = heard
    .filter((line) => /who-has 192\.168\.1\d?\.98/.test(line))
    .map((line) => /vlan (\d+)/.exec(line)?.[1]);
  expect([...new Set(tags)]).toEqual([undefined, '10', '11']); // as with the reference, a trunk has VLAN 1, untagged
  expect([pod.reaches('192.168.10.1'), pod.reaches('192.168.11.1'), pod.reaches('192.168.12.1')]).toEqual([
    true,
    true,
    false,
  ]);
  await node.end({ bridges, changes: speaks });
});
