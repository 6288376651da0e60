/** ADD, DEL and CHECK of whole pods on a node of fakes. */
import { describe, expect, it, vi } from 'vitest';
import { cidr } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { failing } from '../failing';
import { cluster, world } from './world';

const macvlan = (subnet: string, more: object = {}) => ({
  cniVersion: '1.0.0',
  type: 'macvlan',
  master: 'eth1',
  ipam: { type: 'host-local', subnet },
  ...more,
});
const networks = { 'default/a': macvlan('192.168.1.0/24'), 'default/b': macvlan('192.168.2.0/24') };

describe('ADD', () => {
  it('gives the pod its default network and every network it asks for, in one result', async () => {
    const { add, pod } = world({ networks });
    const result = await add('a,b@data0');
    expect(pod.names()).toEqual(['eth0', 'net1', 'data0']);
    expect(result).toMatchObject({
      ips: [
        { address: '10.244.1.2/24', interface: 2 },
        { address: '192.168.1.2/24', interface: 3 },
        { address: '192.168.2.2/24', interface: 4 },
      ],
    });
  });

  it('hands over the default network alone when the runtime takes every address for a pod IP', async () => {
    const { add, pod } = world({ networks, conf: { result: 'default-network' } });
    const result = await add('a');
    expect(result.ips).toMatchObject([{ address: '10.244.1.2/24' }]);
    expect(pod.names()).toContain('net1');
  });

  it('returns the recorded result when the sandbox is attached already', async () => {
    const { add, edges } = world({ networks });
    const first = await add('a');
    const saves = edges.records.saves.length;
    expect(await add('a')).toEqual(first);
    expect(edges.records.saves.length).toBe(saves);
  });

  it('redoes what an earlier ADD left half done', async () => {
    const { add, pod } = world({ networks });
    await add('a');
    await pod.deleteLink('net1' as never);
    await add('a');
    expect(pod.names()).toEqual(['eth0', 'net1']);
  });

  it('writes the record before anything exists, and the results after everything does', async () => {
    const { add, edges } = world({ networks });
    await add('a');
    expect(edges.records.saves.map(({ result }) => result !== undefined)).toEqual([false, true, true]); // the last: published
    expect(edges.records.saves[0]?.attachments.map(({ network }) => network)).toEqual(['cluster', 'default/a']);
  });

  it('records what the plugins get of the runtime, and not the rest: annotations are long, and may be secret', async () => {
    const annotation = { 'k8s.v1.cni.cncf.io/networks': 'a', secret: 'hush' };
    const plugin = { ...cluster.plugins[0], capabilities: { portMappings: true } };
    const { add, record } = world({
      networks,
      conf: {
        delegates: [{ ...cluster, plugins: [plugin] }],
        runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotation, portMappings: [], dns: {} },
      },
    });
    await add();
    expect((await record())?.attachments.map(({ capabilities }) => capabilities)).toEqual([{ portMappings: [] }, {}]);
    expect(JSON.stringify(await record())).not.toContain('hush');
  });

  it('begins networks in their order, and goes on with each while others wait', async () => {
    const probing = macvlan('192.168.1.0/24', { probe: true });
    const asking = { a: probing, b: { ...probing }, c: { ...probing } };
    const { add, pod } = world({
      networks: Object.fromEntries(Object.entries(asking).map(([key, each]) => [`default/${key}`, each])),
    });
    const asked: number[] = [];
    const all = Promise.withResolvers<void>();
    vi.spyOn(pod, 'probe').mockImplementation(async (index) => {
      if (asked.push(index) === 3) all.resolve();
      await all.promise; // nobody is answered before all have asked
      return [];
    });
    await add('a,b,c');
    expect(pod.names()).toEqual(['eth0', 'net1', 'net2', 'net3']);
    expect(asked).toEqual(['net1', 'net2', 'net3'].map((each) => pod.link(each).index));
  });

  it('takes all back when networks at one time fail, and tells of the first', async () => {
    const bad = (master: string) => macvlan('192.168.3.0/24', { master });
    const definitions = { 'default/bad': bad('nope0'), 'default/worse': bad('nope1') };
    const { add, pod, reserved, record } = world({ networks: { ...networks, ...definitions } });
    await expect(add('a,bad,worse,b')).rejects.toMatchObject({ where: { network: 'default/bad', ifName: 'net2' } });
    expect([pod.names(), reserved(), await record()]).toEqual([[], [], undefined]);
  });

  it('leaves nothing when a later network fails, and says which one', async () => {
    const { add, pod, reserved, record } = world({
      networks: { ...networks, 'default/bad': macvlan('192.168.3.0/24', { master: 'nope0' }) },
    });
    await expect(add('a,bad')).rejects.toMatchObject({
      reason: 'MasterMissing',
      where: { pod: 'default/thor', network: 'default/bad', ifName: 'net2' },
    });
    expect(pod.names()).toEqual([]);
    expect(reserved()).toEqual([]);
    expect(await record()).toBeUndefined();
  });

  it('returns the recorded result again while CHECK passes, else attaches anew', async () => {
    const { add, pod, record } = world({ networks });
    const first = await add('a');
    const { index } = pod.link('net1');
    expect(await add('a')).toEqual(first);
    expect(pod.link('net1').index).toBe(index);
    for (const { address } of await pod.addresses({ index })) await pod.deleteAddress(index, address);
    expect(await add('a')).toMatchObject({ ips: [{}, { address: expect.stringContaining('/24') }] });
    expect(pod.link('net1').index).not.toBe(index);
    expect((await record())?.result).toBeDefined();
  });

  it('keeps recorded what could not be undone, and why', async () => {
    const { add, kernel, record } = world({
      networks: { ...networks, 'default/bad': macvlan('192.168.3.0/24', { master: 'nope0' }) },
    });
    kernel.failNext('deleteLink', 'EIO');
    await expect(add('a,bad')).rejects.toMatchObject({ reason: 'MasterMissing' });
    expect(await record()).toMatchObject({
      attachments: [{ network: 'default/a', failure: expect.stringMatching(/^KernelRefused: .*EIO/) }],
    });
  });

  it('refuses equal interface names before anything is attached', async () => {
    const { add, edges } = world({ networks });
    await expect(add('a@x0,b@x0')).rejects.toMatchObject({ reason: 'InterfaceNameTaken' });
    await expect(add('a@eth0')).rejects.toMatchObject({ reason: 'InterfaceNameTaken' });
    expect(edges.records.saves).toEqual([]);
  });

  it('hands a runtime of CNI 0.2.0, which has no interfaces, the default network alone', async () => {
    const six = macvlan('fd00::/64');
    const { add } = world({ networks: { 'default/six': six }, conf: { cniVersion: '0.2.0' } });
    expect(await add('six')).toMatchObject({ cniVersion: '0.2.0', ip4: { ip: '10.244.1.2/24' } });
    expect(await add('six')).not.toHaveProperty('ip6');
  });

  it('does not rename the interface that the runtime looks for', async () => {
    const { add } = world({ networks, annotations: { 'v1.multus-cni.io/default-network': 'default/a@other0' } });
    await expect(add()).rejects.toMatchObject({ reason: 'AnnotationInvalid' });
  });

  it('refuses a bad configuration of a later network before anything is attached or recorded', async () => {
    const { add, edges } = world({
      networks: { ...networks, 'default/bad': macvlan('192.168.3.0/24', { mode: 'sideways' }) },
    });
    await expect(add('a,bad')).rejects.toMatchObject({ reason: 'ConfigInvalid', where: { network: 'default/bad' } });
    expect(edges.records.saves).toEqual([]);
  });

  it('refuses a delegate that gives no addresses as ipam.type, before anything is attached', async () => {
    const lan = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { type: 'vlan' } };
    const { add, host } = world({ networks: { 'default/lan': lan } });
    await expect(add('lan')).rejects.toThrow(failing('ConfigInvalid', 'network default/lan', '"vlan" as ipam.type'));
    expect(host.names()).not.toContain('cni-t0');
  });

  it('names the network in a warning about its configuration', async () => {
    const lan = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { subnet: '10.1.0.0/24' } };
    const { add, edges } = world({ networks: { 'default/lan': lan } });
    await add('lan');
    const warnings = edges.log.entries.map(({ fields }) => fields.warning);
    expect(warnings).toContain('network default/lan gives no addresses: need ipam.type, like host-local');
  });

  it('never touches an interface of the pod that it did not make', async () => {
    const { add, pod } = world({ networks });
    pod.plug({ name: 'net1' });
    await expect(add('a')).rejects.toMatchObject({ reason: 'LinkExists', where: { ifName: 'net1' } });
    expect(pod.names()).toEqual(['net1']);
  });

  it('names the missing network', async () => {
    await expect(world().add('nope')).rejects.toMatchObject({
      reason: 'NetworkMissing',
      where: { network: 'default/nope' },
    });
  });

  it('says "try again" when the missing network may exist: the node agent is away', async () => {
    const { add, edges } = world();
    vi.spyOn(edges.networks, 'isBehind').mockResolvedValue(true);
    const where = { network: 'default/nope' };
    await expect(add('nope')).rejects.toMatchObject({ reason: 'PodUnavailable', code: 11, where });
  });

  it('says that a configured file is missing, whoever is away', async () => {
    const { add, edges } = world({ conf: { delegates: undefined, clusterNetwork: '/none.conf' } });
    vi.spyOn(edges.networks, 'isBehind').mockResolvedValue(true);
    await expect(add()).rejects.toMatchObject({ reason: 'NetworkMissing' });
  });

  it('says "try again" when nobody can tell the annotations of a Kubernetes pod', async () => {
    const { add } = world({ conf: { runtimeConfig: {} } });
    await expect(add()).rejects.toMatchObject({ reason: 'PodUnavailable', code: 11 });
  });

  it('says which networks it will look for next, so that several can be fetched at once', async () => {
    const { add, edges } = world({ networks });
    const find = vi.spyOn(edges.networks, 'find');
    await add('a,b');
    expect(find.mock.calls.map(([, name, next]) => [name, next?.map((one) => one.name)])).toEqual([
      ['a', ['b']],
      ['b', []],
    ]);
  });

  it('keeps a secondary interface from forwarding and from answering for others', async () => {
    const { add, pod } = world({
      networks: { ...networks, 'default/router': macvlan('192.168.4.0/24', { isolation: false }) },
    });
    for (const version of ['ipv4', 'ipv6']) await pod.setSysctl(`net/${version}/conf/default/forwarding`, '1');
    await add('a,router');
    for (const version of ['ipv4', 'ipv6']) {
      expect(await pod.sysctl(`net/${version}/conf/net1/forwarding`)).toBe('0');
      expect(await pod.sysctl(`net/${version}/conf/net2/forwarding`)).toBe('1');
      expect(await pod.sysctl(`net/${version}/conf/eth0/forwarding`)).toBe('1');
    }
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_ignore')).toBe('1');
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_announce')).toBe('2');
    expect(await pod.sysctl('net/ipv4/conf/net2/arp_ignore')).toBe('0');
    expect(await pod.sysctl('net/ipv4/conf/eth0/arp_ignore')).toBe('0');
  });

  it('does so to a link that was moved into the pod, too', async () => {
    const { add, pod } = world({ networks: { 'default/card': { type: 'host-device', device: 'eth1' } } });
    await add('card');
    expect((await pod.findLink('net1'))?.ipv4).toMatchObject({ arpIgnore: 1, arpAnnounce: 2 });
    expect((await pod.rules()).filter(({ blackhole }) => blackhole).map(({ iif }) => iif)).toEqual(['net1', 'net1']);
  });

  it('looks at the pod’s links once, after all that it changes there', async () => {
    const { add, pod } = world({ networks });
    const [look, change] = [vi.spyOn(pod, 'links'), vi.spyOn(pod, 'changeAll')];
    await add('a,b');
    expect(look).toHaveBeenCalledTimes(1);
    const [last] = change.mock.invocationCallOrder.slice(-1);
    expect(look.mock.invocationCallOrder[0]).toBeGreaterThan(last as number);
  });

  it('drops what comes in by a secondary interface for others, until DEL', async () => {
    const { add, del, pod } = world({
      networks: { ...networks, 'default/router': macvlan('192.168.4.0/24', { isolation: false }) },
    });
    const before = await pod.rules();
    await add('a,router,b');
    const rules = (await pod.rules()).filter(({ blackhole }) => blackhole);
    expect(rules.map(({ family, iif }) => [family, iif])).toEqual([
      [4, 'net1'],
      [4, 'net3'],
      [6, 'net1'],
      [6, 'net3'],
    ]);
    await del();
    expect(await pod.rules()).toEqual(before);
  });

  it('leaves the networks of a node as they are where its configuration says isolation: false', async () => {
    const { add, pod } = world({ networks, conf: { isolation: false } });
    const before = await pod.rules();
    await add('a');
    expect(await pod.rules()).toEqual(before);
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_ignore')).toBe('0');
  });

  it('takes those rules back when a later network fails', async () => {
    const { add, pod } = world({
      networks: { ...networks, 'default/bad': macvlan('192.168.3.0/24', { master: 'eth1', mtu: 9000 }) },
    });
    const before = await pod.rules();
    await expect(add('a,bad')).rejects.toMatchObject({ where: { network: 'default/bad' } });
    expect(await pod.rules()).toEqual(before);
  });

  it('keeps default routes that a router advertises behind, unless the guard is off', async () => {
    const metrics = async (conf: Readonly<Record<string, unknown>>) => {
      const { add, pod } = world({ networks, conf });
      await add('a,b');
      const links = ['eth0', 'net1', 'net2', 'default']; // the last one is for a link that is still to come
      return Promise.all(links.map((link) => pod.sysctl(`net/ipv6/conf/${link}/ra_defrtr_metric`)));
    };
    expect(await metrics({})).toEqual(['1024', '3073', '3074', '3072']);
    expect(await metrics({ defaultRouteGuard: false })).toEqual(['1024', '1024', '1024', '1024']);
  });

  it('records the routes as they are, and refuses odd ones when strict', async () => {
    const wide = macvlan('192.168.1.0/24', {
      ipam: { type: 'host-local', subnet: '192.168.1.0/24', routes: [{ dst: '10.0.0.0/8' }, { dst: '0.0.0.0/0' }] },
    });
    const conf = { clusterCIDRs: ['10.96.0.0/12'] };
    const lax = world({ networks: { 'default/wide': wide }, conf });
    await lax.add('wide');
    expect((await lax.record())?.attachments.map(({ routes }) => routes)).toMatchObject([
      [{ dst: '10.244.0.0/16' }, { dst: '0.0.0.0/0', gw: '10.244.1.1' }, { dst: '10.96.0.0/12', gw: '10.244.1.1' }],
      [{ dst: '10.0.0.0/8' }, { dst: '0.0.0.0/0', gw: '192.168.1.1', priority: 1001 }],
    ]);
    const strict = world({ networks: { 'default/wide': wide }, conf: { ...conf, strict: true } });
    const routes = await strict.pod.routes({ table: 'all' });
    await expect(strict.add('wide')).rejects.toMatchObject({
      reason: 'NetworkInvalid',
      problem: expect.stringContaining('covers the cluster range 10.96.0.0/12'),
    });
    expect(await strict.pod.routes({ table: 'all' })).toEqual(routes);
  });
});

