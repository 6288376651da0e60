/** Traps that cut across (peers.md 4.6), and a runtime that repeats, forgets, and is killed: by the compiled executable. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressesOf, Node } from './runtime';

const mac = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' };

function nodeWith(networks: Readonly<Record<string, unknown>>): Node {
  const node = new Node();
  node.uplink('eth1');
  for (const [name, config] of Object.entries(networks)) node.network(name, config as Record<string, unknown> | string);
  return node;
}

describe('the merged result', () => {
  const six = { ...mac, ipam: { type: 'static', addresses: [{ address: '2001:db8:5::7/64' }] } };

  it('X1: has no IPv6 of net1 among the addresses that CRI-O takes for the pod', async () => {
    const node = nodeWith({ six });
    const pod = node.pod({ networks: 'six', changes: { result: 'default-network' } });
    const result = await pod.add();
    expect(result.ips?.map(({ address }) => address)).toEqual(['10.244.1.2/24']);
    expect(result.interfaces?.map(({ name }) => name)).not.toContain('net1');
    expect(pod.addresses('net1')).toEqual(['2001:db8:5::7/64']);
    await pod.check();
    await node.end();
  });

  it('X1: otherwise tells of every address on which interface it is', async () => {
    const node = nodeWith({ six });
    const pod = node.pod({ networks: 'six' });
    const result = await pod.add();
    expect([addressesOf(result, 'eth0'), addressesOf(result, 'net1')]).toEqual([
      ['10.244.1.2/24'],
      ['2001:db8:5::7/64'],
    ]);
    await node.end();
  });

  it('X2: fills in the interface that a delegate left out', async () => {
    const node = nodeWith({ lax: { cniVersion: '1.0.0', type: 'lax' } });
    node.recorder('lax', {
      ADD: `echo '{"cniVersion":"1.0.0","interfaces":[{"name":"veth9"},{"name":"net1","sandbox":"x"}],"ips":[{"address":"192.0.2.2/24"}]}'`,
    });
    const pod = node.pod({ networks: 'lax' });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.0.2.2/24']);
    await node.end();
  });

  it('X3: has a host interface once that two networks use, with the indexes right', async () => {
    const node = nodeWith({
      again: {
        cniVersion: '1.0.0',
        type: 'bridge',
        bridge: 'cni-t0',
        ipam: { type: 'static', addresses: [{ address: '192.0.2.2/24' }] },
      },
    });
    const pod = node.pod({ networks: 'again' });
    const result = await pod.add();
    expect(result.interfaces?.filter(({ name }) => name === 'cni-t0')).toHaveLength(1);
    expect([addressesOf(result, 'eth0'), addressesOf(result, 'net1')]).toEqual([['10.244.1.2/24'], ['192.0.2.2/24']]);
    await pod.check();
    await node.end();
  });

  it('X13: is of the version the runtime speaks, whatever the delegates speak', async () => {
    const node = nodeWith({ new: { cniVersion: '1.0.0', type: 'new' } });
    node.recorder('new', { ADD: `echo '{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.2/24"}]}'` });
    const pod = node.pod({ networks: 'new' });
    const result = await pod.add({ cniVersion: '0.3.1' });
    expect(result.cniVersion).toBe('0.3.1');
    expect(result.ips?.map(({ version }) => version)).toEqual(['4', '4']);
    await node.end();
  });
});

describe('the annotation', () => {
  it.each([
    ['empty', ''],
    ['blank', ' \t\n '],
    ['an empty list', '[]'],
  ])('X4: %s asks for the cluster network only', async (_, networks) => {
    const node = nodeWith({});
    const pod = node.pod({ networks });
    await pod.add();
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo']);
    await node.end();
  });

  it('X5: may have tabs and line ends of Windows around its names', async () => {
    const node = nodeWith({ a: mac, b: mac });
    const pod = node.pod({ networks: '\ta ,\r\n\tb@far0\r\n' });
    await pod.add();
    expect([...pod.names()].sort()).toEqual(['eth0', 'far0', 'lo', 'net1']);
    await node.end();
  });

  const wrong: readonly (readonly [string, string, string | RegExp])[] = [
    ['X4: a trailing comma', 'a,b,', 'item 3 is empty'],
    ['X5: a non-breaking space', 'a,\u00a0b', 'U+00A0 at offset 2'],
    ['X6: eth0 for a secondary', '[{"name":"a","interface":"eth0"}]', 'Cannot name two interfaces eth0'],
    ['X6: a 16-character name', 'a@n234567890123456', 'at most 15 bytes'],
    ['X6: a name with a slash', '[{"name":"a","interface":"x/y"}]', 'no slash'],
    ['X6: one name twice', 'a@x,b@x', 'Cannot name two interfaces x: network default/a has that name already'],
    ['X6: the number of another', 'a@net2,b', 'Cannot name two interfaces net2'],
    ['null in a list', '[null]', 'networks[0]'],
    ['a number', '[7]', 'networks[0]'],
    ['a trailing comma in JSON', '[{"name":"a"},]', 'line 1, column 15: comma with nothing after it'],
    ['a comment in JSON', '[{"name":"a" /* first */}]', 'comments are not allowed in JSON'],
    ['a misspelt field', '[{"name":"a","interfce":"x"}]', 'did you mean "interface"'],
    ['a misspelt default-route', '[{"name":"a","default_route":["192.0.2.1"]}]', 'did you mean "default-route"'],
    ['an unknown network', 'a,nosuch', 'Cannot find NetworkAttachmentDefinition nosuch in namespace default'],
    ['an unknown namespace', 'far/a', 'Cannot find NetworkAttachmentDefinition a in namespace far'],
    ['a MAC that is none', '[{"name":"a","mac":"02:00:00:00:00"}]', 'networks[0].mac'],
    ['an address that is none', '[{"name":"a","ips":["192.0.2.300/24"]}]', 'networks[0].ips[0]'],
    ['two slashes', 'a/b/c', '[namespace/]name[@interface]'],
    ['an upper-case name', 'Macvlan', 'need lower-case letters'],
  ];

  it('is refused with its mistake by name, before any delegate runs', async () => {
    const node = nodeWith({ a: mac, b: mac });
    node.recorder('bridge');
    node.recorder('macvlan');
    const pod = node.pod({ changes: { externalDelegates: true } });
    for (const [what, networks, message] of wrong) {
      const conf = node.conf({ 'k8s.v1.cni.cncf.io/networks': networks }, { externalDelegates: true });
      const { status, json } = await node.call(pod.env('ADD'), conf);
      expect([what, status, json.msg]).toEqual([what, 1, expect.stringContaining(String(message))]);
      expect(json.msg, what).toContain('default/');
    }
    expect(node.callList()).toEqual([]);
    expect([pod.names(), node.stateFiles()]).toEqual([['lo'], []]);
    await node.end({ bridges: [] });
  }, 120_000);

  it('may hold fields that nobody here knows: they are a warning, and an error only if strict', async () => {
    const node = nodeWith({ a: mac });
    const pod = node.pod({ networks: '[{"name":"a","x-vendor":1}]' });
    expect((await pod.addFails({ strict: true })).msg).toContain('"x-vendor"');
    const { status, stderr } = await pod.call('ADD', { logLevel: 'verbose' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('x-vendor')]);
    await node.end();
  });
});

