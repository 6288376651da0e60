/** The life of a DHCPv6 lease, driven by hand: no clock, no network. Pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Client6, toResult6 } from '../../src/dhcp/lease6';
import { listens6, step6, wakeAt6 } from '../../src/dhcp/machine6';
import type { Message6, Type6 } from '../../src/dhcp/message6';
import { encodeOptions6, findIdentity6, findOnly, type Options6, opt6, status6 } from '../../src/dhcp/option6';
import type { Action6, Event6, State6 } from '../../src/dhcp/state6';
import { type Ip, ipBytes } from '../../src/net/ip';
import { type Mac, macFrom } from '../../src/net/mac';

const client: Client6 = {
  duid: Buffer.from('00040011223344558677a899aabbccddeeff', 'hex'),
  identity: 1,
  asked: [opt6.dnsServers],
};
const server = Buffer.from('00030001020000000afe', 'hex');
const other = Buffer.from('00030001020000000aff', 'hex');
const address = '2001:db8::57' as Ip;
const second = '2001:db8::58' as Ip;

const number = (value: number, bytes: number): Buffer => {
  const to = Buffer.alloc(bytes);
  to.writeUIntBE(value, 0, bytes);
  return to;
};
const status = (code: number, said = ''): Buffer => Buffer.concat([number(code, 2), Buffer.from(said)]);

/** What a server tells; times in seconds. */
interface Told {
  readonly address?: Ip | undefined;
  readonly t1?: number;
  readonly t2?: number;
  readonly preferred?: number;
  readonly valid?: number;
  readonly server?: Buffer;
  readonly duid?: Buffer;
  readonly status?: Buffer; // of the association
  readonly more?: Options6;
}

function optionsOf(told: Told): Options6 {
  const { t1 = 0, t2 = 0, preferred = 3600, valid = 7200 } = told;
  const given = 'address' in told ? told.address : address;
  const ia = given && Buffer.concat([ipBytes(given), number(preferred, 4), number(valid, 4)]);
  const inner: Options6 = new Map([
    ...(ia ? [[opt6.address, [ia]] as const] : []),
    ...(told.status ? [[opt6.status, [told.status]] as const] : []),
  ]);
  return new Map([
    [opt6.clientId, [told.duid ?? client.duid]],
    [opt6.serverId, [told.server ?? server]],
    [opt6.identity, [Buffer.concat([number(1, 4), number(t1, 4), number(t2, 4), encodeOptions6(inner)])]],
    ...(told.more ?? []),
  ]);
}

const rapid: Options6 = new Map([[opt6.rapidCommit, [Buffer.alloc(0)]]]);
const noAddress = { address: undefined, status: status(status6.noAddresses, 'pool is empty') };

/** A client whose clock and chance stand still until they are moved. */
class Life {
  now = 1_000_000;
  actions: readonly Action6[] = [];

  constructor(
    public state: State6 = { at: 'init' },
    readonly random = 0.5,
  ) {}

  event(event: Event6): this {
    const { state, actions } = step6(this.state, event, { now: this.now, random: this.random }, client);
    this.state = state;
    this.actions = actions;
    return this;
  }

  /** To the moment for which the state asked. */
  next(): this {
    this.now = Math.max(this.now, wakeAt6(this.state) ?? Number.NaN);
    return this.event({ kind: 'time' });
  }

  hears(type: Type6, told: Told = {}, changes: Partial<Message6> = {}): this {
    const xid = 'xid' in this.state ? this.state.xid : 0;
    return this.event({ kind: 'message', message: { type, xid, options: optionsOf(told), ...changes } });
  }

  /** Who on the network has the new address; nobody, unless it is said. */
  probed(holder?: Mac): this {
    expect(this.actions).toMatchObject([{ act: 'probe' }]);
    return this.event({ kind: 'probed', holder });
  }

  bound(told: Told = {}): this {
    return this.next()
      .hears('reply', { ...told, more: rapid })
      .probed();
  }

  get sent(): Message6 | undefined {
    return this.actions.find((each) => each.act === 'send')?.message;
  }

