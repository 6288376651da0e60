/** The life of a DHCPv6 lease (RFC 8415, section 18.2): (state, event, moment) to the next state and what is to be done. Pure. */
import type { Mac } from '../net/mac';
import { hear6 } from './answer6';
import type { Client6, Lease6 } from './lease6';
import { heldBy, lose, type Moment, patience } from './life';
import { begin6, giveBack6 } from './question6';
import { ask, bind, request, type Step6, seekOther, solicit, stay } from './seek6';
import type { Event6, State6 } from './state6';

const requestTries = 4; // then the server that offered is given up; section 7.6 has 10, for which no pod waits
const declineTries = 4;
const confirmLimit = 10_000; // ms

/** When the state wants the event `time`; `undefined`: never. */
export function wakeAt6(state: State6): number | undefined {
  switch (state.at) {
    case 'init':
    case 'resumed':
      return Number.NEGATIVE_INFINITY;
    case 'soliciting':
    case 'requesting':
      return Math.min(state.nextAt, state.until);
    case 'declining':
      return state.nextAt;
    case 'confirming':
      return Math.min(state.nextAt, state.since + confirmLimit);
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
export const listens6 = (state: State6): boolean => 'xid' in state;

/** The next state. What does not fit, or comes too early, changes nothing. */
export function step6(state: State6, event: Event6, moment: Moment, client: Client6): Step6 {
  if (event.kind === 'release') return release(state, moment, client);
  if (event.kind === 'message') return hear6(state, event.message, moment, client);
  if (event.kind === 'probed') return state.at === 'probing' ? judge(state, event.holder, moment, client) : stay(state);
  const due = wakeAt6(state);
  return due === undefined || moment.now < due ? stay(state) : wake(state, moment, client);
}

function wake(state: State6, moment: Moment, client: Client6): Step6 {
  const { now } = moment;
  switch (state.at) {
    case 'init':
      return solicit({ keep: undefined, until: now + patience, refused: undefined }, moment, client);
    case 'resumed':
      if (now >= state.lease.rebindAt) return goOn(state.lease, moment, client);
      return ask({ at: 'confirming', lease: state.lease, ...begin6(moment) }, moment, client);
    case 'confirming':
      // nobody says no: the lease goes on (section 18.2.3)
      return now >= state.since + confirmLimit ? stay({ at: 'bound', lease: state.lease }) : ask(state, moment, client);
    case 'soliciting':
      if (now >= state.until) return lose(state.keep, state.refused);
      return state.best === undefined ? ask(state, moment, client) : request(state, state.best.lease, moment, client);
    case 'requesting':
      if (now >= state.until) return lose(state.keep, state.refused);
      return state.tries >= requestTries ? solicit(state, moment, client) : ask(state, moment, client);
    case 'declining':
      return state.tries >= declineTries ? seekOther(state, moment, client) : ask(state, moment, client);
    case 'bound':
      return goOn(state.lease, moment, client);
    case 'renewing':
      if (now >= state.lease.rebindAt) return goOn(state.lease, moment, client);
      return ask(state, moment, client);
    case 'rebinding':
      return now >= state.lease.endsAt ? lose(state.lease) : ask(state, moment, client);
    default:
      return stay(state);
  }
}

/** Nearly always it is time to renew; a client that was away for longer goes on with what is left. */
function goOn(lease: Lease6, moment: Moment, client: Client6): Step6 {
  const { now } = moment;
  if (now >= lease.endsAt) return solicit({ keep: lease, until: now + patience, refused: undefined }, moment, client);
  const at = now >= lease.rebindAt ? 'rebinding' : 'renewing';
  return ask({ at, lease, ...begin6(moment) }, moment, client);
}

type Probing = Extract<State6, { at: 'probing' }>;

/** Nobody may have the address that the pod is to get (section 18.2.10.1); if somebody has, the server hears of it. */
function judge({ offer, until }: Probing, holder: Mac | undefined, moment: Moment, client: Client6): Step6 {
  if (holder === undefined) return bind(offer);
  return ask({ at: 'declining', until, offer, holder, ...begin6(moment) }, moment, client);
}

/** Gives the lease back, if there is one; a Reply is not waited for, for the pod goes. */
function release(state: State6, moment: Moment, client: Client6): Step6 {
  const lease = state.at === 'probing' ? state.offer : heldBy(state);
  return { state: { at: 'released' }, actions: lease === undefined ? [] : [giveBack6(lease, client, moment)] };
}