describe('a definition', () => {
  it('X7: without a name has its own, at the top of a list', async () => {
    const node = nodeWith({ nameless: { cniVersion: '1.0.0', plugins: [{ type: 'one' }, { type: 'two' }] } });
    node.recorder('one', { ADD: `echo '{"cniVersion":"1.0.0"}'` });
    node.recorder('two', { ADD: `echo '{"cniVersion":"1.0.0"}'` });
    const pod = node.pod({ networks: 'nameless' });
    await pod.add();
    expect(node.recorded().map(({ stdin }) => [stdin.name, stdin.cniVersion])).toEqual([
      ['nameless', '1.0.0'],
      ['nameless', '1.0.0'],
    ]);
    await node.end();
  });

  it('X8: whose delegate prints garbage is named, and taken back', async () => {
    const node = nodeWith({ mad: { cniVersion: '1.0.0', type: 'mad' } });
    node.recorder('mad', { ADD: 'echo hello world' });
    const pod = node.pod({ networks: 'mad' });
    const { code, msg } = await pod.addFails();
    expect(code).toBe(113);
    for (const part of ['the result of mad', 'line 1, column 1', 'default/mad']) expect(msg).toContain(part);
    expect(node.callList()).toEqual(['ADD mad net1', 'DEL mad net1']);
    await node.end();
  });

  it.each([
    ['no configuration', '', 'it has no spec.config'],
    ['an empty list', '{"cniVersion":"1.0.0","plugins":[]}', 'Cannot use [] as plugins'],
    ['no type', '{"cniVersion":"1.0.0","name":"x"}', '"type"'],
    ['a type that is a path', '{"cniVersion":"1.0.0","type":"../sh"}', '"../sh"'],
    ['an unknown type', '{"cniVersion":"1.0.0","type":"nosuchplugin"}', 'Cannot find plugin "nosuchplugin" in '],
    ['a missing master', '{"cniVersion":"1.0.0","type":"macvlan","master":"eth77"}', '"eth77"'],
    [
      'a key that is for later',
      '{"cniVersion":"1.0.0","type":"macvlan","master":"eth1","vlanProtocol":"802.1ad"}',
      'vlanProtocol',
    ],
    ['a VLAN id out of range', '{"cniVersion":"1.0.0","type":"vlan","master":"eth1","vlanId":4095}', 'vlanId'],
    ['an MTU beyond the master', '{"cniVersion":"1.0.0","type":"macvlan","master":"eth1","mtu":9000}', '9000'],
    [
      'a lease store outside',
      '{"cniVersion":"1.0.0","type":"macvlan","master":"eth1","ipam":{"type":"host-local","dataDir":"/etc","subnet":"192.0.2.0/24"}}',
      '"/etc"',
    ],
    ['itself', '{"cniVersion":"1.0.0","type":"braid"}', 'cannot be attached by Braid itself'],
    ['a version of the future', '{"cniVersion":"9.0.0","type":"macvlan"}', '9.0.0'],
  ])('with %s is refused by name, and nothing is left', async (_, config, message) => {
    const node = nodeWith({ bad: config });
    const pod = node.pod({ networks: 'bad' });
    const { msg } = await pod.addFails();
    expect(msg).toContain(message);
    expect(msg).toContain('default/bad');
    await node.end();
  });
});

