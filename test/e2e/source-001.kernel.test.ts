/** Source 001 (OpenShift, a bridge of NMState, cnv-bridge): its manifests on a real kernel, by the compiled executable. */
import { describe, expect, it } from 'vitest';
import { br1Dhcp, br1Eth2Net, netBr1PodCutOff, netBr1PodMeant, netBr1Vm, samplepodNetworks } from './documents';
import { addressesOf, Node, Space, statusOf } from './runtime';

/** A node with the bridge that NMState makes, on its second link. */
function openshiftNode(): { readonly node: Node; readonly outside: Space } {
  const node = new Node();
  const outside = node.uplink('eth2', 9001);
  node.ip('link add br1 mtu 9001 type bridge');
  node.ip('link set eth2 master br1');
  node.ip('link set br1 up');
  return { node, outside };
}

describe('T001-1, a bridge without addresses', () => {
  it('connects the pod at layer 2, with the MTU of the bridge', async () => {
    const { node } = openshiftNode();
    node.define(br1Eth2Net);
    const pod = node.pod({ networks: 'br1-eth2-net' });
    const result = await pod.add();
    expect(pod.link('net1')).toMatchObject({ mtu: 9001, operstate: 'UP', linkinfo: { info_kind: 'veth' } });
    expect(pod.addresses('net1')).toEqual([]);
    expect(addressesOf(result, 'net1')).toEqual([]);
    const ports = (result.interfaces ?? [])
      .filter(({ sandbox }) => sandbox === undefined)
      .map(({ name }) => node.link(name));
    expect(ports.map(({ linkinfo, master }) => linkinfo?.info_kind === 'veth' && master).filter(Boolean)).toEqual([
      'cni-t0',
      'br1',
    ]);
    const [, second] = statusOf(pod);
    expect(second).toMatchObject({ name: 'default/br1-eth2-net', interface: 'net1', mac: pod.link('net1').address });
    expect(second).not.toHaveProperty('ips');
    await node.end();
  });

  it('gives no device id to the delegate: the resource only counts', async () => {
    const { node } = openshiftNode();
    node.define(br1Eth2Net);
    node.recorder('cnv-bridge', { ADD: `echo '{"cniVersion":"0.3.1","interfaces":[{"name":"net1","sandbox":"x"}]}'` });
    const pod = node.pod({ networks: 'br1-eth2-net', changes: { externalDelegates: ['cnv-bridge'] } });
    await pod.add();
    const [{ stdin } = { stdin: {} }] = node.recorded();
    expect(stdin).toEqual({
      name: 'br1-eth2-net',
      type: 'cnv-bridge',
      cniVersion: '0.3.1',
      bridge: 'br1',
      macspoofchk: false,
      ipam: {},
    });
    await node.end();
  });

  it('says that the bridge is not there, and leaves nothing', async () => {
    const node = new Node();
    node.define(br1Eth2Net);
    const pod = node.pod({ networks: 'br1-eth2-net' });
    const { msg } = await pod.addFails();
    expect(msg).toContain('default/br1-eth2-net');
    expect(msg).toContain('bridge br1 does not exist on this node');
    expect(node.names()).not.toContain('br1');
    await node.end();
  });

  it('names the missing binary, the definition and the directories searched', async () => {
    const { node } = openshiftNode();
    node.define(br1Eth2Net);
    const pod = node.pod({ networks: 'br1-eth2-net', changes: { externalDelegates: ['cnv-bridge'] } });
    const { msg, code } = await pod.addFails();
    expect(code).toBe(110);
    for (const part of ['"cnv-bridge"', 'default/br1-eth2-net', node.binDir]) expect(msg).toContain(part);
    await node.end();
  });
});

describe('T001-2, DHCP', () => {
  it('fails by the name of dhcp and is taken back, where no daemon runs', async () => {
    const { node } = openshiftNode();
    node.define(br1Dhcp);
    const pod = node.pod({ networks: 'br1-eth2-net' });
    const { msg, code } = await pod.addFails();
    expect(msg).toContain('Cannot ask the DHCP daemon at /run/cni/dhcp.sock: nobody listens there');
    expect(code).toBe(133);
    expect(node.callList()).toEqual([]);
    expect(pod.names()).not.toContain('net1');
    await node.end();
  });

  it('puts the address that a dhcp plugin of its own gives onto the bridge link', async () => {
    const { node } = openshiftNode();
    node.define(br1Dhcp);
    node.recorder('dhcp', {
      ADD: `echo '{"cniVersion":"0.3.1","ips":[{"version":"4","address":"192.168.0.77/24","gateway":"192.168.0.1"}]}'`,
    });
    const pod = node.pod({ networks: 'br1-eth2-net', changes: { externalDelegates: ['dhcp'] } });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.168.0.77/24']);
    expect(pod.addresses('net1')).toEqual(['192.168.0.77/24']);
    expect(node.recorded()[0]?.stdin).toMatchObject({ type: 'cnv-bridge', ipam: { type: 'dhcp' }, bridge: 'br1' });
    await node.end();
  });
});