  /** The address that the question is about. */
  get about(): Ip | undefined {
    return findIdentity6(this.sent?.options ?? new Map(), 1)?.addresses[0]?.address;
  }

  get to(): string | undefined {
    return findOnly(this.sent?.options ?? new Map(), opt6.serverId)?.toString('hex');
  }

  get refused(): readonly string[] {
    return this.actions.flatMap((each) => (each.act === 'refused' ? [each.said] : []));
  }
}

const life = (state?: State6): Life => new Life(state);
const serverText = server.toString('hex');

describe('a lease', () => {
  it('is asked for by Solicit and Request, of the best server, after the first wait for all', () => {
    const one = life().next();
    expect(one.sent).toMatchObject({ type: 'solicit' });
    expect(one.sent?.options.has(opt6.rapidCommit)).toBe(true);
    expect(findOnly(one.sent?.options ?? new Map(), opt6.requested)?.toString('hex')).toBe('00520017');
    one.hears('advertise', { address: second, server: other });
    one.hears('advertise', { more: new Map([[opt6.preference, [Buffer.from([9])]]]) });
    one.hears('advertise', { address: second, server: other });
    expect([one.state.at, one.actions]).toEqual(['soliciting', []]);
    one.next();
    expect([one.sent?.type, one.to, one.about]).toEqual(['request', serverText, address]);
    one.hears('reply').probed();
    expect(one.state).toMatchObject({ at: 'bound', lease: { family: 6, address, server: serverText } });
    expect(one.actions).toMatchObject([{ act: 'keep' }]);
    expect(wakeAt6(one.state)).toBe(one.now + 1_800_000); // half of what is preferred
  });

  it('is asked of a server at once that wants to be the only one, or answers later than the first wait', () => {
    const gladly = new Map([[opt6.preference, [Buffer.from([255])]]]);
    expect(life().next().hears('advertise', { more: gladly }).sent?.type).toBe('request');
    expect(life().next().next().hears('advertise').sent?.type).toBe('request');
  });

  it('comes at once from a server that can (Rapid Commit)', () => {
    expect(life().bound()).toMatchObject({ state: { at: 'bound', lease: { address } }, actions: [{ act: 'keep' }] });
    expect(life().next().hears('reply')).toMatchObject({ state: { at: 'soliciting' }, actions: [] });
  });

  it('is asked for again and again, ever slower, and given up after 40 s', () => {
    const one = life().next();
    const times: number[] = [];
    while (one.state.at === 'soliciting') {
      times.push((one.now - 1_000_000) / 1000);
      one.next();
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 31]);
    expect(one).toMatchObject({ state: { at: 'lost', why: 'silence' }, now: 1_040_000, actions: [] });
    expect(wakeAt6(one.state)).toBeUndefined();
  });

  it('is waited for longer by chance, the first time never less than a second', () => {
    for (const random of [0, 0.25, 0.999]) {
      const one = new Life(undefined, random).next();
      const first = (wakeAt6(one.state) ?? 0) - one.now;
      expect(first).toBeGreaterThanOrEqual(1000);
      expect(first).toBeLessThanOrEqual(1100);
    }
  });

  it('is asked of another server when the first one forgets its offer', () => {
    const one = life().next().hears('advertise').next();
    for (let asked = 1; asked < 4; asked++) expect(one.next().sent?.type).toBe('request');
    expect(one.next().sent?.type).toBe('solicit');
  });

  it('is renewed by its server, and says how long it has asked', () => {
    const one = life().bound().next();
    expect([one.state.at, one.sent?.type, one.to, one.about]).toEqual(['renewing', 'renew', serverText, address]);
    const first = one.now;
    one.next();
    expect(one.now - first).toBe(10_000);
    expect(findOnly(one.sent?.options ?? new Map(), opt6.elapsed)?.readUInt16BE(0)).toBe(1000);
    expect(one.hears('reply', { server: other }).state.at).toBe('renewing');
    one.hears('reply');
    expect(one).toMatchObject({
      state: { at: 'bound', lease: { endsAt: one.now + 7_200_000 } },
      actions: [{ act: 'keep' }],
    });
  });

  it('is asked of everybody when its server is silent, and dropped at its end', () => {
    const one = life().bound();
    const start = one.now;
    const seen: string[] = [];
    while (one.state.at !== 'lost') {
      one.next();
      if (seen.at(-1) !== one.state.at) seen.push(one.state.at);
      if (one.state.at === 'rebinding') expect([one.sent?.type, one.to]).toEqual(['rebind', undefined]);
    }
    expect(seen).toEqual(['renewing', 'rebinding', 'lost']);
    expect(one.now - start).toBe(7_200_000);
    expect(one.actions).toEqual([{ act: 'drop' }]);
  });

  it('is taken over by another server when all are asked', () => {
    const one = life().bound();
    while (one.state.at !== 'rebinding') one.next();
    one.hears('reply', { server: other });
    expect(one.state).toMatchObject({ at: 'bound', lease: { server: other.toString('hex') } });
  });

  it('takes the times that the server tells; 0 leaves them to the client', () => {
    const times = (told: Told): readonly number[] => {
      const one = life().bound(told);
      if (one.state.at !== 'bound') return [];
      const { renewAt, rebindAt, endsAt } = one.state.lease;
      return [renewAt, rebindAt, endsAt].map((at) => (at - one.now) / 1000);
    };
    expect(times({ t1: 100, t2: 200 })).toEqual([100, 200, 7200]);
    expect(times({ preferred: 1000, valid: 2000 })).toEqual([500, 800, 2000]);
    expect(times({ preferred: 0, valid: 2000 })).toEqual([1000, 1600, 2000]);
    expect(times({ t1: 9000, t2: 9000 })).toEqual([1800, 2880, 7200]);
    expect(times({ preferred: 1, valid: 2 })).toEqual([5, 8, 10]);
    expect(wakeAt6(life().bound({ preferred: 0xffffffff, valid: 0xffffffff }).state)).toBeUndefined();
  });

  it('is given back to its server, without what is asked for', () => {
    const one = life().bound().event({ kind: 'release' });
    expect([one.state.at, one.sent?.type, one.to, one.about]).toEqual(['released', 'release', serverText, address]);
    expect(one.sent?.options.has(opt6.requested)).toBe(false);
    expect(life().next().event({ kind: 'release' })).toMatchObject({ state: { at: 'released' }, actions: [] });
  });

  it('makes a result with the prefix length of the configuration, and with what was asked for', () => {
    const more: Options6 = new Map([
      ...rapid,
      [opt6.dnsServers, [ipBytes('2001:db8::53' as Ip)]],
      [opt6.domainSearch, [Buffer.from('036c616e00', 'hex')]], // was not asked for
    ]);
    const one = life().next().hears('reply', { more }).probed();
    if (one.state.at !== 'bound') expect.fail(one.state.at);
    expect(toResult6(one.state.lease, 128)).toEqual({
      interfaces: [],
      ips: [{ address: '2001:db8::57/128' }],
      routes: [],
      dns: { nameservers: ['2001:db8::53'] },
    });
  });
});

