/** The agent's leases, with a DHCP server in memory and a clock that the test moves. Touches nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Conversation } from '../../src/agent/dhcp/conversation';
import { Keeper } from '../../src/agent/dhcp/keeper';
import type { OpenLink, Place, PodLinks, Trouble } from '../../src/agent/dhcp/ports';
import { toFrame4 } from '../../src/dhcp/frame4';
import { GobReader } from '../../src/dhcp/gob-reader';
import { decode4, encode4, type Message4, nobody } from '../../src/dhcp/message4';
import { number32, opt4 } from '../../src/dhcp/option4';
import { type CmdArgs, encodeCall, greeting, ReplyReader, welcome } from '../../src/dhcp/rpc';
import { refused } from '../../src/kernel/errno';
import { fakeFiles } from '../../src/model/files';
import { fakeKernel } from '../../src/model/kernel';
import { fakeLog } from '../../src/model/log';
import type { Ip } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { type Mac, mac } from '../../src/net/mac';

const server = { mac: mac('02:00:00:00:00:fe', 'test'), ip: '10.9.0.1' as Ip };

/** A pod's link whose network has a server, until it is silenced. */
function network() {
  const asked: Message4[] = [];
  const state = {
    silent: false,
    refuses: false,
    refusesRenewal: false,
    gone: false,
    down: false,
    open: 0,
    identity: 'ns-1',
    next: 57,
  };
  const onNetwork = new Map<Ip, Mac>(); // others
  const onLink: Ip[] = [];
  const given = new Map<string, Ip>();
  const { host } = fakeKernel({ hostLinks: ['net1'] });
  const answer = (message: Message4): Message4 | undefined => {
    const client = message.options.get(opt4.clientId)?.toString('hex') ?? '';
    if (message.type === 'release') given.delete(client);
    if (message.type === 'decline') given.delete(client);
    if (state.refusesRenewal && message.type === 'request' && message.client !== nobody) {
      const options = new Map([[opt4.serverId, Buffer.from([10, 9, 0, 1])]]);
      return { ...message, isReply: true, type: 'nak', yours: nobody, client: nobody, options };
    }
    if (state.silent || (message.type !== 'discover' && message.type !== 'request')) return undefined;
    const yours = given.get(client) ?? (`10.9.0.${state.next++}` as Ip);
    given.set(client, yours);
    const options = new Map([
      [opt4.subnetMask, Buffer.from([255, 255, 255, 0])],
      [opt4.router, Buffer.from([10, 9, 0, 1])],
      [opt4.serverId, Buffer.from([10, 9, 0, 1])],
      [opt4.leaseTime, number32(600)],
    ]);
    const type = message.type === 'discover' ? 'offer' : 'ack';
    return { ...message, isReply: true, type, yours, client: nobody, options };
  };
  const find = async ({ identity, ifName }: Place): Promise<Link | undefined> =>
    state.gone || (identity ?? state.identity) !== state.identity ? undefined : await host.findLink(ifName);
  const links: PodLinks = {
    addresses: async (place) => ((await find(place)) === undefined ? undefined : onLink),
    async open(place): Promise<OpenLink | undefined> {
      const link = await find(place);
      if (link === undefined) return undefined;
      state.open += 1;
      const waiting: Buffer[] = [];
      return {
        identity: state.identity,
        link,
        async setDown() {
          state.down = true;
        },
        async remove(address) {
          onLink.splice(onLink.indexOf(address), 1);
        },
        findHolder: async (address) => onNetwork.get(address),
        async send(frame) {
          if (state.refuses) throw refused('send', 'ENETDOWN');
          const message = decode4(frame.subarray(42)) as Message4;
          asked.push(message);
          const reply = answer(message);
          if (reply === undefined) return;
          const back = toFrame4(encode4(reply), server, { mac: message.mac, ip: reply.yours });
          back.writeUInt16BE(68, 36); // from the server's port to the client's
          waiting.push(back);
        },
        heard: () => waiting.splice(0),
        close() {
          state.open -= 1;
        },
      };
    },
  };
  return { links, state, asked, given, onNetwork, onLink, types: () => asked.map(({ type }) => type) };
}

