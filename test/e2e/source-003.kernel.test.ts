/** Sources 003 (flannel and ipvlan) and 004 (the slides of 2019): their networks on a real kernel, by the compiled executable. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commentedBridge } from './documents';
import { addressesOf, Node, type Space } from './runtime';

/** The cluster network as flannel makes it: the pod is 10.244.0.57. */
function flannel(node: Node): Record<string, unknown> {
  const range = { subnet: '10.244.0.0/24', rangeStart: '10.244.0.57', rangeEnd: '10.244.0.99' };
  const ipam = { type: 'host-local', dataDir: node.leases, ranges: [[range]], routes: [{ dst: '10.244.0.0/16' }] };
  return { cniVersion: '0.3.1', name: 'cbr0', type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipam };
}

const ipvlanVpc = (address: string): Record<string, unknown> => ({
  cniVersion: '0.3.1',
  name: 'ipvlan-vpc',
  type: 'ipvlan',
  master: 'eth1',
  ipam: { type: 'static', addresses: [{ address }] },
});

function cloudNode(): { readonly node: Node; readonly outside: Space; readonly changes: Record<string, unknown> } {
  const node = new Node();
  const outside = node.uplink('eth1');
  node.network('ipvlan-vpc', ipvlanVpc('10.5.2.203/24'));
  node.network('ipvlan-vpc2', ipvlanVpc('10.5.2.204/24'));
  return { node, outside, changes: { delegates: [flannel(node)] } };
}

describe('T003-1, the exact route table', () => {
  it('has the four lines of the document and no other', async () => {
    const { node, changes } = cloudNode();
    const pod = node.pod({ name: 'samplepod', networks: 'ipvlan-vpc', changes });
    await pod.add();
    expect(pod.routes()).toEqual([
      '10.244.0.0/16 via 10.244.0.1 dev eth0',
      '10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.57',
      '10.5.2.0/24 dev net1 proto kernel scope link src 10.5.2.203',
      'default via 10.244.0.1 dev eth0',
    ]);
    expect(pod.link('net1')).toMatchObject({ mtu: 1500, linkinfo: { info_kind: 'ipvlan', info_data: { mode: 'l2' } } });
    await node.end({ bridges: ['cni0'] });
  });
});

describe('T003-2, the tests of the document', () => {
  it('lets pods of a node reach each other and the outside by net1, under their own addresses', async () => {
    const { node, outside, changes } = cloudNode();
    outside.ip('addr add 10.5.2.9/24 dev eth1');
    const [one, two] = [node.pod({ networks: 'ipvlan-vpc', changes }), node.pod({ networks: 'ipvlan-vpc2', changes })];
    await one.add();
    await two.add();
    expect(one.reaches('10.5.2.204', { from: '10.5.2.203' })).toBe(true);
    expect(outside.reaches('10.5.2.203')).toBe(true);
    expect(outside.ip('neigh show 10.5.2.203')).toContain(`lladdr ${node.link('eth1').address}`); // no NAT and no bridge between
    expect(node.reaches('10.244.0.57')).toBe(true);
    expect(one.reaches('10.244.0.1')).toBe(true);
    await node.end({ bridges: ['cni0'] });
  });
});

describe('T003-4, a chain of foreign plugins as cluster network', () => {
  it('runs in order, hands every result on, and returns the last', async () => {
    const node = new Node();
    const types = ['cni-ipvlan-vpc-k8s-ipam', 'cni-ipvlan-vpc-k8s-ipvlan', 'cni-ipvlan-vpc-k8s-unnumbered-ptp'];
    const result = (name: string): string =>
      `echo '{"cniVersion":"0.3.1","interfaces":[{"name":"${name}","sandbox":"/n"}],"ips":[{"version":"4","interface":0,"address":"172.16.0.9/24"}]}'`;
    for (const [at, type] of types.entries()) node.recorder(type, { ADD: result(`link${at}`) });
    const lyft = { cniVersion: '0.3.1', name: 'lyft', plugins: types.map((type) => ({ type })) };
    const pod = node.pod({ changes: { delegates: [lyft] } });
    const answer = await pod.add();
    expect(answer.interfaces).toEqual([{ name: 'link2', sandbox: '/n' }]);
    const calls = node.recorded();
    expect(calls.map(({ type }) => type)).toEqual(types);
    expect(
      calls.map(
        ({ stdin }) => (stdin.prevResult as { interfaces?: { name: string }[] } | undefined)?.interfaces?.[0]?.name,
      ),
    ).toEqual([undefined, 'link0', 'link1']);
    await node.end({ bridges: [] });
  });

  it('gives an ipvlan without master and ipam those of the result before it', async () => {
    const node = new Node();
    node.uplink('eth1');
    const result = {
      cniVersion: '0.3.1',
      interfaces: [{ name: 'eth1' }],
      ips: [{ version: '4', address: '10.5.2.210/24', interface: 0 }],
    };
    node.recorder('cni-ipvlan-vpc-k8s-ipam', { ADD: `echo '${JSON.stringify(result)}'` });
    node.network('chained', {
      cniVersion: '0.3.1',
      name: 'chained',
      plugins: [{ type: 'cni-ipvlan-vpc-k8s-ipam' }, { type: 'ipvlan' }],
    });
    const pod = node.pod({ networks: 'chained' });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['10.5.2.210/24']);
    expect(pod.addresses('net1')).toEqual(['10.5.2.210/24']);
    await node.end();
  });
});

