/** Sources 003 (flannel and ipvlan) and 004 (the slides of 2019): their networks on a real kernel, by the compiled executable. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cloudNode, cloudNodes, flannel } from './cloud-node';
import { commentedBridge } from './documents';
import { addressesOf, type Json, Node, type Space, statusOf } from './runtime';
import { framesOn } from './wire';

const bridges = ['cni0'];

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
    await node.end({ bridges });
  });
});

describe('T003-2, the tests of the document', () => {
  it('1: lets pods of a node reach each other by net1, under their own addresses', async () => {
    const { node, changes } = cloudNode();
    const [one, two] = [node.pod({ networks: 'ipvlan-vpc', changes }), node.pod({ networks: 'ipvlan-vpc2', changes })];
    await one.add();
    await two.add();
    expect(one.reaches('10.5.2.204', { from: '10.5.2.203' })).toBe(true);
    expect(two.reaches('10.5.2.203', { from: '10.5.2.204' })).toBe(true);
    await node.end({ bridges });
  });

  it('2 and 3: lets pods of two nodes and a VM of the network reach each other, and see whose address it is', async () => {
    const { one, two, vm } = cloudNodes();
    const here = one.node.pod({ networks: 'ipvlan-vpc', changes: one.changes });
    const there = two.node.pod({ networks: 'ipvlan-vpc2', changes: two.changes });
    await here.add();
    await there.add();
    vm.ip('addr add 10.5.2.9/24 dev eth1');
    const asks = (space: Space, address: string) => () => expect(space.reaches(address)).toBe(true);
    const request = (from: string, to: string) => new RegExp(` ${from} > ${to}: ICMP echo request`);
    await framesOn(there, 'net1', request('10.5.2.203', '10.5.2.204'), asks(here, '10.5.2.204'));
    await framesOn(here, 'net1', request('10.5.2.204', '10.5.2.203'), asks(there, '10.5.2.203'));
    await framesOn(here, 'net1', request('10.5.2.9', '10.5.2.203'), asks(vm, '10.5.2.203'));
    expect(vm.ip('neigh show 10.5.2.203')).toContain(`lladdr ${one.node.link('eth1').address}`); // no NAT and no bridge between
    for (const { node } of [one, two]) await node.end({ bridges });
  });

  it('4: lets node and pod reach each other by eth0; by net1 they cannot, and status still tells the address', async () => {
    const { node, changes } = cloudNode();
    node.ip('addr add 10.5.2.2/24 dev eth1');
    const pod = node.pod({ networks: 'ipvlan-vpc', changes });
    await pod.add();
    expect([node.reaches('10.244.0.57'), pod.reaches('10.244.0.1')]).toEqual([true, true]);
    expect([node.reaches('10.5.2.203'), pod.reaches('10.5.2.2')]).toEqual([false, false]);
    expect(statusOf(pod)[1]).toMatchObject({ interface: 'net1', ips: ['10.5.2.203'] });
    await node.end({ bridges });
  });

  it('5 and 6: leaves for the world by eth0, masqueraded and tracked; what goes by net1 is neither', async () => {
    const { node, outside, changes } = cloudNode({ ipMasq: true });
    const world = node.uplink('eth0');
    node.ip('addr add 192.0.2.10/24 dev eth0');
    node.ip('route add default via 192.0.2.1');
    world.ip('addr add 192.0.2.1/24 dev eth0'); // it has no route to pods: answers come only to the node's own address
    outside.ip('addr add 10.5.2.9/24 dev eth1');
    const pod = node.pod({ networks: 'ipvlan-vpc', changes });
    await pod.add();
    const masqueraded = / 192\.0\.2\.10 > 192\.0\.2\.1: ICMP echo request/;
    const seen = await framesOn(world, 'eth0', masqueraded, () => expect(pod.reaches('192.0.2.1')).toBe(true));
    expect(seen.filter((line) => line.includes('10.244.0.57'))).toEqual([]);
    expect([pod.reaches('10.5.2.9'), outside.reaches('10.5.2.203')]).toEqual([true, true]);
    const tracked = node.exec('cat', '/proc/net/nf_conntrack').split('\n');
    expect(tracked.filter((flow) => flow.includes('src=10.244.0.57'))).not.toEqual([]);
    expect(tracked.filter((flow) => flow.includes('10.5.2.'))).toEqual([]);
    await node.end({ bridges });
  });
});

describe('T003-3, a cluster configuration that kubeadm left or flannel writes late', () => {
  it('is the default network of the file that sorts first, wherever its own sorts', async () => {
    const { node, changes } = cloudNode();
    const [network] = changes.delegates as readonly Json[];
    writeFileSync(
      join(node.confDir, '10-flannel.conflist'),
      JSON.stringify({ cniVersion: '0.3.1', name: 'cbr0', plugins: [network] }),
    );
    const own = { delegates: undefined, clusterNetwork: 'cbr0' };
    const pod = node.pod({ networks: 'ipvlan-vpc', changes: own });
    await pod.add();
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual(['default via 10.244.0.1 dev eth0']);
    await node.end({ bridges });
  });

  it('is waited for: the pod goes on as soon as flannel has written its file', async () => {
    const { node, changes } = cloudNode();
    const ready = join(node.confDir, '10-flannel.conflist');
    const late = { ...changes, readinessindicatorfile: ready };
    const pod = node.pod({ networks: 'ipvlan-vpc', changes: late });
    const adding = pod.add();
    expect(
      (
        await node.call(
          { CNI_COMMAND: 'STATUS', CNI_PATH: node.binDir },
          node.conf(undefined, { ...late, cniVersion: '1.1.0' }),
        )
      ).json,
    ).toMatchObject({
      code: 50,
      msg: expect.stringContaining(ready),
    });
    expect(pod.names()).toEqual(['lo']);
    writeFileSync(ready, '{}');
    await adding;
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1']);
    await node.end({ bridges });
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
    await node.end({ bridges });
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
