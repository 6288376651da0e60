/** DEL on a node of fakes: whatever is gone, broken or hanging, it takes back the rest and keeps what is left for GC. */
import { describe, expect, it } from 'vitest';
import { gcAll } from '../../src/attach/gc';
import { CniError } from '../../src/error';
import { containerId, ifName, netnsPath } from '../../src/net/names';
import { type WorldOptions, world } from './world';

const networks = {
  'default/a': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'host-local', subnet: '192.168.1.0/24' },
  },
  'default/f': { cniVersion: '1.0.0', type: 'fancy' },
};
const owner = { containerId: containerId('c1'), ifName: ifName('eth0', 'test') };
const pod = '/var/run/netns/pod';

/** A foreign delegate whose DEL ends like that. */
const fancy =
  (error: CniError): NonNullable<WorldOptions['foreign']>[string] =>
  ({ command }) =>
    command === 'ADD' ? { cniVersion: '1.0.0', interfaces: [{ name: 'net1', sandbox: pod }] } : error;

describe('DEL succeeds and leaves nothing', () => {
  it.each<[string, (w: ReturnType<typeof world>) => Promise<void>]>([
    ['when the runtime names no namespace', ({ del }) => del('c1', '').then(() => {})],
    [
      'when the path of the namespace is gone',
      async ({ del, kernel }) => {
        kernel.removeNamespace(pod);
        await del();
      },
    ],
    [
      'when the links are gone',
      async ({ del, pod: space }) => {
        for (const name of space.names()) await space.deleteLink(ifName(name, 'test'));
        await del();
      },
    ],
    [
      "when the namespace that the runtime names is the node's own",
      async ({ del, kernel, edges }) => {
        kernel.removeNamespace(pod);
        const find = kernel.find.bind(kernel);
        kernel.find = async (path) => {
          if (path === '/proc/1/ns/net') throw new CniError('NetnsSame', 'it is the namespace the plugin runs in');
          return await find(path);
        };
        await del('c1', '/proc/1/ns/net');
        expect(await edges.records.all()).toEqual([]);
      },
    ],
    [
      'when it is called twice',
      async ({ del }) => {
        await del();
        await del();
      },
    ],
    [
      'when the definitions of the networks are gone',
      async ({ del, edges }) => {
        edges.networks.find = async () => undefined;
        await del();
      },
    ],
  ])('%s', async (_, act) => {
    const node = world({ networks });
    await node.add('a');
    await act(node);
    expect(node.pod.names().filter((name) => node.kernel.devices().some((device) => device.name === name))).toEqual([]);
    expect(node.reserved()).toEqual([]);
    expect(await node.record()).toBeUndefined();
    expect(node.edges.records.lockedNow()).toBe(0);
  });

  it('of a container that was never added', async () => {
    const { del, kernel } = world({ networks });
    await del('never');
    await del('never', '');
    expect(kernel.host.names()).toEqual(['eth0', 'eth1']);
  });

  it('with one request for all links of the pod: the kernel waits for each deletion', async () => {
    const { add, del, kernel, host } = world({ networks, kernel: { record: true } });
    await add('a,a');
    const before = kernel.calls.length;
    await del();
    const deletions = kernel.calls.slice(before).filter((call) => call.startsWith('deleteLink'));
    expect(deletions).toEqual(['deleteLinks eth0 net1 net2']);
    expect(host.names()).toEqual(['eth0', 'eth1', 'cni-t0']); // the pod's port of the bridge went with its peer
  });

  it('when the record is torn: the addresses come back, and the file goes', async () => {
    const { add, del, edges, reserved } = world({ networks });
    await add('a');
    edges.records.tear(owner);
    await del();
    expect(reserved()).toEqual([]);
    expect(await edges.records.broken()).toEqual([]);
  });
});