describe('T004-1, the slide with comments', () => {
  it.each(['a definition', 'a file'])('says where the comment stands in %s, and attaches nothing', async (where) => {
    const node = new Node();
    if (where === 'a file') {
      writeFileSync(join(node.confDir, '10-dbnet.conf'), commentedBridge);
      node.network('dbnet', '');
    } else node.network('dbnet', commentedBridge);
    const pod = node.pod({ networks: 'dbnet' });
    expect((await pod.addFails()).msg).toMatch(/line 5, column 3: comments are not allowed in JSON/);
    await node.end();
  });

  it('attaches without the comments, and its dns stays out of the pod', async () => {
    const node = new Node();
    node.network('dbnet', commentedBridge.replace(/^ *\/\/.*\n/gm, ''));
    const pod = node.pod({ networks: 'dbnet' });
    const result = await pod.add();
    expect(addressesOf(result, 'net1')).toEqual(['10.1.0.2/16']);
    expect(result.dns ?? {}).toEqual({});
    await pod.check();
    await node.end({ bridges: ['cni-t0', 'cni0'] });
  });
});

describe('T004-8, a delegate that lies', () => {
  it('does not break the pod: its result is passed on, DEL ignores what it prints', async () => {
    const node = new Node();
    const knitter = '{"cniVersion":"0.2.0","ip4":{"ip":"1.2.3.30/24","gateway":"1.2.3.1"},"dns":{}}';
    node.recorder('knitter', { ADD: `echo '${knitter}'`, DEL: 'echo whatever' });
    node.network('knitter', { cniVersion: '0.2.0', name: 'knitter', type: 'knitter' });
    const pod = node.pod({ networks: 'knitter' });
    const result = await pod.add();
    expect(result.ips?.map(({ address }) => address)).toEqual(['10.244.1.2/24', '1.2.3.30/24']);
    expect(result.ips?.every(({ interface: at }) => at !== undefined)).toBe(true);
    await node.end();
  });
});

describe('definitions without a configuration', () => {
  it('stand for the file of their name in confDir', async () => {
    const node = new Node();
    node.uplink('eth1');
    mkdirSync(node.confDir, { recursive: true });
    const list = { cniVersion: '0.4.0', name: 'onfile', plugins: [{ type: 'macvlan', master: 'eth1' }] };
    writeFileSync(join(node.confDir, '20-other.conflist'), JSON.stringify(list));
    node.define('apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata:\n  name: onfile\n');
    const pod = node.pod({ networks: 'onfile' });
    await pod.add();
    expect(pod.link('net1').linkinfo?.info_kind).toBe('macvlan');
    await node.end();
  });

  it('are the cluster network by clusterNetwork, with defaultNetworks beside it', async () => {
    const node = new Node();
    node.uplink('eth1');
    writeFileSync(
      join(node.confDir, '10-cluster.conflist'),
      JSON.stringify({ ...flannel(node), name: 'fromfile', type: undefined, plugins: [flannel(node)] }),
    );
    node.network('every', { cniVersion: '0.4.0', type: 'macvlan', master: 'eth1' }, 'kube-system');
    const changes = { delegates: undefined, clusterNetwork: 'fromfile', defaultNetworks: ['every'] };
    const pods = [node.pod({ changes }), node.pod({ namespace: 'kube-system', changes })];
    for (const pod of pods) await pod.add();
    expect(pods.map((pod) => [...pod.names()].sort())).toEqual([
      ['eth0', 'lo', 'net1'],
      ['eth0', 'lo'],
    ]);
    await node.end({ bridges: ['cni0'] });
  });

  it('can replace the default network of one pod', async () => {
    const node = new Node();
    const ipam = { type: 'host-local', dataDir: node.leases, subnet: '10.77.0.0/24' };
    node.network(
      'own',
      { cniVersion: '0.4.0', type: 'bridge', bridge: 'br77', isDefaultGateway: true, ipam },
      'kube-system',
    );
    const pod = node.pod({ annotations: { 'v1.multus-cni.io/default-network': 'own' } });
    await pod.add();
    expect(pod.addresses('eth0')).toEqual(['10.77.0.2/24']);
    expect(pod.routes()).toContain('default via 10.77.0.1 dev eth0');
    await node.end({ bridges: ['br77'] });
  });
});