describe('a static address', () => {
  const fixed = (more: object = {}) => ({
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'static', addresses: [{ address: '192.168.0.20/24' }] },
    ...more,
  });
  const other = '/var/run/netns/other';

  it('is one running pod’s of the node (T002-6)', async () => {
    const { add, del, kernel, reserved } = world({ networks: { 'default/fixed': fixed() } });
    kernel.addNamespace(other);
    await add('fixed');
    const held = reserved().length;
    await expect(add('fixed', 'c2', other)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: 'Cannot use address 192.168.0.20: already used by pod default/thor on this node',
      where: { network: 'default/fixed', ifName: 'net1' },
    });
    expect(reserved()).toHaveLength(held);
    await del();
    await add('fixed', 'c2', other);
  });

  it('may be shared where the network says so, and is free where the pod that had it died', async () => {
    const shared = fixed({ ipam: { ...fixed().ipam, shared: true } });
    const first = world({ networks: { 'default/fixed': shared } });
    first.kernel.addNamespace(other);
    await first.add('fixed');
    await first.add('fixed', 'c2', other);
    const second = world({ networks: { 'default/fixed': fixed() } });
    second.kernel.addNamespace(other);
    await second.add('fixed', 'c2', other);
    second.kernel.removeNamespace(other);
    await second.add('fixed');
  });
});

