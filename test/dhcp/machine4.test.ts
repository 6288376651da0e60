/** The life of a DHCPv4 lease, driven by hand: no clock, no network. Pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toResult4 } from '../../src/dhcp/lease4';
import { listens, step4, wakeAt } from '../../src/dhcp/machine4';
import { type Message4, nobody, type Type4 } from '../../src/dhcp/message4';
import { findAddress, number32, opt4 } from '../../src/dhcp/option4';
import type { Action4, Client4, Event4, State4 } from '../../src/dhcp/state4';
import { type Ip, ipBytes } from '../../src/net/ip';
import { type Mac, macFrom } from '../../src/net/mac';

const own = macFrom(Buffer.from('020000000001', 'hex'));
const server = { mac: macFrom(Buffer.from('0200000000fe', 'hex')), ip: '10.9.0.1' as Ip };
const address = '10.9.0.57' as Ip;
const client: Client4 = { mac: own, broadcast: false, options: new Map([[opt4.clientId, Buffer.from('\0c1/n/net1')]]) };
const lease = (seconds: number): Map<number, Buffer> =>
  new Map([
    [opt4.subnetMask, Buffer.from([255, 255, 255, 0])],
    [opt4.router, Buffer.from([10, 9, 0, 1])],
    [opt4.serverId, Buffer.from([10, 9, 0, 1])],
    [opt4.leaseTime, number32(seconds)],
  ]);

const nakOf = (from: string): Partial<Message4> => ({
  yours: nobody,
  options: new Map([[opt4.serverId, ipBytes(from as Ip)]]),
});

/** A client whose clock and chance stand still until they are moved. */
class Life {
  state: State4;
  now = 1_000_000;
  actions: readonly Action4[] = [];

  constructor(state: State4 = { at: 'init' }) {
    this.state = state;
  }

  event(event: Event4): this {
    const { state, actions } = step4(this.state, event, { now: this.now, random: 0.5 }, client);
    this.state = state;
    this.actions = actions;
    return this;
  }

  /** To the moment for which the state asked. */
  next(): this {
    this.now = Math.max(this.now, wakeAt(this.state) ?? Number.NaN);
    return this.event({ kind: 'time' });
  }

  reply(type: Type4, changes: Partial<Message4> = {}): this {
    const xid = 'xid' in this.state ? this.state.xid : 0;
    const base = { isReply: true, seconds: 0, broadcast: false, client: nobody, yours: address, relay: nobody };
    const message: Message4 = { ...base, type, xid, mac: own, options: lease(3600), ...changes };
    return this.event({ kind: 'message', message, from: server });
  }

  bound(seconds = 3600): this {
    const options = lease(seconds);
    return this.next().reply('offer', { options }).reply('ack', { options }).probed();
  }

  /** Who on the network has the address of the ACK; nobody, unless it is said. */
  probed(holder?: Mac): this {
    expect(this.actions).toEqual([{ act: 'probe', address }]);
    return this.event({ kind: 'probed', holder });
  }

  get sent(): Message4 | undefined {
    return this.actions.find((each) => each.act === 'send')?.message;
  }
}

const life = (state?: State4): Life => new Life(state);

