/** The life of a DHCPv4 lease (RFC 2131, section 4.4): (state, event, moment) to the next state and what is to be done. Pure. */
import type { Ip } from '../net/ip';
import type { Mac } from '../net/mac';
import { everybody, type Peer } from './frame4';
import { type Lease4, reasonOf, toLease4 } from './lease4';
import { type Message4, nobody, type Type4 } from './message4';
import { findAddress, findPrefixLength, type Options4, opt4 } from './option4';

/** What stays the same for the whole life. */
export interface Client4 {
  readonly mac: Mac;
  /** Client identifier, and what the configuration provides and requests. */
  readonly options: Options4;
  /** The link cannot hear unicast before it has the address: ipvlan. */
  readonly broadcast: boolean;
}

/** A question that is repeated until there is an answer. */
interface Asking {
  readonly xid: number;
  readonly since: number; // ms, of the first one
  readonly tries: number;
  readonly nextAt: number; // ms
}

/** Where the life is. `keep`: the lease that the pod has already and that is asked for again, until it ends. */
export type State4 =
  | { readonly at: 'init'; readonly keep?: Lease4 | undefined }
  | ({
      readonly at: 'selecting';
      readonly until: number;
      readonly keep: Lease4 | undefined;
      readonly refused: string | undefined;
    } & Asking)
  | ({
      readonly at: 'requesting';
      readonly until: number;
      readonly keep: Lease4 | undefined;
      readonly offer: Lease4;
    } & Asking)
  | { readonly at: 'bound'; readonly lease: Lease4 }
  | ({ readonly at: 'renewing' | 'rebinding'; readonly lease: Lease4 } & Asking)
  | { readonly at: 'lost'; readonly why: Loss; readonly said: string | undefined; readonly lease: Lease4 | undefined }
  | { readonly at: 'released' };

/** No server answered, a server refused, or its lease makes no address. */
export type Loss = 'silence' | 'refusal' | 'no mask';

export type Event4 =
  | { readonly kind: 'time' }
  | { readonly kind: 'message'; readonly message: Message4; readonly from: Peer }
  | { readonly kind: 'release' };

/** What is to be done, in that order. */
export type Action4 =
  | { readonly act: 'send'; readonly message: Message4; readonly from: Ip; readonly to: Peer }
  | { readonly act: 'keep'; readonly lease: Lease4 } // it is the pod's now, or longer
  | { readonly act: 'drop' }; // the pod may not use it any more

/** When it is, and chance: a number from 0 up to 1, another each time. */
export interface Moment {
  readonly now: number; // ms
  readonly random: number;
}

export interface Step4 {
  readonly state: State4;
  readonly actions: readonly Action4[];
}

/** How long a first address is waited for: longer than the 30 s for which a switch's port may be deaf (802.1D). */
export const patience4 = 40_000; // ms
const firstWait = 1000; // ms; RFC 2131 proposes 4 s, from the time of 10 Mbit/s: pods wait for this
const longestWait = 64_000;
const requestTries = 4; // then the server that offered is given up
const shortestRenewal = 60_000; // ms between questions while the lease still runs (RFC 2131, 4.4.5)

/** When the state wants the event `time`; `undefined`: never. */
export function wakeAt(state: State4): number | undefined {
  switch (state.at) {
    case 'init':
      return Number.NEGATIVE_INFINITY;
    case 'selecting':
    case 'requesting':
      return Math.min(state.nextAt, state.until);
    case 'bound':
      return Number.isFinite(state.lease.renewAt) ? state.lease.renewAt : undefined;
    case 'renewing':
      return Math.min(state.nextAt, state.lease.rebindAt);
    case 'rebinding':
      return Math.min(state.nextAt, state.lease.endsAt);
    default:
      return undefined;
  }
}

/** Whether an answer may come. */
export const listens = ({ at }: State4): boolean =>
  at === 'selecting' || at === 'requesting' || at === 'renewing' || at === 'rebinding';

/** The next state. What does not fit, or comes too early, changes nothing. */
export function step4(state: State4, event: Event4, moment: Moment, client: Client4): Step4 {
  if (event.kind === 'release') return release(state, moment, client);
  if (event.kind === 'message') return hear(state, event.message, event.from, moment, client);
  const due = wakeAt(state);
  return due === undefined || moment.now < due ? stay(state) : wake(state, moment, client);
}