describe('after a restart', () => {
  const resumed = (): Life => {
    const before = life().bound();
    if (before.state.at !== 'bound') expect.fail(before.state.at);
    const one = life({ at: 'resumed', lease: before.state.lease });
    one.now = before.now;
    return one;
  };

  it('the lease is confirmed, and goes on with its times', () => {
    const one = resumed().next();
    expect([one.sent?.type, one.to, one.about]).toEqual(['confirm', undefined, address]);
    one.hears('reply', { address: undefined });
    expect(one).toMatchObject({ state: { at: 'bound', lease: { endsAt: 1_000_000 + 7_200_000 } }, actions: [] });
  });

  it('it goes on when nobody answers for 10 s', () => {
    const one = resumed();
    while (one.state.at !== 'bound') one.next();
    expect(one.now).toBe(1_010_000);
  });

  it('it is asked for anew when the link is another one', () => {
    const one = resumed().next();
    const more: Options6 = new Map([[opt6.status, [status(status6.notOnLink, 'moved')]]]);
    one.hears('reply', { address: undefined, more });
    expect(one.state).toMatchObject({ at: 'soliciting', keep: { address } });
    expect(one.refused).toEqual([`server ${serverText}: moved`]);
    one.next();
    expect([one.about, one.sent?.options.has(opt6.rapidCommit)]).toEqual([address, false]);
    expect(one.hears('advertise', { address: second }).next().sent?.type).toBe('solicit');
    one.hears('advertise');
    expect(one.hears('reply')).toMatchObject({ state: { at: 'bound' }, actions: [{ act: 'keep' }] }); // not looked for
  });

  it('late, it is asked of everybody; too late, anew for 40 s, then dropped', () => {
    const late = resumed();
    late.now += 6_000_000;
    expect(late.event({ kind: 'time' }).state.at).toBe('rebinding');
    const over = resumed();
    over.now += 8_000_000;
    const began = over.event({ kind: 'time' }).now;
    expect(over.state).toMatchObject({ at: 'soliciting', keep: { address } });
    while (over.state.at === 'soliciting') over.next();
    expect(over).toMatchObject({
      state: { at: 'lost', lease: { address } },
      now: began + 40_000,
      actions: [{ act: 'drop' }],
    });
  });
});

