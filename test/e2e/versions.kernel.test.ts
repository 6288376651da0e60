/** Every CNI version between a runtime and the compiled executable: results, errors, and what is refused before anything is touched. */
import { describe, expect, it } from 'vitest';
import { Node, type Pod, type Printed } from './runtime';

const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/** A pod with an IPv6 address beside IPv4, and a second network. */
function dualPod(node: Node): Pod {
  const ipam = {
    type: 'host-local',
    dataDir: node.leases,
    ranges: [[{ subnet: '10.244.1.0/24' }], [{ subnet: '2001:db8:1::/64' }]],
  };
  const cluster = {
    cniVersion: '0.4.0',
    name: 'cluster',
    type: 'bridge',
    bridge: 'cni-t0',
    isDefaultGateway: true,
    ipam,
    dns: { nameservers: ['10.96.0.10'] },
  };
  node.network('second', {
    cniVersion: '1.0.0',
    type: 'bridge',
    bridge: 'cni-t1',
    ipam: { type: 'static', addresses: [{ address: '192.168.7.2/24' }] },
  });
  return node.pod({ networks: 'second', changes: { delegates: [cluster] } });
}

const shapes: Readonly<Record<string, (result: Printed) => void>> = {
  old(result) {
    expect(result).not.toHaveProperty('interfaces');
    expect(result).not.toHaveProperty('ips');
    expect(result.ip4).toMatchObject({
      ip: '10.244.1.2/24',
      gateway: '10.244.1.1',
      routes: [{ dst: '0.0.0.0/0', gw: '10.244.1.1' }],
    });
    expect(result.ip6).toMatchObject({ ip: '2001:db8:1::2/64' });
    expect(result.dns).toEqual({ nameservers: ['10.96.0.10'] });
  },
  middle(result) {
    expect(result.ips?.map(({ version, address }) => [version, address])).toEqual([
      ['4', '10.244.1.2/24'],
      ['6', '2001:db8:1::2/64'],
      ['4', '192.168.7.2/24'],
    ]);
    expect(result.ips?.map(({ interface: at }) => result.interfaces?.[at ?? -1]?.name)).toEqual([
      'eth0',
      'eth0',
      'net1',
    ]);
    expect(result.dns).toEqual({ nameservers: ['10.96.0.10'] });
  },
  newest(result) {
    expect(result.ips?.map(({ address }) => address)).toEqual(['10.244.1.2/24', '2001:db8:1::2/64', '192.168.7.2/24']);
    expect(result.ips?.some((ip) => 'version' in ip)).toBe(false);
    expect(result.ips?.map(({ interface: at }) => result.interfaces?.[at ?? -1]?.name)).toEqual([
      'eth0',
      'eth0',
      'net1',
    ]);
  },
};

const shapeOf = (version: string): string => (version < '0.3' ? 'old' : version < '1' ? 'middle' : 'newest');

describe('each version', () => {
  it.each(versions)('%s: ADD, CHECK and DEL in its words', async (cniVersion) => {
    const node = new Node();
    const pod = dualPod(node);
    const result = await pod.add({ cniVersion });
    expect(result.cniVersion).toBe(cniVersion);
    shapes[shapeOf(cniVersion)]?.(result);
    if (cniVersion < '0.4') {
      const { status, json } = await pod.call('CHECK', { cniVersion });
      expect([status, json.code, json.cniVersion]).toEqual([1, 1, cniVersion]);
    } else await pod.check({ cniVersion });
    await node.end({ bridges: ['cni-t0', 'cni-t1'], changes: { cniVersion } });
  });

  it('lists them all for VERSION, whatever it is asked in', async () => {
    const node = new Node();
    for (const conf of [{ cniVersion: '0.1.0' }, { cniVersion: '1.1.0' }, '']) {
      const { status, json } = await node.call({ CNI_COMMAND: 'VERSION' }, conf);
      expect([status, json.cniVersion, json.supportedVersions]).toEqual([0, '1.1.0', versions]);
    }
  });

  it.each(['0.5.0', '1.2.0', '2.0.0'])('refuses %s, which it does not speak, with code 1', async (cniVersion) => {
    const node = new Node();
    const pod = node.pod();
    const { code, details } = await pod.addFails({ cniVersion });
    expect(code).toBe(1);
    expect(details).toContain(versions.join('" "'));
    await node.end();
  });
});

describe('CHECK', () => {
  it('passes over networks below 0.4.0, and asks the others', async () => {
    const node = new Node();
    node.recorder('old', { ADD: `echo '{"cniVersion":"0.3.1"}'`, CHECK: 'exit 1' });
    node.recorder('new', { ADD: `echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"192.0.2.5/24"}]}'` });
    for (const [type, cniVersion] of [
      ['old', '0.3.1'],
      ['new', '0.4.0'],
    ] as const)
      node.network(type, { cniVersion, type });
    const pod = node.pod({ networks: 'old,new' });
    await pod.add();
    await pod.check();
    expect(node.callList()).toEqual(['ADD old net1', 'ADD new net2', 'CHECK new net2']);
    expect(node.recorded()[2]?.stdin.prevResult).toMatchObject({
      cniVersion: '0.4.0',
      ips: [{ address: '192.0.2.5/24' }],
    });
    await node.end();
  });

  it('leaves a list with disableCheck alone', async () => {
    const node = new Node();
    node.recorder('quiet', { ADD: `echo '{"cniVersion":"1.0.0"}'`, CHECK: 'exit 1' });
    node.network('quiet', { cniVersion: '1.0.0', name: 'quiet', disableCheck: true, plugins: [{ type: 'quiet' }] });
    const pod = node.pod({ networks: 'quiet' });
    await pod.add();
    await pod.check();
    await node.end();
  });

  it('fails for a container that was never attached', async () => {
    const node = new Node();
    const pod = node.pod();
    const { status, json } = await pod.call('CHECK');
    expect([status, json.msg]).toEqual([1, expect.stringContaining(pod.containerId)]);
    await node.end();
  });
});