describe('a lease', () => {
  it('is asked for by DISCOVER and REQUEST, and bound by an ACK', () => {
    const one = life().next();
    expect(one.sent).toMatchObject({ type: 'discover', client: nobody });
    one.reply('offer');
    expect(one.sent?.type).toBe('request');
    expect(findAddress(one.sent?.options ?? new Map(), opt4.requestedAddress)).toBe(address);
    expect(findAddress(one.sent?.options ?? new Map(), opt4.serverId)).toBe('10.9.0.1');
    one.reply('ack').probed();
    expect(one.state).toMatchObject({ at: 'bound', lease: { address, server: '10.9.0.1', serverMac: server.mac } });
    expect(one.actions).toMatchObject([{ act: 'keep' }]);
    expect(wakeAt(one.state)).toBe(one.now + 1_800_000);
  });

  it('is asked for again and again, ever slower, and given up after 40 s', () => {
    const one = life().next();
    const times: number[] = [];
    while (one.state.at === 'selecting') {
      times.push((one.now - 1_000_000) / 1000);
      one.next();
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 31]);
    expect(one.state).toMatchObject({ at: 'lost', why: 'silence' });
    expect(one.now).toBe(1_040_000);
    expect(wakeAt(one.state)).toBeUndefined();
  });

  it('is asked of another server when the first one forgets its offer', () => {
    const one = life().next().reply('offer');
    for (let asked = 1; asked < 4; asked++) expect(one.next().sent?.type).toBe('request');
    expect(one.next().sent?.type).toBe('discover');
  });

  it('is renewed at half its time, by a question to its server alone', () => {
    const one = life().bound().next();
    expect(one.state.at).toBe('renewing');
    expect(one.actions).toMatchObject([{ from: address, to: server, message: { type: 'request', client: address } }]);
    expect(findAddress(one.sent?.options ?? new Map(), opt4.serverId)).toBeUndefined();
    one.reply('ack');
    expect(one.state).toMatchObject({ at: 'bound', lease: { endsAt: one.now + 3_600_000 } });
  });

  it('keeps what a shorter ACK leaves out', () => {
    const one = life().bound().next();
    one.reply('ack', { options: new Map([[opt4.leaseTime, number32(600)]]) });
    expect(one.state.at === 'bound' && toResult4(one.state.lease, undefined)).toMatchObject({
      ips: [{ address: '10.9.0.57/24', gateway: '10.9.0.1' }],
    });
  });

  it('is asked of everybody when its server is silent, and dropped at its end', () => {
    const one = life().bound();
    const start = one.now;
    const seen: string[] = [];
    while (one.state.at !== 'lost') {
      one.next();
      if (seen.at(-1) !== one.state.at) seen.push(one.state.at);
      if (one.state.at === 'rebinding')
        expect(one.actions).toMatchObject([{ to: { ip: '255.255.255.255' }, from: address }]);
    }
    expect(seen).toEqual(['renewing', 'rebinding', 'lost']);
    expect(one.now - start).toBe(3_600_000);
    expect(one.actions).toEqual([{ act: 'drop' }]);
  });

  it('that ended while nobody was there is asked for once more, by its address', () => {
    const one = life().bound(60);
    one.now += 100_000;
    one.event({ kind: 'time' });
    expect(one.state).toMatchObject({ at: 'selecting', keep: { address }, until: one.now + 40_000 });
    while (one.state.at === 'selecting') one.next();
    expect(one).toMatchObject({ state: { at: 'lost' }, actions: [{ act: 'drop' }] });
  });

  it('for good is never renewed', () => {
    expect(wakeAt(life().bound(0xffffffff).state)).toBeUndefined();
  });

  it('takes the times that the server tells, when they make sense', () => {
    const times = (t1: number, t2: number) =>
      new Map([...lease(1000), [opt4.renewalTime, number32(t1)], [opt4.rebindingTime, number32(t2)]]);
    const ends = (options: Map<number, Buffer>): readonly number[] => {
      const one = life().next().reply('offer', { options }).reply('ack', { options }).probed();
      if (one.state.at !== 'bound') return [];
      return [one.state.lease.renewAt, one.state.lease.rebindAt].map((at) => (at - one.now) / 1000);
    };
    expect(ends(times(100, 200))).toEqual([100, 200]);
    expect(ends(times(900, 200))).toEqual([200, 200]);
    expect(ends(times(0, 2000))).toEqual([500, 850]);
  });

  it('is given back to its server', () => {
    const one = life().bound().event({ kind: 'release' });
    expect(one.state.at).toBe('released');
    expect(one.actions).toMatchObject([{ from: address, to: server, message: { type: 'release', client: address } }]);
    expect(one.sent?.options.get(opt4.clientId)?.toString()).toBe('\0c1/n/net1');
  });

  it('that there is none yet is not given back', () => {
    expect(life().next().event({ kind: 'release' })).toMatchObject({ state: { at: 'released' }, actions: [] });
  });
});

describe('a refusal', () => {
  const nak = nakOf('10.9.0.1');

  it('makes the client begin again after a while, and is told at the end', () => {
    const one = life()
      .next()
      .reply('offer')
      .reply('nak', { options: new Map([...(nak.options ?? []), [opt4.message, Buffer.from('wrong network')]]) });
    expect(one).toMatchObject({ state: { at: 'selecting' }, actions: [] });
    while (one.state.at === 'selecting') one.next();
    expect(one.state).toMatchObject({ at: 'lost', why: 'refusal', said: '10.9.0.1: wrong network' });
  });

  it('of another server is not heard', () => {
    expect(life().next().reply('offer').reply('nak', nakOf('10.9.0.9')).state.at).toBe('requesting');
  });

  it('of a renewal leaves the pod its address while the lease runs, and asks for the same one', () => {
    const one = life().bound().next().reply('nak', nak);
    expect(one.state).toMatchObject({ at: 'selecting', keep: { address } });
    expect(one.actions).toEqual([{ act: 'refused', said: '10.9.0.1: it gave no reason' }]);
    one.next();
    expect(findAddress(one.sent?.options ?? new Map(), opt4.requestedAddress)).toBe(address);
    expect(one.reply('offer', { yours: '10.9.0.99' as Ip }).state.at).toBe('selecting');
    expect(one.reply('offer').reply('ack').state).toMatchObject({ at: 'bound', lease: { address } });
  });
});