const stay = (state: State4): Step4 => ({ state, actions: [] });

function wake(state: State4, moment: Moment, client: Client4): Step4 {
  const { now } = moment;
  switch (state.at) {
    case 'init':
      return select(state.keep, Math.max(now + patience4, state.keep?.endsAt ?? now), moment, client);
    case 'selecting':
      if (now >= state.until)
        return lose(state.keep, state.refused === undefined ? 'silence' : 'refusal', state.refused);
      return ask(state, client, moment);
    case 'requesting':
      if (now >= state.until) return lose(state.keep, 'silence', undefined);
      if (state.tries >= requestTries) return select(state.keep, state.until, moment, client);
      return ask(state, client, moment);
    case 'bound':
      return waken(state.lease, moment, client);
    case 'renewing':
      if (now >= state.lease.endsAt) return lose(state.lease, 'silence', undefined);
      if (now >= state.lease.rebindAt)
        return ask({ at: 'rebinding', lease: state.lease, ...begin(moment) }, client, moment);
      return ask(state, client, moment);
    case 'rebinding':
      if (now >= state.lease.endsAt) return lose(state.lease, 'silence', undefined);
      return ask(state, client, moment);
    default:
      return stay(state);
  }
}

/** Nearly always it is time to renew; a client that was away for longer goes on with what is left. */
function waken(lease: Lease4, moment: Moment, client: Client4): Step4 {
  const { now } = moment;
  if (now >= lease.endsAt) return select(lease, now + patience4, moment, client);
  const at = now >= lease.rebindAt ? 'rebinding' : 'renewing';
  return ask({ at, lease, ...begin(moment) }, client, moment);
}

/** Asks everybody from the beginning. */
function select(keep: Lease4 | undefined, until: number, moment: Moment, client: Client4): Step4 {
  return ask({ at: 'selecting', until, keep, refused: undefined, ...begin(moment) }, client, moment);
}

function lose(lease: Lease4 | undefined, why: Loss, said: string | undefined): Step4 {
  return { state: { at: 'lost', why, said, lease }, actions: lease === undefined ? [] : [{ act: 'drop' }] };
}

const begin = ({ now, random }: Moment): Asking => ({
  xid: Math.floor(random * 0x1_0000_0000),
  since: now,
  tries: 0,
  nextAt: now,
});

type AskingState = Extract<State4, Asking>;

/** Sends the state's question, and says when again. */
function ask(state: AskingState, client: Client4, moment: Moment): Step4 {
  const next = { ...state, tries: state.tries + 1, nextAt: moment.now + wait(state, moment) };
  return { state: next, actions: [question(state, client, moment)] };
}

/** Doubled each time, a tenth more or less. While a lease runs, half of what is left to the next state (RFC 2131, 4.4.5). */
function wait(state: AskingState, { now, random }: Moment): number {
  if (state.at === 'selecting' || state.at === 'requesting')
    return Math.min(firstWait * 2 ** state.tries, longestWait) * (0.9 + 0.2 * random);
  const { renewAt, rebindAt, endsAt } = state.lease;
  const left = (state.at === 'renewing' ? rebindAt : endsAt) - now;
  return Math.max(left / 2, Math.min(shortestRenewal, (rebindAt - renewAt) / 8), 500);
}

function question(state: AskingState, client: Client4, moment: Moment): Action4 {
  switch (state.at) {
    case 'selecting':
      return broadcast(
        'discover',
        state,
        client,
        moment,
        state.keep && { [opt4.requestedAddress]: state.keep.address },
      );
    case 'requesting':
      return broadcast('request', state, client, moment, {
        [opt4.requestedAddress]: state.offer.address,
        [opt4.serverId]: state.offer.server,
      });
    case 'renewing': {
      const { address, server, serverMac } = state.lease;
      const message = build('request', { ...state, client: address }, client, moment);
      return { act: 'send', message, from: address, to: { mac: serverMac, ip: server } };
    }
    case 'rebinding':
      return {
        act: 'send',
        message: build('request', { ...state, client: state.lease.address }, client, moment),
        from: state.lease.address,
        to: everybody,
      };
  }
}

function broadcast(
  type: Type4,
  asking: Asking,
  client: Client4,
  moment: Moment,
  addresses: Readonly<Record<number, Ip>> = {},
): Action4 {
  const message = build(type, { ...asking, client: nobody, addresses }, client, moment);
  return { act: 'send', message, from: nobody, to: everybody };
}