describe('T001-3, a static address and the default route', () => {
  it('moves the one IPv4 default to net1, and keeps the cluster on eth0', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    const pod = node.pod({ name: 'samplepod', networks: samplepodNetworks });
    const result = await pod.add();
    expect(pod.addresses('net1')).toEqual(['192.168.0.61/26']);
    expect(pod.routes()).toEqual([
      '10.244.0.0/16 via 10.244.1.1 dev eth0',
      '10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.2',
      '192.168.0.0/26 dev net1 proto kernel scope link src 192.168.0.61',
      'default via 192.168.0.2 dev net1',
    ]);
    expect(result.ips?.[0]?.address).toBe('10.244.1.2/24');
    expect(result.routes?.filter(({ dst }) => dst === '0.0.0.0/0')).toEqual([{ dst: '0.0.0.0/0', gw: '192.168.0.2' }]);
    expect(pod.routeTo('10.96.0.10')).toContain('dev net1'); // nobody told which range the services have
    await pod.check(); // the cluster network looks for a default, not for its own
    await node.end();
  });

  it('keeps the services on eth0 when clusterCIDRs names them', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    const pod = node.pod({ networks: samplepodNetworks, changes: { clusterCIDRs: ['10.96.0.0/12', '10.244.0.0/16'] } });
    await pod.add();
    expect(pod.routes()).toContain('10.96.0.0/12 via 10.244.1.1 dev eth0');
    expect(pod.routes().filter((route) => route.startsWith('10.244.0.0/16'))).toHaveLength(1);
    expect(pod.routeTo('10.96.0.10')).toContain('via 10.244.1.1 dev eth0');
    expect(pod.routeTo('8.8.8.8')).toContain('via 192.168.0.2 dev net1');
    await pod.check();
    await node.end();
  });

  it('lets the pod send from its own MAC only, until it is deleted', async () => {
    const { node, outside } = openshiftNode();
    node.define(netBr1PodMeant);
    outside.ip('addr add 192.168.0.62/24 dev eth2');
    const pod = node.pod({ networks: samplepodNetworks });
    await pod.add();
    expect(node.nft()).toContain(`macspoofchk-${pod.containerId}-net1`);
    expect(node.nft()).toContain(`ether saddr ${pod.link('net1').address} return`);
    expect(pod.reaches('192.168.0.62')).toBe(true);
    pod.ip('link set net1 address 02:00:00:00:00:99');
    expect(pod.reaches('192.168.0.62')).toBe(false);
    await node.end();
  });

  it('names nft when the node has none', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    const pod = node.pod({ networks: samplepodNetworks });
    const answer = await pod.callWithoutNft('ADD');
    expect(answer).toMatchObject({ status: 1, json: { code: 125, msg: expect.stringContaining('nft') } });
    expect(pod.names()).toEqual(['lo']);
    await node.end();
  });
});

describe('T001-4, the texts as printed', () => {
  it('tells where the cut-off configuration ends, and attaches nothing', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodCutOff);
    const pod = node.pod({ networks: 'net-br1-pod' });
    const { msg } = await pod.addFails();
    expect(msg).toContain('default/net-br1-pod');
    expect(msg).toMatch(/invalid JSON at line 1, column \d+: the text ends too early/);
    await node.end();
  });

  it('takes the later of two definitions of one name', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    node.define(netBr1Vm);
    const pod = node.pod({ networks: 'net-br1-pod' });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.168.0.62/24']);
    await node.end();
  });

  it.each([
    ['in JSON', '[{ “name”: “net-br1-pod” }]', /line 1, column 4: typographic quote U\+201C/],
    ['around a name', 'net-br1-pod, “net-br1-pod”', /U\+201C at offset 13/],
  ])('names a typographic quote %s, and where it is', async (_, networks, message) => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    const pod = node.pod({ networks });
    expect((await pod.addFails()).msg).toMatch(message);
    await node.end();
  });
});

describe('T001-5, pod and VM reach each other', () => {
  it('both ways, and the VM keeps its default route', async () => {
    const { node } = openshiftNode();
    node.define(netBr1PodMeant);
    const vm = new Space(`${node.name}-vm`);
    node.ip(`link add vm0 type veth peer name eth1 address 02:00:00:00:00:02 netns ${vm.name}`);
    node.ip('link set vm0 master br1 up');
    vm.ip('addr add 192.168.0.62/26 dev eth1');
    vm.ip('link set eth1 up');
    vm.ip('route add default via 192.168.0.1');
    const pod = node.pod({ networks: samplepodNetworks });
    await pod.add();
    expect(pod.reaches('192.168.0.62')).toBe(true);
    expect(vm.reaches('192.168.0.61')).toBe(true);
    expect(vm.routes()).toContain('default via 192.168.0.1 dev eth1');
    await node.end();
  });

  it('gives KubeVirt the MAC and the 15-character name it asks for', async () => {
    const { node } = openshiftNode();
    node.define(br1Eth2Net);
    const pod = node.pod({
      networks: '[{"name":"br1-eth2-net","interface":"pod16367aacb67a","mac":"02:00:00:00:00:02"}]',
    });
    const result = await pod.add();
    expect(pod.link('pod16367aacb67a')).toMatchObject({ address: '02:00:00:00:00:02', operstate: 'UP' });
    expect(result.interfaces).toContainEqual(
      expect.objectContaining({ name: 'pod16367aacb67a', mac: '02:00:00:00:00:02' }),
    );
    await node.end();
  });
});