describe('an address that somebody on the network has', () => {
  const holder = macFrom(Buffer.from('0200000000aa', 'hex'));

  it('is declined, and another one asked for 10 s later', () => {
    const one = life().next().reply('offer').reply('ack').probed(holder);
    expect(one.sent).toMatchObject({ type: 'decline', client: nobody });
    const options = one.sent?.options ?? new Map();
    expect(findAddress(options, opt4.requestedAddress)).toBe(address);
    expect(findAddress(options, opt4.serverId)).toBe('10.9.0.1');
    expect(options.get(opt4.clientId)?.toString()).toBe('\0c1/n/net1');
    expect(wakeAt(one.state)).toBe(one.now + 10_000);
    one.next();
    expect(one.sent?.type).toBe('discover');
    expect(findAddress(one.sent?.options ?? new Map(), opt4.requestedAddress)).toBeUndefined();
    const yours = '10.9.0.58' as Ip;
    one.reply('offer', { yours }).reply('ack', { yours }).event({ kind: 'probed', holder: undefined });
    expect(one.state).toMatchObject({ at: 'bound', lease: { address: yours } });
  });

  it('is told of when the server has no other one', () => {
    const one = life().next();
    while (one.state.at !== 'lost')
      if (one.next().sent?.type === 'discover') one.reply('offer').reply('ack').probed(holder);
    const said = '10.9.0.57 is in use by 02:00:00:00:00:aa';
    expect(one).toMatchObject({ state: { why: 'taken', said, lease: undefined }, actions: [] });
  });

  it('is not looked for when it is the pod’s own', () => {
    const one = life().bound().next().reply('nak', nakOf('10.9.0.1')).next().reply('offer').reply('ack');
    expect(one).toMatchObject({ state: { at: 'bound' }, actions: [{ act: 'keep' }] });
  });

  it('is given back when the pod goes before the answer', () => {
    const one = life().next().reply('offer').reply('ack').event({ kind: 'release' });
    expect(one.sent).toMatchObject({ type: 'release', client: address });
  });
});

describe('a message that does not belong here changes nothing:', () => {
  it.each<[string, Partial<Message4>]>([
    ['another transaction', { xid: 1 }],
    ['another client', { mac: server.mac }],
    ['a question', { isReply: false }],
    ['no address', { yours: nobody }],
    ['no server', { options: new Map() }],
  ])('%s', (_, changes) => {
    const one = life().next();
    const before = one.state;
    expect(one.reply('offer', changes)).toMatchObject({ state: before, actions: [] });
  });

  it('an ACK of another address', () => {
    const one = life().bound().next();
    expect(one.reply('ack', { yours: '10.9.0.99' as Ip })).toMatchObject({ state: { at: 'renewing' }, actions: [] });
  });
});

it('without a mask makes no address, and says so', () => {
  const options = new Map([...lease(60)].filter(([code]) => code !== opt4.subnetMask));
  expect(life().next().reply('offer', { options }).reply('ack', { options }).state).toMatchObject({
    at: 'lost',
    why: 'no mask',
  });
});

it('sleeps between questions, whatever happens', { timeout: 120_000 }, () => {
  const event = fc.oneof(
    fc.constant('time' as const),
    fc.constantFrom<Type4>('offer', 'ack', 'nak', 'discover', 'request'),
    fc.integer({ min: 0, max: 10_000_000 }),
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.constantFrom(10, 20, 3600, 0xfffffffe, 0xffffffff),
      (events, seconds) => {
        const one = life().next();
        for (const each of events) {
          if (each === 'time') one.next();
          else if (typeof each === 'number') one.now += each;
          else one.reply(each, { options: lease(seconds) });
          if (one.state.at === 'probing') one.event({ kind: 'probed', holder: undefined });
          const due = wakeAt(one.state);
          if (listens(one.state) && each === 'time') expect(due).toBeGreaterThan(one.now);
          expect(Number.isNaN(due)).toBe(false);
          if (due === undefined && one.state.at !== 'lost') return;
          if (one.state.at === 'lost') return;
        }
      },
    ),
  );
});
