/** The agent's leases of IPv6, and of both families, with servers in memory and a clock that the test moves. Touches nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { duidOf } from '../../src/agent/dhcp/identity';
import { Keeper } from '../../src/agent/dhcp/keeper';
import type { OpenLink, PodLinks, Trouble } from '../../src/agent/dhcp/ports';
import { toFrame4 } from '../../src/dhcp/frame4';
import { decode4, encode4, type Message4 } from '../../src/dhcp/message4';
import { decode6, encode6, type Message6, type Type6 } from '../../src/dhcp/message6';
import { number32, opt4 } from '../../src/dhcp/option4';
import { encodeOptions6, opt6 } from '../../src/dhcp/option6';
import type { CmdArgs } from '../../src/dhcp/rpc';
import { fakeFiles } from '../../src/model/files';
import { fakeKernel } from '../../src/model/kernel';
import { fakeLog } from '../../src/model/log';
import { type Family, type Ip, ipBytes } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { containerId, ifName, networkName } from '../../src/net/names';

const [four, six] = ['10.9.0.57' as Ip, '2001:db8::57' as Ip];
const server = { mac: mac('02:00:00:00:00:fe', 'test'), ip: '10.9.0.1' as Ip };

/** A pod's link whose network has a server of each family, until one is silenced. */
function network() {
  const asked: Message6[] = [];
  const asked4: Message4[] = [];
  const silent = new Set<Family>();
  const state = { down: false, open: 0 };
  const onLink = new Set<Ip>();
  const { host } = fakeKernel({ hostLinks: ['net1'] });
  const links: PodLinks = {
    addresses: async () => [...onLink],
    async open({ ifName: name }, { family }): Promise<OpenLink | undefined> {
      const link = await host.findLink(name);
      if (link === undefined) return undefined;
      const waiting: Buffer[] = [];
      state.open += 1;
      return {
        identity: 'ns-1',
        link,
        async setDown() {
          state.down = true;
        },
        remove: async (address) => void onLink.delete(address),
        findHolder: async () => undefined,
        async send(bytes) {
          if (family === 4) asked4.push(decode4(bytes.subarray(42)) as Message4);
          else asked.push(decode6(bytes) as Message6);
          if (!silent.has(family)) waiting.push(family === 4 ? answer4(asked4.at(-1)) : answer6(asked.at(-1)));
        },
        heard: () => waiting.splice(0),
        close() {
          state.open -= 1;
        },
      };
    },
  };
  return { links, silent, state, onLink, asked, asked4, types: (): readonly Type6[] => asked.map(({ type }) => type) };
}

function answer4(message: Message4 | undefined): Buffer {
  if (message === undefined) return expect.fail('no message');
  const options = new Map([
    [opt4.subnetMask, Buffer.from([255, 255, 255, 0])],
    [opt4.serverId, Buffer.from([10, 9, 0, 1])],
    [opt4.leaseTime, number32(600)],
  ]);
  const type = message.type === 'discover' ? 'offer' : 'ack';
  const reply = encode4({ ...message, isReply: true, type, yours: four, options });
  const frame = toFrame4(reply, server, { mac: message.mac, ip: four });
  frame.writeUInt16BE(68, 36); // from the server's port to the client's
  return frame;
}

/** A lease of 600 s, at once. */
function answer6(message: Message6 | undefined): Buffer {
  if (message === undefined) return expect.fail('no message');
  const given = Buffer.concat([ipBytes(six), number32(600), number32(600)]);
  const inner = encodeOptions6(new Map([[opt6.address, [given]]]));
  const options = new Map([
    [opt6.clientId, message.options.get(opt6.clientId) ?? []],
    [opt6.serverId, [Buffer.from('00030001020000000afe', 'hex')]],
    [opt6.identity, [Buffer.concat([number32(1), number32(0), number32(0), inner])]],
    [opt6.rapidCommit, [Buffer.alloc(0)]],
    [opt6.dnsServers, [ipBytes('2001:db8::53' as Ip)]],
  ]);
  return encode6({ type: 'reply', xid: message.xid, options });
}

const args = (ipam: object = { family: 'ipv6' }): CmdArgs => ({
  containerId: 'c1',
  netns: '/run/netns/pod',
  ifName: 'net1',
  args: 'K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web',
  path: '/opt/cni/bin',
  stdin: JSON.stringify({ name: 'lan', ipam: { type: 'dhcp', ...ipam } }),
});

