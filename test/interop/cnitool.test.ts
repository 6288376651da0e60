/** cnitool, and so libcni, drives the compiled executable in every version that runtimes write. */
import { describe, expect, it } from 'vitest';
import { addressesOf, clusterNetwork, type Json, Node, networksKey, Space } from '../e2e/runtime';
import { Cnitool, fillBinDir } from './tools';

const versions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'];

interface List extends Json {
  readonly name: string;
  readonly plugins: readonly Json[];
}

/** A list of Braid, of that version, whose pods get `second` when their annotation says so; `more`: plugins behind it. */
function listOf(node: Node, cniVersion: string, more: readonly Json[] = []): List {
  node.network('second', {
    cniVersion: '1.0.0',
    type: 'bridge',
    bridge: 'cni-t1',
    ipam: { type: 'static', addresses: [{ address: '192.168.7.2/24' }] },
  });
  const { cniVersion: _, name, ...plugin } = node.conf(undefined);
  return { cniVersion, name: String(name), plugins: [plugin, ...more] };
}

const annotated = { capabilities: { 'io.kubernetes.cri.pod-annotations': { [networksKey]: 'default/second' } } };
const bridges = { bridges: ['cni-t0', 'cni-t1'] };

function lab(): { readonly node: Node; readonly pod: Space } {
  const node = new Node();
  fillBinDir(node.binDir);
  node.pod(); // counts the node's links before anything is attached
  return { node, pod: new Space(`${node.name}-tool`) };
}

describe.each(versions)('a list of %s', (cniVersion) => {
  it('is added, checked and deleted, and leaves nothing', async () => {
    const { node, pod } = lab();
    const tool = new Cnitool(node, listOf(node, cniVersion));
    const result = await tool.succeed('add', pod, annotated);
    expect(result.cniVersion).toBe(cniVersion);
    expect(addressesOf(result, 'eth0')).toEqual(pod.addresses('eth0'));
    expect(addressesOf(result, 'net1')).toEqual(['192.168.7.2/24']);
    expect(pod.addresses('net1')).toEqual(['192.168.7.2/24']);
    expect(result.ips?.map((ip) => 'version' in ip)).toEqual(Array(2).fill(cniVersion < '1'));
    const check = await tool.call('check', pod, annotated);
    // libcni itself refuses CHECK before 0.4.0
    expect([check.status, check.stderr.includes('does not support the CHECK command')]).toEqual(
      cniVersion < '0.4' ? [1, true] : [0, false],
    );
    await tool.succeed('del', pod, annotated);
    expect(pod.names()).toEqual(['lo']);
    await tool.succeed('del', pod, annotated);
    await node.end(bridges);
  });

  it('carries reference plugins behind it, which take its result as their prevResult', async () => {
    const { node, pod } = lab();
    const chain = [
      { type: 'tuning', mtu: 1400 },
      { type: 'bandwidth', capabilities: { bandwidth: true }, ingressRate: 1_000_000, ingressBurst: 2_000_000 },
    ];
    const tool = new Cnitool(node, listOf(node, cniVersion, chain));
    const result = await tool.succeed('add', pod, annotated);
    expect(result.cniVersion).toBe(cniVersion);
    expect(addressesOf(result, 'net1')).toEqual(['192.168.7.2/24']);
    expect(pod.link('eth0').mtu).toBe(1400);
    if (cniVersion >= '0.4') await tool.succeed('check', pod, annotated);
    await tool.succeed('del', pod, annotated);
    expect(pod.names()).toEqual(['lo']);
    await node.end(bridges);
  });

  it('has reference plugins as its default network, with their own IPAM', async () => {
    const { node, pod } = lab();
    const delegate = { ...clusterNetwork(node), cniVersion, name: 'flat' };
    const conf = { ...listOf(node, cniVersion), name: 'outer' };
    const [plugin] = conf.plugins;
    const tool = new Cnitool(node, {
      ...conf,
      plugins: [{ ...plugin, externalDelegates: true, delegates: [delegate] }],
    });
    const result = await tool.succeed('add', pod);
    expect(addressesOf(result, 'eth0')).toEqual(pod.addresses('eth0'));
    expect(pod.addresses('eth0')).toHaveLength(1);
    await tool.succeed('del', pod);
    expect(pod.names()).toEqual(['lo']);
    await node.end();
  });
});

it('answers STATUS, and GC frees what the runtime forgot, in 1.1.0', async () => {
  const { node, pod } = lab();
  const tool = new Cnitool(node, listOf(node, '1.1.0'));
  await tool.succeed('status', pod);
  await tool.succeed('add', pod, annotated);
  expect(node.reservations()).not.toEqual([]);
  await tool.succeed('gc', pod);
  expect(pod.names()).toEqual(['lo']);
  await node.end(bridges);
});

it('passes the error object of a failing ADD through libcni', async () => {
  const { node, pod } = lab();
  const tool = new Cnitool(node, listOf(node, '1.0.0'));
  const capabilities = { 'io.kubernetes.cri.pod-annotations': { [networksKey]: 'default/nowhere' } };
  const { status, stderr } = await tool.call('add', pod, { capabilities });
  expect(status).toBe(1);
  expect(stderr).toContain('default/nowhere');
  expect(pod.names()).toEqual(['lo']);
  await node.end(bridges);
});