describe('networks of one pod', () => {
  const wide = { 'default/a': macvlan('192.168.0.0/16'), 'default/b': macvlan('192.168.2.0/24') };

  it('that overlap are a warning, and refused when strict', async () => {
    const lax = world({ networks: wide });
    await lax.add('a,b');
    const says = 'networks default/a and default/b have subnets that overlap: 192.168.0.0/16 and 192.168.2.0/24';
    expect(JSON.stringify(lax.edges.log.entries)).toContain(says);
    const strict = world({ networks: wide, conf: { strict: true } });
    await expect(strict.add('a,b')).rejects.toThrow(says);
    expect(strict.edges.records.saves).toEqual([]);
  });
});

describe('a foreign delegate that reports what is not so (T004-8)', () => {
  const knitter = {
    interfaces: [{ name: 'eth0', sandbox: '/proc/3553/ns/net' }],
    ips: ['10.244.1.2/24', '1.2.3.30/24'].map((address) => ({ version: '4', address, interface: 0 })), // the first is the pod's
  };
  const options = {
    networks: { 'default/knitter': { cniVersion: '0.3.1', type: 'knitter' } },
    foreign: { knitter: { cniVersion: '0.3.1', ...knitter } },
  };
  const says = 'the delegate of network default/knitter reports 1.2.3.30/24 on eth0, which the pod does not have';

  it('is doubted in the log, and its result handed on', async () => {
    const { add, edges } = world(options);
    expect(JSON.stringify(await add('knitter'))).toContain('1.2.3.30/24');
    expect(edges.log.entries.map(({ fields }) => fields.warning)).toEqual([says]);
  });

  it('is refused when strict, and nothing stays', async () => {
    const { add, edges, reserved } = world({ ...options, conf: { strict: true } });
    await expect(add('knitter')).rejects.toMatchObject({
      reason: 'ResultInvalid',
      problem: expect.stringContaining(says),
    });
    expect([await edges.records.everything(), reserved()]).toMatchObject([{ whole: [] }, []]);
  });
});