function build(
  type: Type4,
  of: Asking & { readonly client: Ip; readonly addresses?: Readonly<Record<number, Ip>> },
  { mac, options, broadcast: flag }: Client4,
  { now }: Moment,
): Message4 {
  const told = Object.entries(of.addresses ?? {}).map(([code, address]) => [Number(code), bytesOf(address)] as const);
  return {
    isReply: false,
    type,
    xid: of.xid,
    seconds: Math.max(0, Math.floor((now - of.since) / 1000)),
    broadcast: flag && of.client === nobody,
    client: of.client,
    yours: nobody,
    relay: nobody,
    mac,
    options: new Map([...options, ...told]),
  };
}

const bytesOf = (address: Ip): Buffer => Buffer.from(address.split('.').map(Number));

function hear(state: State4, message: Message4, from: Peer, moment: Moment, client: Client4): Step4 {
  if (!listens(state)) return stay(state);
  const asking = state as AskingState;
  if (!message.isReply || message.xid !== asking.xid || message.mac !== client.mac) return stay(state);
  switch (message.type) {
    case 'offer':
      return asking.at === 'selecting' ? takeOffer(asking, message, from, moment, client) : stay(state);
    case 'ack':
      return asking.at === 'selecting' ? stay(state) : takeAck(asking, message, from, moment);
    case 'nak':
      return asking.at === 'selecting' ? stay(state) : takeNak(asking, message, moment);
    default:
      return stay(state);
  }
}

type Selecting = Extract<State4, { at: 'selecting' }>;

/** The first offer that is one; while the pod has an address, only of that one. */
function takeOffer(state: Selecting, message: Message4, from: Peer, moment: Moment, client: Client4): Step4 {
  const offer = toLease4(message, from.mac, moment.now);
  if (offer === undefined || (state.keep !== undefined && state.keep.address !== offer.address)) return stay(state);
  const { xid, since, until, keep } = state;
  return ask({ at: 'requesting', until, keep, offer, xid, since, tries: 0, nextAt: moment.now }, client, moment);
}

/** The lease runs from when it was asked for; here the time of the answer is taken, which is at most some ms later. */
function takeAck(state: Exclude<AskingState, Selecting>, message: Message4, from: Peer, { now }: Moment): Step4 {
  const earlier = state.at === 'requesting' ? (state.keep ?? state.offer) : state.lease;
  const lease = toLease4(message, from.mac, now, earlier);
  if (lease === undefined || lease.address !== (state.at === 'requesting' ? state.offer : state.lease).address)
    return stay(state);
  if (findPrefixLength(lease.options) === undefined) return lose(undefined, 'no mask', undefined);
  return { state: { at: 'bound', lease }, actions: [{ act: 'keep', lease }] };
}

/** Only of the server that was asked. The pod's address stays until its lease ends: whoever can send a frame could say no. */
function takeNak(state: Exclude<AskingState, Selecting>, message: Message4, moment: Moment): Step4 {
  const server = findAddress(message.options, opt4.serverId);
  const asked = state.at === 'requesting' ? state.offer.server : state.lease.server;
  if (state.at !== 'rebinding' && server !== asked) return stay(state);
  const said = `${server ?? 'a server'}: ${reasonOf(message.options)}`;
  const [keep, until] = state.at === 'requesting' ? [state.keep, state.until] : [state.lease, state.lease.endsAt];
  const next = { at: 'selecting', until, keep, refused: said, ...begin(moment), tries: 1 } as const;
  return stay({ ...next, nextAt: moment.now + wait(next, moment) }); // at once would make a storm
}

/** Gives the lease back, if there is one. */
function release(state: State4, moment: Moment, client: Client4): Step4 {
  const released: State4 = { at: 'released' };
  const lease = 'lease' in state ? state.lease : 'keep' in state ? state.keep : undefined;
  if (lease === undefined || state.at === 'lost') return { state: released, actions: [] };
  const identity = new Map([...client.options].filter(([code]) => code === opt4.clientId));
  const addresses = { [opt4.serverId]: lease.server };
  const asking = { ...begin(moment), client: lease.address, addresses };
  const message = build('release', asking, { ...client, options: identity }, moment);
  return {
    state: released,
    actions: [{ act: 'send', message, from: lease.address, to: { mac: lease.serverMac, ip: lease.server } }],
  };
}