const args = (changes: Partial<CmdArgs> = {}): CmdArgs => ({
  containerId: 'c1',
  netns: '/run/netns/pod',
  ifName: 'net1',
  args: 'K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=u1',
  path: '/opt/cni/bin',
  stdin: JSON.stringify({ name: 'lan', ipam: { type: 'dhcp', priority: 50 } }),
  ...changes,
});

function agent(links: PodLinks, files = fakeFiles(), bootId = 'boot-1', broadcast = false) {
  const log = fakeLog();
  const troubles: Trouble[] = [];
  const tell = (trouble: Trouble): void => void troubles.push(trouble);
  const means = {
    links,
    files,
    log,
    broadcast,
    directory: '/state/dhcp',
    bootId,
    tell,
    now: Date.now,
    random: () => 0.5,
  };
  return { keeper: new Keeper(means), files, log, troubles };
}

/** The outcome, after the clock was moved by as much. */
async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  work.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(milliseconds);
  return await work;
}

const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a lease', () => {
  it('is asked for, kept in a file, and the same for who asks again', async () => {
    const { links, state, types } = network();
    const { keeper, files } = agent(links);
    const result = await inTime(keeper.allocate(args()), 100);
    expect(result).toMatchObject({
      ips: [{ address: '10.9.0.57/24', gateway: '10.9.0.1' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.9.0.1', priority: 50 }],
    });
    expect(await keeper.allocate(args())).toEqual(result);
    expect(types()).toEqual(['discover', 'request']);
    expect(files.paths()).toHaveLength(1);
    await minutes(0);
    expect(state.open).toBe(0); // an open link would keep the namespace alive
    keeper.stop();
  });

  it.each([true, false])(
    'is answered by broadcast when the agent is to ask for that (%s), until there is an address',
    async (wanted) => {
      const { links, asked } = network();
      const { keeper } = agent(links, fakeFiles(), 'boot-1', wanted);
      await inTime(keeper.allocate(args()), 100);
      await minutes(6);
      expect(asked.map(({ type, broadcast }) => [type, broadcast])).toEqual([
        ['discover', wanted],
        ['request', wanted],
        ['request', false], // renewed: to the address that it has
      ]);
      keeper.stop();
    },
  );

  it('is renewed at half its time, for hours', async () => {
    const { links, types, state } = network();
    const { keeper } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    await minutes(61);
    expect(types().filter((type) => type === 'request')).toHaveLength(1 + 12);
    expect(state).toMatchObject({ down: false, open: 0 });
    keeper.stop();
  });

  it('is given back by its release, and forgotten', async () => {
    const { links, types, given } = network();
    const { keeper, files } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    await keeper.release(args({ netns: '' }));
    expect(types().at(-1)).toBe('release');
    expect([...given, ...files.paths(), keeper.size]).toEqual([0]);
    await keeper.release(args()); // a second time: nothing to do
  });

  it('whose link is down is released all the same', async () => {
    const { links, state } = network();
    const { keeper, files, log } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    state.refuses = true;
    await keeper.release(args());
    expect([keeper.size, state.open, ...files.paths()]).toEqual([0, 0]);
    expect(log.entries.at(-1)).toMatchObject({
      level: 'warn',
      fields: { problem: expect.stringContaining('ENETDOWN') },
    });
  });

  it('is kept through what the kernel refuses, and renewed when it does not any more', async () => {
    const { links, state, types } = network();
    const { keeper } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    state.refuses = true;
    await minutes(6);
    expect(types()).toHaveLength(2);
    state.refuses = false;
    await minutes(4);
    expect(types().length).toBeGreaterThan(2);
    expect(state.down).toBe(false);
    expect(keeper.size).toBe(1);
    keeper.stop();
  });

  it('goes on after a restart of the agent, with the same address', async () => {
    const { links, types, state } = network();
    const first = agent(links);
    await inTime(first.keeper.allocate(args()), 100);
    first.keeper.stop();
    const second = agent(links, first.files);
    await second.keeper.resume();
    await minutes(11);
    expect(types()).toEqual(['discover', 'request', 'request', 'request']);
    expect(await second.keeper.allocate(args())).toMatchObject({ ips: [{ address: '10.9.0.57/24' }] });
    expect(state.down).toBe(false);
    await second.keeper.release(args());
    expect(types().at(-1)).toBe('release');
  });

  it.each<[string, (files: ReturnType<typeof fakeFiles>) => Promise<void>, string]>([
    ['of an earlier boot', async () => undefined, 'boot-2'],
    ['that is damaged', async (files) => files.writeText(files.paths()[0] as string, '{"version":1'), 'boot-1'],
    ['of another version', async (files) => files.writeText(files.paths()[0] as string, '{"version":9}'), 'boot-1'],
  ])('%s is not taken up', async (_, change, boot) => {
    const { links } = network();
    const first = agent(links);
    await inTime(first.keeper.allocate(args()), 100);
    first.keeper.stop();
    await change(first.files);
    const { keeper } = agent(links, first.files, boot);
    await keeper.resume();
    expect([keeper.size, ...first.files.paths()]).toEqual([0]);
  });

  it('of a pod that is gone is forgotten without a call', async () => {
    const { links, state } = network();
    const { keeper, files } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    state.gone = true;
    await minutes(6);
    expect([keeper.size, ...files.paths()]).toEqual([0]);
  });

  it('is not given to another namespace at the same path', async () => {
    const { links, state, types } = network();
    const { keeper } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    state.identity = 'ns-2';
    await inTime(keeper.allocate(args()), 100);
    expect(types()).toEqual(['discover', 'request', 'discover', 'request']);
    keeper.stop();
  });

  it('that no server renews ends with the link set down', async () => {
    const { links, state } = network();
    const { keeper, files, log, troubles } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    state.silent = true;
    await minutes(9.5);
    expect(state.down).toBe(false);
    await minutes(1);
    expect(state).toMatchObject({ down: true, open: 0 });
    expect([keeper.size, ...files.paths()]).toEqual([0]);
    expect(JSON.stringify(log.entries)).toContain('10.9.0.57');
    const problem = 'The lease of 10.9.0.57 ended: no DHCP server answered on net1; the interface was set down';
    const where = { network: 'lan', ifName: 'net1' };
    const pod = { namespace: 'shop', name: 'web', uid: 'u1' };
    expect(troubles).toMatchObject([{ what: 'expired', pod, error: { reason: 'LeaseLost', problem, where } }]);
  });

  it('that the server refuses to renew is told of once, by the agent after a restart, too', async () => {
    const { links, state, onLink } = network();
    const first = agent(links);
    await inTime(first.keeper.allocate(args()), 100);
    onLink.push('10.9.0.57' as Ip);
    first.keeper.stop();
    const { keeper, troubles } = agent(links, first.files);
    await keeper.resume();
    state.refusesRenewal = true;
    await minutes(6);
    const problem =
      'The lease of 10.9.0.57 is not renewed, 10.9.0.1: it gave no reason; the pod has the address until it ends';
    expect(troubles).toMatchObject([{ what: 'refused', pod: { name: 'web' }, error: { problem } }]);
    expect(state.down).toBe(false);
    keeper.stop();
  });

  it('whose address somebody takes off the link is told of once, and goes on', async () => {
    const { links, onLink, types } = network();
    const { keeper, troubles } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    await minutes(5.5);
    expect(troubles).toEqual([]); // it is put there after the lease is given
    onLink.push('10.9.0.57' as Ip);
    await minutes(5.5);
    onLink.splice(0);
    await minutes(11);
    expect(troubles).toMatchObject([{ what: 'missing', error: { problem: '10.9.0.57 is not on net1 any more' } }]);
    expect(types().length).toBeGreaterThan(4);
    keeper.stop();
  });

  it('of an address that somebody on the network has is declined for another one', async () => {
    const { links, onNetwork, types } = network();
    onNetwork.set('10.9.0.57' as Ip, server.mac);
    const { keeper } = agent(links);
    const result = await inTime(keeper.allocate(args()), 11_000);
    expect(result).toMatchObject({ ips: [{ address: '10.9.0.58/24' }] });
    expect(types()).toEqual(['discover', 'request', 'decline', 'discover', 'request']);
    keeper.stop();
  });
});