describe('a request', () => {
  it('is honoured by a built-in delegate without a declared capability', async () => {
    const { add, pod } = world({ networks });
    await add('[{"name":"a","ips":["192.168.1.77"],"mac":"02:00:00:00:00:77"}]');
    expect(pod.link('net1').mac).toBe('02:00:00:00:00:77');
    expect((await pod.addresses({ index: pod.link('net1').index })).map(({ address }) => address)).toContain(
      '192.168.1.77/24',
    );
  });

  it('fails when a foreign delegate ignores it, and is taken back', async () => {
    const answer = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'net1', sandbox: '/x' }],
      ips: [{ address: '192.168.1.5/24', interface: 0 }],
    };
    const { add, edges, pod } = world({
      networks: { 'default/f': { cniVersion: '1.0.0', type: 'fancy' } },
      foreign: { fancy: answer },
    });
    await expect(add('[{"name":"f","ips":["192.168.1.77"]}]')).rejects.toMatchObject({
      reason: 'RequestUnmet',
      where: { network: 'default/f' },
    });
    expect(edges.foreign.calls.map(({ command }) => command)).toEqual(['ADD', 'DEL']);
    expect(pod.names()).toEqual([]);
  });

  it('for a MAC is compared with the kernel, whatever the delegate says', async () => {
    const { add, pod } = world({
      networks: { 'default/f': { cniVersion: '1.0.0', type: 'fancy' } },
      foreign: {
        fancy: ({ command }) => {
          if (command === 'ADD') pod.plug({ name: 'net1' });
          return command === 'ADD'
            ? { cniVersion: '1.0.0', interfaces: [{ name: 'net1', mac: '02:00:00:00:00:77', sandbox: '/x' }] }
            : undefined;
        },
      },
    });
    await expect(add('[{"name":"f","mac":"02:00:00:00:00:77"}]')).rejects.toMatchObject({ reason: 'RequestUnmet' });
  });

  it('for ports needs a plugin that declares the capability', async () => {
    const { add } = world({ networks });
    await expect(add('[{"name":"a","portMappings":[{"hostPort":80,"containerPort":80}]}]')).rejects.toMatchObject({
      reason: 'CapabilityMissing',
    });
  });
});