describe('DEL with a record that cannot be used', () => {
  const foreign = { fancy: ({ command }: { command: string }) => (command === 'ADD' ? { cniVersion: '1.0.0' } : '') };
  /** A pod with a network of each kind, whose record is torn, or of a newer version, by now. */
  const torn = async (salvaged: { readonly isWhole: boolean; readonly isNewer: boolean; readonly read?: number }) => {
    const w = world({ networks: { ...networks, 'default/v': { ...networks['default/a'], vlan: 7 } }, foreign });
    await w.add('a,f,v');
    const record = (await w.record()) ?? expect.fail('no record');
    const attachments = record.attachments.slice(0, salvaged.read ?? record.attachments.length);
    w.edges.records.tear(owner, { record: { ...record, attachments, result: undefined }, ...salvaged });
    const delegates = () =>
      w.edges.foreign.calls.filter(({ command }) => command === 'DEL').map(({ ifName }) => ifName);
    return { ...w, delegates };
  };

  it.each([
    ['of a newer version that can be read', { isWhole: true, isNewer: true }],
    ['cut behind its attachments', { isWhole: false, isNewer: false }],
  ])('takes back all that one %s tells', async (_, salvaged) => {
    const { del, pod: space, reserved, edges, host, delegates } = await torn(salvaged);
    await del();
    expect([space.names(), reserved(), delegates()]).toEqual([[], [], ['net2']]);
    expect(host.names()).not.toContain('eth1.7');
    expect([await edges.records.broken(), await edges.records.all()]).toEqual([[], []]);
  });

  it('gives back reservations and shared links of attachments that are lost', async () => {
    const { del, reserved, edges, host } = await torn({ isWhole: false, isNewer: false, read: 0 });
    await del();
    expect(reserved()).toEqual([]);
    expect([host.names().includes('eth1.7'), edges.hostLinks.users()]).toEqual([false, {}]);
    expect(await edges.records.broken()).toEqual([]);
  });

  it('leaves the rest of a newer one to a newer Braid, and GC says why', async () => {
    const { del, pod: space, reserved, edges, delegates } = await torn({ isWhole: false, isNewer: true });
    await del();
    expect([space.names(), reserved(), delegates()]).toEqual([[], [], ['net2']]);
    expect(await edges.records.broken()).toMatchObject([owner]);
    expect((await gcAll({ valid: [], dryRun: false }, edges)).failed).toMatchObject([
      { what: 'record', error: { reason: 'RecordInvalid', problem: expect.stringContaining('a newer Braid wrote') } },
    ]);
  });

  it('keeps recorded what failed, as with any other', async () => {
    const { del, edges, record, pod: space, kernel } = await torn({ isWhole: true, isNewer: true });
    kernel.removeNamespace(pod);
    edges.foreign.run = async () => {
      throw new CniError('DelegateMissing', 'Cannot find plugin "fancy"');
    };
    await del();
    expect(space.names()).toEqual([]);
    expect(await record()).toMatchObject({
      version: 1,
      attachments: [{ network: 'default/f', failure: expect.stringContaining('DelegateMissing: ') }],
    });
  });

  it('frees by hand what is provably gone, and nothing else', async () => {
    const { edges, kernel, reserved } = await torn({ isWhole: true, isNewer: true });
    const byHand = { valid: undefined, dryRun: false };
    expect((await gcAll(byHand, edges)).freed).toEqual([]);
    kernel.removeNamespace(pod);
    expect((await gcAll(byHand, edges)).freed).toMatchObject([{ what: 'record', why: `its namespace ${pod} is gone` }]);
    expect(reserved()).toEqual([]);
  });

  it('keeps no new sandbox of the pod from its ADD', async () => {
    const { add, kernel, record } = await torn({ isWhole: false, isNewer: false, read: 0 });
    kernel.addNamespace('/var/run/netns/pod2');
    await add('a', 'c2', '/var/run/netns/pod2');
    expect((await record('c2'))?.result).toBeDefined();
  });
});

describe('DEL touches no namespace that may be another sandbox’s by now', () => {
  it.each([
    ['a path by process number', { netns: netnsPath('/proc/4711/ns/net') }],
    ['a path of an earlier boot', { bootId: 'boot-0' }],
  ])('%s, when the runtime names none', async (_, recorded) => {
    const { add, del, kernel, edges, record, reserved } = world({ networks });
    await add('a');
    const now = await record();
    if (now === undefined) expect.fail('no record');
    await edges.records.save({ ...now, ...recorded });
    const other = kernel.addNamespace('/proc/4711/ns/net');
    other.plug({ name: 'net1' });
    await del('c1', '');
    expect(other.names()).toEqual(['net1']);
    expect(kernel.pod.names()).toContain('net1'); // nothing was said of that one, either
    expect(reserved()).toEqual([]);
  });
});