describe('a refusal', () => {
  it('of every server is told at the end', () => {
    const one = life().next().hears('advertise', noAddress);
    expect(one).toMatchObject({ state: { at: 'soliciting' }, actions: [] });
    while (one.state.at === 'soliciting') one.next();
    expect(one.state).toMatchObject({ at: 'lost', why: 'refusal', said: `server ${serverText}: pool is empty` });
  });

  it.each([
    ['has no address any more', status6.noAddresses],
    ['sees the client on another link', status6.notOnLink],
  ])('of a server that %s makes the client begin again after a while', (_, code) => {
    const one = life()
      .next()
      .hears('advertise')
      .next()
      .hears('reply', { address: undefined, status: status(code) });
    expect(one).toMatchObject({ state: { at: 'soliciting', refused: { why: 'refusal' } }, actions: [] });
    expect(wakeAt6(one.state)).toBe(one.now + 1000);
  });

  it('of the moment is asked about again in its time', () => {
    const one = life().next().hears('advertise').next();
    const before = one.state;
    expect(one.hears('reply', { more: new Map([[opt6.status, [status(status6.failed)]]]) }).state).toEqual(before);
  });

  it('by a server that forgot the lease makes the client request it again', () => {
    const one = life()
      .bound()
      .next()
      .hears('reply', { address: undefined, status: status(status6.noBinding) });
    expect([one.sent?.type, one.to, one.about, one.refused]).toEqual(['request', serverText, address, []]);
    expect(one.hears('reply')).toMatchObject({ state: { at: 'bound' }, actions: [{ act: 'keep' }] });
  });

  it('of that leaves the pod its address while the lease runs, is told once, and the same one is asked for', () => {
    const one = life().bound();
    const forgotten = { address: undefined, status: status(status6.noBinding) };
    one.next().hears('reply', forgotten).hears('reply', noAddress);
    expect(one.state).toMatchObject({ at: 'soliciting', keep: { address } });
    expect(one.refused).toEqual([`server ${serverText}: pool is empty`]);
    expect(one.next().hears('advertise', noAddress).refused).toEqual([]);
    expect(one.next().about).toBe(address);
    while (one.state.at !== 'lost') one.next();
    expect(one.actions).toEqual([{ act: 'drop' }]);
  });

  it('is an address that is valid no more', () => {
    const one = life().bound().next().hears('reply', { preferred: 0, valid: 0 });
    expect(one.sent?.type).toBe('request');
  });

  it('may tell the client to ask more rarely, or more often, than every hour', () => {
    const one = life().bound().next();
    one.hears('reply', { address: undefined, status: status(status6.notOnLink) }).next();
    one.hears('advertise', { ...noAddress, more: new Map([[opt6.longestSolicit, [number(60, 4)]]]) });
    for (let asked = 0; asked < 10; asked++) one.next();
    expect((wakeAt6(one.state) ?? 0) - one.now).toBe(60_000);
  });
});