describe('a chain', () => {
  const chain = {
    cniVersion: '1.0.0',
    name: 'chain',
    plugins: [macvlan('192.168.1.0/24'), { type: 'tune', capabilities: { aliases: true } }],
  };

  it('hands the result of a built-in delegate to a foreign one, and goes back in reverse order', async () => {
    const { add, del, edges } = world({
      networks: { 'default/c': chain },
      foreign: { tune: ({ stdin }) => stdin.prevResult as never },
    });
    await add('c');
    await del();
    expect(edges.foreign.calls.map(({ command }) => command)).toEqual(['ADD', 'DEL']);
    expect(edges.foreign.calls[0]?.stdin).toMatchObject({
      name: 'chain',
      cniVersion: '1.0.0',
      prevResult: { ips: [{ address: '192.168.1.2/24' }] },
    });
    expect(edges.foreign.calls[1]?.stdin).toMatchObject({ prevResult: { ips: [{ address: '192.168.1.2/24' }] } });
  });

  it('runs the IPAM that the configuration names, also a foreign one', async () => {
    const answer = { cniVersion: '1.0.0', ips: [{ address: '10.9.0.7/16', gateway: '10.9.0.1' }] };
    const { add, del, edges, pod } = world({
      networks: {
        'default/w': {
          cniVersion: '1.0.0',
          type: 'macvlan',
          master: 'eth1',
          ipam: { type: 'whereabouts', range: '10.9.0.0/16' },
        },
      },
      foreign: { whereabouts: answer },
    });
    await add('w');
    expect((await pod.addresses({ index: pod.link('net1').index })).map(({ address }) => address)).toContain(
      '10.9.0.7/16',
    );
    await del();
    expect(edges.foreign.calls.map(({ type, command, stdin }) => [type, command, stdin.type])).toEqual([
      ['whereabouts', 'ADD', 'macvlan'],
      ['whereabouts', 'DEL', 'macvlan'],
    ]);
  });
});

