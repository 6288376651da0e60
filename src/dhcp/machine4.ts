/** The life of a DHCPv4 lease (RFC 2131, section 4.4): (state, event, moment) to the next state and what is to be done. Pure. */
import type { Mac } from '../net/mac';
import type { Peer } from './frame4';
import { type Lease4, reasonOf, toLease4 } from './lease4';
import { begin, heldBy, lose, type Moment, patience, type Refusal, takenBy } from './life';
import type { Message4 } from './message4';
import { findAddress, findPrefixLength, opt4 } from './option4';
import { decline, giveBack, question4 } from './question4';
import type { Action4, AskingState4, Client4, Event4, State4 } from './state4';

export interface Step4 {
  readonly state: State4;
  readonly actions: readonly Action4[];
}

const firstWait = 1000; // ms; RFC 2131 proposes 4 s, from the time of 10 Mbit/s: pods wait for this
const longestWait = 64_000;
const requestTries = 4; // then the server that offered is given up
const afterDecline = 10_000; // ms; at once would make a storm (RFC 2131, 3.1.5)
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
  if (event.kind === 'probed') return state.at === 'probing' ? judge(state, event.holder, moment, client) : stay(state);
  const due = wakeAt(state);
  return due === undefined || moment.now < due ? stay(state) : wake(state, moment, client);
}

const stay = (state: State4): Step4 => ({ state, actions: [] });

function wake(state: State4, moment: Moment, client: Client4): Step4 {
  const { now } = moment;
  switch (state.at) {
    case 'init':
      return select(state.keep, Math.max(now + patience, state.keep?.endsAt ?? now), moment, client);
    case 'selecting':
      if (now >= state.until) return lose(state.keep, state.refused);
      return ask(state, client, moment);
    case 'requesting':
      if (now >= state.until) return lose(state.keep);
      if (state.tries >= requestTries) return select(state.keep, state.until, moment, client);
      return ask(state, client, moment);
    case 'bound':
      return waken(state.lease, moment, client);
    case 'renewing':
      if (now >= state.lease.endsAt) return lose(state.lease);
      if (now >= state.lease.rebindAt)
        return ask({ at: 'rebinding', lease: state.lease, ...begin(moment, 32) }, client, moment);
      return ask(state, client, moment);
    case 'rebinding':
      if (now >= state.lease.endsAt) return lose(state.lease);
      return ask(state, client, moment);
    default:
      return stay(state);
  }
}

/** Nearly always it is time to renew; a client that was away for longer goes on with what is left. */
function waken(lease: Lease4, moment: Moment, client: Client4): Step4 {
  const { now } = moment;
  if (now >= lease.endsAt) return select(lease, now + patience, moment, client);
  const at = now >= lease.rebindAt ? 'rebinding' : 'renewing';
  return ask({ at, lease, ...begin(moment, 32) }, client, moment);
}

/** Asks everybody from the beginning. */
function select(keep: Lease4 | undefined, until: number, moment: Moment, client: Client4): Step4 {
  return ask({ at: 'selecting', until, keep, refused: undefined, ...begin(moment, 32) }, client, moment);
}

/** Sends the state's question, and says when again. */
function ask(state: AskingState4, client: Client4, moment: Moment): Step4 {
  const next = { ...state, tries: state.tries + 1, nextAt: moment.now + wait(state, moment) };
  return { state: next, actions: [question4(state, client, moment)] };
}

/** Doubled each time, a tenth more or less. While a lease runs, half of what is left to the next state (RFC 2131, 4.4.5). */
function wait(state: AskingState4, { now, random }: Moment): number {
  if (state.at === 'selecting' || state.at === 'requesting')
    return Math.min(firstWait * 2 ** state.tries, longestWait) * (0.9 + 0.2 * random);
  const { renewAt, rebindAt, endsAt } = state.lease;
  const left = (state.at === 'renewing' ? rebindAt : endsAt) - now;
  return Math.max(left / 2, Math.min(shortestRenewal, (rebindAt - renewAt) / 8), 500);
}

function hear(state: State4, message: Message4, from: Peer, moment: Moment, client: Client4): Step4 {
  if (!listens(state)) return stay(state);
  const asking = state as AskingState4;
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
function takeAck(state: Exclude<AskingState4, Selecting>, message: Message4, from: Peer, { now }: Moment): Step4 {
  const earlier = state.at === 'requesting' ? (state.keep ?? state.offer) : state.lease;
  const lease = toLease4(message, from.mac, now, earlier);
  if (lease === undefined || lease.address !== (state.at === 'requesting' ? state.offer : state.lease).address)
    return stay(state);
  if (findPrefixLength(lease.options) === undefined) return lose<Lease4>(undefined, { why: 'no mask' });
  if (state.at === 'requesting' && state.keep === undefined)
    return {
      state: { at: 'probing', until: state.until, offer: lease },
      actions: [{ act: 'probe', address: lease.address }],
    };
  return bind(lease);
}

const bind = (lease: Lease4): Step4 => ({ state: { at: 'bound', lease }, actions: [{ act: 'keep', lease }] });

/** Nobody may have the address that the pod is to get; if somebody has, the server hears of it and another one is asked for (RFC 2131, 4.4.1). */
function judge(
  { offer, until }: Extract<State4, { at: 'probing' }>,
  holder: Mac | undefined,
  moment: Moment,
  client: Client4,
): Step4 {
  if (holder === undefined) return bind(offer);
  const refused = takenBy(offer.address, holder);
  const asking = { ...begin(moment, 32), nextAt: moment.now + afterDecline };
  return {
    state: { at: 'selecting', until, keep: undefined, refused, ...asking },
    actions: [decline(offer, asking, client, moment)],
  };
}

/** Only of the server that was asked. The pod's address stays until its lease ends: whoever can send a frame could say no. */
function takeNak(state: Exclude<AskingState4, Selecting>, message: Message4, moment: Moment): Step4 {
  const server = findAddress(message.options, opt4.serverId);
  const asked = state.at === 'requesting' ? state.offer.server : state.lease.server;
  if (state.at !== 'rebinding' && server !== asked) return stay(state);
  const said = `${server ?? 'a server'}: ${reasonOf(message.options)}`;
  const [keep, until] = state.at === 'requesting' ? [state.keep, state.until] : [state.lease, state.lease.endsAt];
  const refused: Refusal = { why: 'refusal', said };
  const next = { at: 'selecting', until, keep, refused, ...begin(moment, 32), tries: 1 } as const;
  return {
    state: { ...next, nextAt: moment.now + wait(next, moment) }, // at once would make a storm
    actions: state.at === 'requesting' ? [] : [{ act: 'refused', said }],
  };
}

/** Gives the lease back, if there is one. */
function release(state: State4, moment: Moment, client: Client4): Step4 {
  const lease = state.at === 'probing' ? state.offer : heldBy(state);
  return { state: { at: 'released' }, actions: lease === undefined ? [] : [giveBack(lease, client, moment)] };
}