describe('a runtime', () => {
  const three = {
    one: { ...mac, ipam: { type: 'host-local', subnet: '192.0.2.0/24' } },
    two: { ...mac, ipam: { type: 'host-local', subnet: '198.51.100.0/24' } },
    three: { cniVersion: '1.0.0', type: 'assassin' },
  };

  it('X9: that is killed between two delegates finds everything gone after DEL', async () => {
    const node = nodeWith(three);
    node.recorder('assassin', { ADD: 'kill -9 $PPID' });
    const pod = node.pod({ networks: 'one,two,three' });
    expect((await pod.call('ADD')).status).not.toBe(0);
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1', 'net2']);
    expect(node.reservations()).toHaveLength(3);
    await node.end();
    expect(node.callList()).toEqual(['ADD assassin net3', 'DEL assassin net3']);
  });

  it('X9: that is killed is not harmed by it in its next ADD', async () => {
    const node = nodeWith(three);
    node.recorder('assassin', {
      ADD: `[ -e ${node.dir}/once ] && echo '{"cniVersion":"1.0.0"}' && exit; touch ${node.dir}/once; kill -9 $PPID`,
    });
    const pod = node.pod({ networks: 'one,two,three' });
    expect((await pod.call('ADD')).status).not.toBe(0);
    const result = await pod.add();
    expect(node.reservations()).toHaveLength(3);
    expect(addressesOf(result, 'net1')).toEqual(pod.addresses('net1'));
    expect(node.callList()).toEqual(['ADD assassin net3', 'DEL assassin net3', 'ADD assassin net3']);
    await node.end();
  });

  it('X10: that has no namespace any more can DEL', async () => {
    const node = nodeWith({ a: three.one, far: { cniVersion: '1.0.0', type: 'far' } });
    node.recorder('far', { ADD: `echo '{"cniVersion":"1.0.0"}'` });
    const pod = node.pod({ networks: 'a,far' });
    await pod.add();
    const path = pod.path;
    node.exec('umount', '-l', path);
    rmSync(path);
    const { status, stdout } = await pod.call('DEL', {}, { CNI_NETNS: '' });
    node.exec('ip', 'netns', 'add', pod.name); // for the clean-up
    expect([status, stdout]).toEqual([0, '']);
    expect(node.recorded().map(({ command, netns }) => [command, netns])).toEqual([
      ['ADD', path],
      ['DEL', ''],
    ]);
    await node.end();
  });

  it('X10: that leaves out CNI_NETNS and CNI_PATH, and has lost the definitions, can DEL', async () => {
    const node = nodeWith({ a: three.one });
    const pod = node.pod({ networks: 'a' });
    await pod.add();
    rmSync(node.manifests, { recursive: true });
    const { CNI_NETNS: _, CNI_PATH: __, CNI_ARGS: ___, ...env } = pod.env('DEL');
    const bare = { cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state };
    expect(await node.call(env, bare)).toMatchObject({ status: 0, stdout: '' });
    pod.expectEmpty(); // the record knows the namespace
    await node.end();
  });

  it('X12: is told by CHECK that somebody deleted net1, and of which network it was', async () => {
    const node = nodeWith({ a: mac });
    const pod = node.pod({ networks: 'a' });
    await pod.add();
    pod.ip('link del net1');
    const { status, json } = await pod.call('CHECK');
    expect(status).toBe(1);
    for (const part of ['net1', 'default/a']) expect(json.msg).toContain(part);
    await node.end();
  });

  it.each([
    ['an address', 'addr del 192.0.2.2/24 dev net1', '192.0.2.2/24'],
    ['the route of the cluster', 'route del 10.244.0.0/16', '10.244.0.0/16'],
  ])('is told by CHECK that somebody took away %s', async (_, act, names) => {
    const node = nodeWith({ a: three.one });
    const pod = node.pod({ networks: 'a' });
    await pod.add();
    pod.ip(act);
    const { status, json } = await pod.call('CHECK');
    expect([status, json.msg]).toEqual([1, expect.stringContaining(names)]);
    await node.end();
  });

  it('that asks twice gets the same answer, and nothing twice', async () => {
    const node = nodeWith({ a: three.one });
    const pod = node.pod({ networks: 'a' });
    const first = await pod.add();
    const links = pod.links().map(({ ifname, address }) => [ifname, address]);
    expect(await pod.add()).toEqual(first);
    expect(pod.links().map(({ ifname, address }) => [ifname, address])).toEqual(links);
    expect(node.reservations()).toHaveLength(2);
    await node.end();
  });

  it('that asks for the same pod at once, in two calls, gets one set of links', async () => {
    const node = nodeWith({ a: three.one });
    const pod = node.pod({ networks: 'a' });
    const [first, second] = await Promise.all([pod.add(), pod.add()]);
    expect(second).toEqual(first);
    expect(node.reservations()).toHaveLength(2);
    await node.end();
  });

  it('that starts four pods at once gives each its own addresses', async () => {
    const node = nodeWith({ a: three.one });
    const pods = Array.from({ length: 4 }, () => node.pod({ networks: 'a' }));
    const results = await Promise.all(pods.map((pod) => pod.add()));
    expect(new Set(results.flatMap(({ ips = [] }) => ips.map(({ address }) => address))).size).toBe(8);
    for (const pod of pods) expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1']);
    await Promise.all(pods.map((pod) => pod.del()));
    await node.end();
  });

  it('that attaches a second interface name to one sandbox keeps both apart', async () => {
    const node = nodeWith({});
    const pod = node.pod();
    await pod.add();
    const other = { CNI_IFNAME: 'eth9' };
    expect((await pod.call('ADD', {}, other)).status).toBe(0);
    expect([...pod.names()].sort()).toEqual(['eth0', 'eth9', 'lo']);
    expect((await pod.call('DEL', {}, other)).status).toBe(0);
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo']);
    await pod.check();
    await node.end();
  });

  it('finds the link of another program in its way, and that stays', async () => {
    const node = nodeWith({ a: mac });
    const pod = node.pod({ networks: 'a' });
    pod.ip('link add net1 type bridge');
    const { status, json } = await pod.call('ADD');
    expect([status, json.code]).toEqual([1, 103]);
    expect(json.msg).toContain('net1');
    expect([...pod.names()].sort()).toEqual(['lo', 'net1']);
    pod.ip('link del net1');
    await node.end();
  });

  it('that never had an ADD can DEL', async () => {
    const node = nodeWith({});
    node.pod();
    await node.end({ bridges: [] });
  });

  it('has records that only root reads', async () => {
    const node = nodeWith({});
    const pod = node.pod();
    await pod.add();
    const modes = node.exec('stat', '-c', '%a', join(node.state, 'attachments', `${pod.containerId}_eth0.json`)).trim();
    expect(modes).toBe('600');
    await node.end();
  });
});
