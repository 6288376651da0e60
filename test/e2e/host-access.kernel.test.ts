/** hostAccess through the executable: the node's routes come and go with pods, kills are left to GC. Runs in a guest. */
import { describe, expect, it } from 'vitest';
import { Node, type Pod } from './runtime';

const speaks = { cniVersion: '1.1.0' };

/** A node with 192.0.2.1 on eth1, and a network there that it has access to. */
function accessNode(type: 'macvlan' | 'ipvlan'): Node {
  const node = new Node();
  node.uplink('eth1');
  node.ip('addr add 192.0.2.1/24 dev eth1');
  const ranges = [[{ subnet: '192.0.2.0/24', rangeStart: '192.0.2.20' }]];
  const ipam = { type: 'host-local', ranges };
  node.network('lan', { cniVersion: '1.0.0', type, master: 'eth1', hostAccess: true, ipam });
  node.network('far', { cniVersion: '1.0.0', type: 'far' });
  node.recorder('far', { ADD: 'kill -9 $PPID' });
  return node;
}

function gc(node: Node, alive: readonly Pod[]) {
  const list = alive.map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
  const conf = node.conf(undefined, { ...speaks, 'cni.dev/valid-attachments': list });
  return node.call({ CNI_COMMAND: 'GC', CNI_PATH: node.binDir }, conf);
}

describe.each(['macvlan', 'ipvlan'] as const)('%s with hostAccess', (type) => {
  it('lets the node and its pods reach each other over that network', async () => {
    const node = accessNode(type);
    const before = node.routes();
    const pods = [1, 2, 3].map(() => node.pod({ networks: 'lan' }));
    await Promise.all(pods.map((pod) => pod.add(speaks)));
    for (const pod of pods) {
      const [address = ''] = pod.addresses('net1').map((cidr) => cidr.split('/')[0]);
      expect([node.reaches(address), pod.reaches('192.0.2.1', { from: 'net1' })]).toEqual([true, true]);
      expect(node.routeTo(address)).toContain('src 192.0.2.1');
      await pod.check(speaks);
    }
    await Promise.all(pods.map((pod) => pod.del(speaks)));
    expect(node.routes().filter((route) => !route.includes('cni-t0'))).toEqual(before);
    await node.end({ changes: speaks });
  });

  it('leaves to GC what a killed ADD made, and keeps what others use', async () => {
    const node = accessNode(type);
    const [alive, killed] = [node.pod({ networks: 'lan' }), node.pod({ networks: 'lan,far' })];
    await alive.add(speaks);
    const before = node.routes();
    expect((await killed.call('ADD', speaks)).status).not.toBe(0);
    expect(node.routes()).not.toEqual(before);
    expect((await gc(node, [alive])).status).toBe(0);
    expect(node.routes()).toEqual(before);
    await alive.check(speaks);
    await node.end({ changes: speaks });
  });

  it('does not start a pod when the node has no address there', async () => {
    const node = accessNode(type);
    node.ip('addr del 192.0.2.1/24 dev eth1');
    const pod = node.pod({ networks: 'lan' });
    expect(await pod.addFails(speaks)).toMatchObject({ code: 108, msg: expect.stringContaining('192.0.2.0/24') });
    await node.end({ changes: speaks });
  });
});