function agent(links: PodLinks, files = fakeFiles()) {
  const troubles: Trouble[] = [];
  const tell = (trouble: Trouble): void => void troubles.push(trouble);
  const own = { directory: '/state/dhcp', bootId: 'boot-1', log: fakeLog(), broadcast: false };
  const keeper = new Keeper({ links, files, ...own, tell, now: Date.now, random: () => 0.5 });
  return { keeper, files, troubles };
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

describe('a lease of IPv6', () => {
  it('is an address of its own prefix, renewed and given back', async () => {
    const { links, state, types } = network();
    const { keeper, files } = agent(links);
    const result = await inTime(keeper.allocate(args()), 100);
    expect(result).toEqual({ interfaces: [], ips: [{ address: '2001:db8::57/128' }], routes: [], dns: {} });
    expect(await keeper.allocate(args())).toEqual(result);
    await minutes(11);
    expect(types()).toEqual(['solicit', 'renew', 'renew']);
    await keeper.release(args());
    expect(types().at(-1)).toBe('release');
    expect([keeper.size, state.open, ...files.paths()]).toEqual([0, 0]);
  });

  it('has the prefix length and the name servers that the configuration asks for', async () => {
    const { links } = network();
    const { keeper } = agent(links);
    const ipam = { family: 'ipv6', prefixLength: 64, request: [{ option: 'dhcp6.name-servers' }] };
    expect(await inTime(keeper.allocate(args(ipam)), 100)).toMatchObject({
      ips: [{ address: '2001:db8::57/64' }],
      dns: { nameservers: ['2001:db8::53'] },
    });
    keeper.stop();
  });

  it('is confirmed after a restart of the agent, and goes on with the same address', async () => {
    const { links, types, asked } = network();
    const first = agent(links);
    await inTime(first.keeper.allocate(args()), 100);
    first.keeper.stop();
    const { keeper } = agent(links, first.files);
    await keeper.resume();
    expect(await inTime(keeper.allocate(args()), 200)).toMatchObject({ ips: [{ address: '2001:db8::57/128' }] });
    await minutes(6);
    expect(types()).toEqual(['solicit', 'confirm', 'renew']);
    expect(new Set(asked.map(({ options }) => options.get(opt6.clientId)?.[0]?.toString('hex'))).size).toBe(1);
    keeper.stop();
  });

  it('that nobody renews ends with the link set down, and is told', async () => {
    const { links, silent, state } = network();
    const { keeper, troubles } = agent(links);
    await inTime(keeper.allocate(args()), 100);
    silent.add(6);
    await minutes(11);
    expect([state.down, keeper.size]).toEqual([true, 0]);
    expect(troubles).toMatchObject([
      { what: 'expired', pod: { name: 'web' }, error: { problem: expect.stringContaining(six) } },
    ]);
  });
});

describe('leases of both families', () => {
  const dual = args({ family: 'dual' });

  it('are one result, IPv4 first, and given back together', async () => {
    const { links, types, asked4 } = network();
    const { keeper, files } = agent(links);
    const { ips } = await inTime(keeper.allocate(dual), 100);
    expect(ips).toEqual([{ address: '10.9.0.57/24' }, { address: '2001:db8::57/128' }]);
    expect([keeper.size, files.paths().length]).toEqual([2, 2]);
    await keeper.release(dual);
    expect([types().at(-1), asked4.at(-1)?.type, keeper.size, ...files.paths()]).toEqual(['release', 'release', 0]);
  });

  it('are none when one server is silent', async () => {
    const { links, silent, asked4 } = network();
    silent.add(6);
    const { keeper, files } = agent(links);
    await expect(inTime(keeper.allocate(dual), 42_000)).rejects.toThrow('no DHCP server answered on net1');
    expect([asked4.at(-1)?.type, keeper.size, ...files.paths()]).toEqual(['release', 0]);
  });

  it('are independent, by an agent after a restart, too: of the one that ends the address alone is removed', async () => {
    const { links, silent, state, onLink } = network();
    const first = agent(links);
    await inTime(first.keeper.allocate(dual), 100);
    first.keeper.stop();
    for (const address of [four, six]) onLink.add(address);
    const { keeper, troubles } = agent(links, first.files);
    await keeper.resume();
    silent.add(6);
    await minutes(11);
    expect([state.down, [...onLink], keeper.size]).toEqual([false, [four], 1]);
    expect(troubles).toMatchObject([
      { what: 'expired', error: { problem: expect.stringContaining('its address was removed') } },
    ]);
    await expect(inTime(keeper.allocate(dual), 42_000)).rejects.toThrow(); // as CHECK asks
    expect([keeper.size, [...onLink]]).toEqual([1, [four]]); // the other one stays the pod's
    keeper.stop();
  });
});

it('every interface is a client of its own, by a UUID that stays the same', () => {
  const owner = { containerId: containerId('c1'), network: networkName('lan'), ifName: ifName('net1', 'test') };
  const duid = duidOf(owner).toString('hex');
  expect(duid).toMatch(/^0004[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(duidOf({ ...owner }).toString('hex')).toBe(duid);
  expect(duidOf({ ...owner, ifName: ifName('net2', 'test') }).toString('hex')).not.toBe(duid);
});