describe('DEL', () => {
  it('leaves nothing, needs no definition, and may come twice', async () => {
    const { add, del, pod, reserved, record } = world({ networks });
    await add('a,b');
    expect(reserved()).toEqual(['10.244.1.2', '192.168.1.2', '192.168.2.2']);
    await del();
    await del();
    expect(pod.names()).toEqual([]);
    expect(reserved()).toEqual([]);
    expect(await record()).toBeUndefined();
  });

  it('gives the addresses back when the namespace is gone', async () => {
    const { add, del, kernel, reserved } = world({ networks });
    await add('a,b');
    kernel.removeNamespace('/var/run/netns/pod');
    await del('c1', '');
    expect(reserved()).toEqual([]);
  });

  it('tries every delegate, keeps what failed for GC, and succeeds once the pod has no link of ours', async () => {
    const fancy = ({ command }: { command: string }) =>
      command === 'ADD'
        ? { cniVersion: '1.0.0', interfaces: [{ name: 'net1', sandbox: '/x' }] }
        : new Error('it hangs');
    const { add, del, reserved, record } = world({
      networks: { ...networks, 'default/f': { cniVersion: '1.0.0', type: 'fancy' } },
      foreign: { fancy },
    });
    await add('f,a');
    await del();
    expect(reserved()).toEqual([]);
    expect((await record())?.attachments).toMatchObject([
      { network: 'default/f', failure: expect.stringContaining('it hangs') },
    ]);
  });

  it('of a container never added is success', async () => {
    await world().del('never');
  });
});