describe('an ADD fails in words', () => {
  it('when no server answers', async () => {
    const { links, state } = network();
    state.silent = true;
    const { keeper, files } = agent(links);
    await expect(inTime(keeper.allocate(args()), 41_000)).rejects.toThrow('no DHCP server answered on net1');
    expect([keeper.size, state.open, ...files.paths()]).toEqual([0, 0]);
  });

  it('when others have every address that the server gives', async () => {
    const { links, onNetwork } = network();
    for (let last = 57; last < 70; last++) onNetwork.set(`10.9.0.${last}` as Ip, server.mac);
    await expect(inTime(agent(links).keeper.allocate(args()), 41_000)).rejects.toThrow(
      /gives what others have: 10\.9\.0\.\d+ is in use by 02:00:00:00:00:fe/,
    );
  });

  it('when there is no such link', async () => {
    const { links } = network();
    const { keeper } = agent(links);
    await expect(inTime(keeper.allocate(args({ ifName: 'net9' })), 100)).rejects.toThrow('no net9 in /run/netns/pod');
  });

  it.each([
    ['no name', { stdin: '{"ipam":{"type":"dhcp"}}' }],
    ['no JSON', { stdin: 'x' }],
    ['an id that is none', { containerId: '../x' }],
    ['an interface name that is none', { ifName: 'a/b' }],
    ['options that are none', { stdin: '{"name":"n","ipam":{"provide":[{"option":"x"}]}}' }],
  ])('when the call has %s', async (_, changes) => {
    const { links, asked } = network();
    await expect(agent(links).keeper.allocate(args(changes))).rejects.toThrow('Cannot');
    expect(asked).toEqual([]);
  });

  it('when it is given back before it is there', async () => {
    const { links, state } = network();
    state.silent = true;
    const { keeper } = agent(links);
    const adding = keeper.allocate(args());
    adding.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(2000);
    const releasing = keeper.release(args());
    await vi.advanceTimersByTimeAsync(100);
    await releasing;
    await expect(adding).rejects.toThrow();
    expect([keeper.size, state.open]).toEqual([0, 0]);
  });
});