describe('DEL of a sandbox whose path leads elsewhere by now', () => {
  it.each<[string, (w: ReturnType<typeof world>) => Promise<string>]>([
    ['when the runtime names the path', ({ del }) => del('c1', pod)],
    ['when the runtime names none', ({ del }) => del('c1', '')],
  ])('leaves the other namespace alone %s, tells no delegate of it, and frees the rest', async (_, act) => {
    const foreign = { fancy: ({ command }: { command: string }) => (command === 'ADD' ? { cniVersion: '1.0.0' } : '') };
    const w = world({ networks, foreign });
    await w.add('a,f');
    w.kernel.removeNamespace(pod);
    const other = w.kernel.addNamespace(pod);
    other.plug({ name: 'net1' });
    await act(w);
    expect(other.names()).toEqual(['net1']);
    expect([w.reserved(), await w.record()]).toEqual([[], undefined]);
    expect(w.edges.foreign.calls.at(-1)).toMatchObject({ command: 'DEL', netns: '' });
    expect(other.handles).toBe(1);
  });

  it('finds it at the recorded path when the runtime names another', async () => {
    const { add, del, kernel, pod: space, record } = world({ networks });
    await add('a');
    const other = kernel.addNamespace('/var/run/netns/other');
    other.plug({ name: 'net1' });
    await del('c1', '/var/run/netns/other');
    expect([space.names(), other.names(), await record()]).toEqual([[], ['net1'], undefined]);
  });

  it('takes what is at the path for it when a record of an older version does not say', async () => {
    const { add, del, edges, pod: space, record } = world({ networks });
    await add('a');
    const { netnsId: _, ...old } = (await record()) ?? expect.fail('no record');
    await edges.records.save(old);
    await del();
    expect([space.names(), await record()]).toEqual([[], undefined]);
  });
});

describe('a foreign delegate', () => {
  it.each([
    ['is missing', new CniError('DelegateMissing', 'Cannot find plugin "fancy"')],
    ['fails', new CniError('DelegateFailed', 'Delegate "fancy" failed (DEL): no')],
    ['hangs', new CniError('DelegateTimeout', 'Cannot wait longer for delegate "fancy"')],
  ])('that %s at DEL stays recorded with the reason, and GC gets rid of it when it works again', async (_, error) => {
    const foreign: Record<string, ReturnType<typeof fancy>> = { fancy: fancy(error) };
    const { add, del, edges, pod: space, record, reserved } = world({ networks, foreign });
    await add('f,a');
    await del();
    expect(space.names()).toEqual([]);
    expect(reserved()).toEqual([]);
    expect(await record()).toMatchObject({
      attachments: [{ network: 'default/f', failure: expect.stringContaining(`${error.reason}: `) }],
    });
    expect((await gcAll({ valid: [], dryRun: false }, edges)).failed).toMatchObject([
      { error: { reason: error.reason } },
    ]);
    foreign.fancy = () => '';
    expect((await gcAll({ valid: [], dryRun: false }, edges)).freed).toHaveLength(1);
    expect(await record()).toBeUndefined();
  });

  it('that fails for the default network does not keep the others from their DEL', async () => {
    const cluster = { cniVersion: '1.0.0', name: 'cluster', type: 'fancy' };
    const error = new CniError('DelegateFailed', 'Delegate "fancy" failed (DEL): no');
    const {
      add,
      del,
      pod: space,
      reserved,
      record,
    } = world({
      networks,
      conf: { delegates: [cluster] },
      foreign: { fancy: fancy(error) },
    });
    await add('a');
    await del();
    expect(space.names()).toEqual([]);
    expect(reserved()).toEqual([]);
    expect((await record())?.attachments.map(({ network }) => network)).toEqual(['cluster']);
  });

  it('of the default network works while the links of the others go', async () => {
    const seen: string[][] = [];
    const foreign = {
      fancy: ({ command }: { command: string }) => {
        if (command === 'DEL') seen.push([...w.pod.names()]);
        return command === 'ADD' ? { cniVersion: '1.0.0' } : '';
      },
    };
    const conf = { delegates: [{ cniVersion: '1.0.0', name: 'cluster', type: 'fancy' }] };
    const w = world({ networks, conf, foreign });
    await w.add('a,a');
    expect(w.pod.names()).toEqual(['net1', 'net2']);
    await w.del();
    expect([seen, w.pod.names(), await w.record()]).toEqual([[[]], [], undefined]);
  });

  it('that fails and leaves its link in a living pod is an error, every time, until it works', async () => {
    const error = new CniError('DelegateFailed', 'Delegate "fancy" failed (DEL): no');
    const foreign: Record<string, ReturnType<typeof fancy>> = { fancy: fancy(error) };
    const { add, del, pod: space, record } = world({ networks, foreign });
    await add('f,a');
    space.plug({ name: 'net1' });
    await expect(del()).rejects.toMatchObject({ reason: 'DelegateFailed', where: { network: 'default/f' } });
    await expect(del()).rejects.toMatchObject({ reason: 'DelegateFailed' });
    foreign.fancy = () => '';
    await del();
    expect(await record()).toBeUndefined();
  });
});