describe('CHECK', () => {
  it('passes after ADD and names what somebody took away', async () => {
    const { add, check, pod } = world({ networks });
    await add('a,b');
    await check();
    await pod.deleteLink('net2' as never);
    await expect(check()).rejects.toMatchObject({
      reason: 'CheckFailed',
      where: { network: 'default/b', ifName: 'net2' },
    });
  });

  it('skips networks below 0.4.0 with success', async () => {
    const { add, check, pod } = world({
      networks: { 'default/old': macvlan('192.168.1.0/24', { cniVersion: '0.3.0' }) },
    });
    await add('old');
    await pod.deleteLink('net1' as never);
    await check();
  });

  it('sees that the metric which keeps a network’s default route back is gone', async () => {
    const routes = [{ dst: '0.0.0.0/0' }];
    const guarded = macvlan('192.168.9.0/24', {
      ipam: { type: 'host-local', subnet: '192.168.9.0/24', gateway: '192.168.9.1', routes },
    });
    const { add, check, pod } = world({ networks: { 'default/g': guarded } });
    await add('g');
    await check();
    const kept = pod.routesTo('0.0.0.0/0').find(({ metric }) => metric === 1001) ?? expect.fail('no guarded route');
    await pod.deleteRoute(kept);
    await pod.addRoute({ ...kept, metric: 50 });
    await expect(check()).rejects.toMatchObject({
      reason: 'CheckFailed',
      where: { network: 'default/g', ifName: 'net1' },
      problem: expect.stringMatching(
        /^Cannot find route 0.0.0.0\/0 via 192.168.9.1 metric 1001 in the pod: it has via .*via 192.168.9.1 metric 50/,
      ),
    });
  });

  it('sees that the isolation was switched off', async () => {
    const { add, check, pod } = world({ networks });
    await add('a');
    await pod.setSysctl('net/ipv4/conf/net1/arp_ignore', '0');
    await expect(check()).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Setting net/ipv4/conf/net1/arp_ignore is 0: expected 1',
    });
  });

  it('sees that a rule of the isolation is gone', async () => {
    const { add, check, pod } = world({ networks });
    await add('a');
    await check();
    for (const rule of (await pod.rules()).filter(({ blackhole, family }) => blackhole && family === 6))
      await pod.deleteRule(rule);
    await expect(check()).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Cannot find the IPv6 rule "iif net1 blackhole" in the pod',
    });
  });

  it('passes for a foreign delegate that makes no link', async () => {
    const answer = { cniVersion: '1.0.0', ips: [{ address: '192.0.2.5/24' }] };
    const { add, check } = world({
      networks: { 'default/f': { cniVersion: '1.0.0', type: 'fancy' } },
      foreign: { fancy: answer },
    });
    await add('f');
    await check();
  });

  it('fails for a container without a finished ADD', async () => {
    await expect(world().check('never')).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});

it('announces the addresses of a default network that a foreign plugin attaches', async () => {
  const answer = {
    cniVersion: '0.4.0',
    interfaces: [{ name: 'eth0', sandbox: '/x' }],
    ips: [{ version: '4', address: '10.0.0.9/24', interface: 0 }],
  };
  const attach = ({ command }: { command: string }) => {
    if (command !== 'ADD') return undefined;
    const name = ifName('eth0', 'name');
    void host.createLink({ kind: 'macvlan', name, parent: host.link('eth1').index, mode: 'bridge' }, pod);
    const { index } = pod.link('eth0');
    void pod.addAddress(index, cidr('10.0.0.9/24', 'address'));
    void pod.changeLink(index, { up: true });
    return answer;
  };
  const { add, kernel, host, pod } = world({ kernel: { record: true }, allForeign: true, foreign: { bridge: attach } });
  await add();
  expect(kernel.calls.filter((call) => call.startsWith('announce'))).toEqual(['announce 10.0.0.9']);
});

it('runs the external plugin when told to prefer it', async () => {
  const answer = {
    cniVersion: '0.4.0',
    interfaces: [{ name: 'eth0', sandbox: '/x' }],
    ips: [{ version: '4', address: '10.0.0.9/24', interface: 0 }],
  };
  const { add, edges } = world({ allForeign: true, foreign: { bridge: answer } });
  await add();
  expect(edges.foreign.calls).toMatchObject([
    { type: 'bridge', command: 'ADD', stdin: { name: cluster.name, ipam: { type: 'host-local' } } },
  ]);
});