describe('a caller', () => {
  const said: Buffer[] = [];
  const caller = () => {
    said.length = 0;
    const { links } = network();
    const { keeper, log } = agent(links);
    return { keeper, conversation: new Conversation(keeper, (bytes) => void said.push(bytes), log) };
  };

  it('is welcomed and answered, whatever the size of the pieces', async () => {
    const { conversation, keeper } = caller();
    const bytes = Buffer.concat([Buffer.from(greeting), encodeCall({ method: 'DHCP.Allocate', seq: 3, args: args() })]);
    for (const byte of bytes) conversation.hear(Buffer.from([byte]));
    await vi.advanceTimersByTimeAsync(100);
    expect(said[0]?.toString()).toBe(welcome);
    const values = new GobReader();
    values.push(Buffer.concat(said.slice(1)));
    expect(new ReplyReader(values).next()).toMatchObject({
      seq: 3,
      outcome: { result: { ips: [{ address: '10.9.0.57/24' }] } },
    });
    keeper.stop();
  });

  it('that asks for something else is told so', async () => {
    const { conversation } = caller();
    conversation.hear(Buffer.from(greeting));
    conversation.hear(encodeCall({ method: 'DHCP.Steal', seq: 0, args: args() }));
    await vi.advanceTimersByTimeAsync(0);
    const values = new GobReader();
    values.push(Buffer.concat(said.slice(1)));
    expect(new ReplyReader(values).next()?.outcome).toEqual({ error: "rpc: can't find method DHCP.Steal" });
  });

  it.each([
    ['another request', 'GET / HTTP/1.1\r\n\r\n'],
    ['a head without end', 'x'.repeat(9000)],
    ['nonsense after the greeting', `${greeting}\u0003\u0001\u0001\u0001`],
  ])('that says %s is refused', (_, text) => {
    expect(() => caller().conversation.hear(Buffer.from(text))).toThrow();
  });
});