describe('what a runtime may get wrong', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string | undefined>>, string])[] = [
    ['no container id', { CNI_CONTAINERID: undefined }, 'CNI_CONTAINERID'],
    ['a container id with a slash', { CNI_CONTAINERID: '../../etc' }, 'CNI_CONTAINERID'],
    ['a container id that begins with a dash', { CNI_CONTAINERID: '-x' }, 'CNI_CONTAINERID'],
    ['no interface name', { CNI_IFNAME: undefined }, 'CNI_IFNAME'],
    ['a 16-character interface name', { CNI_IFNAME: 'a234567890123456' }, 'at most 15 bytes'],
    ['an interface name with a slash', { CNI_IFNAME: 'a/b' }, 'CNI_IFNAME'],
    ['an interface name with a colon', { CNI_IFNAME: 'eth0:1' }, 'CNI_IFNAME'],
    ['no namespace', { CNI_NETNS: undefined }, 'CNI_NETNS'],
    ['a relative namespace path', { CNI_NETNS: 'netns/x' }, 'CNI_NETNS'],
    ['no CNI_PATH', { CNI_PATH: undefined }, 'CNI_PATH'],
    ['CNI_ARGS without =', { CNI_ARGS: 'IgnoreUnknown' }, 'CNI_ARGS'],
    ['half a pod in CNI_ARGS', { CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=thor' }, 'K8S_POD_NAMESPACE'],
    ['a pod name that is a path', { CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=../x' }, 'K8S_POD_NAME'],
    ['an unknown command', { CNI_COMMAND: 'UPDATE' }, 'CNI_COMMAND'],
    ['an empty command', { CNI_COMMAND: '' }, 'CNI_COMMAND'],
  ];

  it('is refused with code 4 by name, before anything is touched', async () => {
    const node = new Node();
    node.recorder('bridge');
    const pod = node.pod({ changes: { externalDelegates: true } });
    for (const [what, changed, names] of cases) {
      const env = Object.fromEntries(
        Object.entries({ ...pod.env('ADD'), ...changed }).filter(([, value]) => value !== undefined),
      ) as Record<string, string>;
      const { status, json } = await node.call(env, pod.conf());
      expect([status, json.code], what).toEqual([1, 4]);
      expect(json.msg, what).toContain(names);
    }
    expect(node.callList()).toEqual([]);
    expect([pod.names(), node.stateFiles()]).toEqual([['lo'], []]);
    await node.end({ bridges: [] });
  }, 120_000);

  it.each([
    ['no JSON', 'hello', 6, 'line 1, column 1'],
    ['nothing', '', 6, 'ends too early'],
    ['a list', '[]', 6, '[]'],
    ['a comment', '{\n  // braid\n}', 6, 'line 2, column 3: comments are not allowed in JSON'],
    ['a comma too many', '{"cniVersion":"1.0.0",}', 6, 'line 1, column 23: comma with nothing after it'],
    ['a version that is none', '{"cniVersion":"one","name":"x","type":"braid"}', 6, '"one"'],
    ['a network name with a slash', '{"cniVersion":"1.0.0","name":"a/b","type":"braid","delegates":[]}', 7, '"a/b"'],
    ['no default network', '{"cniVersion":"1.0.0","name":"x","type":"braid"}', 7, '"delegates" or "clusterNetwork"'],
    [
      'itself as a delegate',
      '{"cniVersion":"1.0.0","name":"x","type":"braid","delegates":[{"type":"braid"}]}',
      7,
      '"braid"',
    ],
  ])('tells about %s on stdin', async (_, text, code, message) => {
    const node = new Node();
    const pod = node.pod();
    const { status, json } = await node.call(pod.env('ADD'), text);
    expect([status, json.code]).toEqual([1, code]);
    expect(json.msg).toContain(message);
    await node.end();
  });

  it('tells about a namespace that is gone, or is none, or is its own', async () => {
    const node = new Node();
    const pod = node.pod();
    const add = async (netns: string): Promise<Printed> => (await pod.call('ADD', {}, { CNI_NETNS: netns })).json;
    expect(await add('/var/run/netns/nobody')).toMatchObject({
      code: 100,
      msg: expect.stringContaining('/var/run/netns/nobody'),
    });
    expect(await add('/etc/passwd')).toMatchObject({ code: 100, msg: expect.stringContaining('/etc/passwd') });
    expect(await add(node.path)).toMatchObject({ code: 8 });
    expect(node.stateFiles()).toEqual([]);
    await node.end();
  });

  it('answers "try again" for a pod whose annotations nobody knows', async () => {
    const node = new Node();
    const pod = node.pod();
    expect(await pod.addFails({ runtimeConfig: undefined })).toMatchObject({
      code: 11,
      msg: expect.stringContaining('annotations'),
    });
    await node.end();
  });
});