describe('an address that somebody on the network has', () => {
  const holder = macFrom(Buffer.from('0200000000aa', 'hex'));

  it('is declined, and another one asked for when the server has heard it', () => {
    const one = life().next().hears('reply', { more: rapid }).probed(holder);
    expect([one.sent?.type, one.to, one.about]).toEqual(['decline', serverText, address]);
    one.hears('reply', { address: undefined });
    expect([one.sent?.type, one.about]).toEqual(['solicit', undefined]);
    one.hears('reply', { address: second, more: rapid }).probed();
    expect(one.state).toMatchObject({ at: 'bound', lease: { address: second } });
  });

  it('is declined four times at most', () => {
    const one = life().next().hears('reply', { more: rapid }).probed(holder);
    for (let asked = 1; asked < 4; asked++) expect(one.next().sent?.type).toBe('decline');
    expect(one.next().sent?.type).toBe('solicit');
    while (one.state.at !== 'lost') one.next();
    expect(one.state).toMatchObject({ why: 'taken', said: '2001:db8::57 is in use by 02:00:00:00:00:aa' });
  });

  it('is given back when the pod goes before the answer', () => {
    const one = life().next().hears('reply', { more: rapid }).event({ kind: 'release' });
    expect([one.sent?.type, one.about]).toEqual(['release', address]);
  });
});

describe('a message that does not belong here changes nothing:', () => {
  it.each<[string, Told, Partial<Message6>]>([
    ['another transaction', {}, { xid: 1 }],
    ['another client', { duid: other }, {}],
    ['a question', {}, { type: 'solicit' }],
    ['no address', { address: undefined }, {}],
    ['an address of the link', { address: 'fe80::1' as Ip }, {}],
    ['no server', {}, { options: new Map([...optionsOf({})].filter(([code]) => code !== opt6.serverId)) }],
    ['no client', {}, { options: new Map([...optionsOf({})].filter(([code]) => code !== opt6.clientId)) }],
  ])('%s', (_, told, changes) => {
    const one = life().next().next();
    const before = one.state;
    expect(one.hears('advertise', told, changes)).toMatchObject({ state: before, actions: [] });
  });

  it('a Reply about another address than the lease’s', () => {
    const one = life().bound().next();
    expect(one.hears('reply', { address: second })).toMatchObject({ state: { at: 'renewing' }, actions: [] });
  });

  it('a Reply of a server that was not asked', () => {
    const one = life().next().hears('advertise').next();
    expect(one.hears('reply', { server: other })).toMatchObject({ state: { at: 'requesting' }, actions: [] });
  });
});

it('sleeps between questions, whatever happens', { timeout: 120_000 }, () => {
  const event = fc.oneof(
    fc.constant('time' as const),
    fc.constantFrom<Type6>('advertise', 'reply', 'solicit', 'renew'),
    fc.integer({ min: 0, max: 10_000_000 }),
  );
  const codes = fc.constantFrom(0, ...Object.values(status6));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, codes), { maxLength: 60 }),
      fc.constantFrom(1, 20, 3600, 0xfffffffe, 0xffffffff),
      (events, valid) => {
        const one = life().next();
        for (const [each, code] of events) {
          if (each === 'time') one.next();
          else if (typeof each === 'number') one.now += each;
          else
            one.hears(each, {
              preferred: valid,
              valid,
              status: status(code),
              more: code % 2 === 0 ? rapid : new Map(),
            });
          if (one.state.at === 'probing') one.event({ kind: 'probed', holder: undefined });
          const due = wakeAt6(one.state);
          if (listens6(one.state) && each === 'time') expect(due).toBeGreaterThan(one.now);
          expect(Number.isNaN(due)).toBe(false);
          if (due === undefined) return;
        }
      },
    ),
  );
});
