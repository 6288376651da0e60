/** Steps in the life of a DHCPv6 lease that several states take. Pure. */
import type { Client6, Lease6 } from './lease6';
import { type Moment, type Refusal, takenBy } from './life';
import { begin6, longestSolicit, question6, wait6 } from './question6';
import type { Action6, AskingState6, State6 } from './state6';

export interface Step6 {
  readonly state: State6;
  readonly actions: readonly Action6[];
}

type Soliciting = Extract<State6, { at: 'soliciting' }>;
type Declining = Extract<State6, { at: 'declining' }>;

/** For what, until when; `longest`: wait between two questions that a server told, in ms. */
type Search = Pick<Soliciting, 'keep' | 'until' | 'refused'> & { readonly longest?: number };

export const stay = (state: State6): Step6 => ({ state, actions: [] });

/** Sends the state's question, and says when again. */
export function ask(state: AskingState6, moment: Moment, client: Client6): Step6 {
  const wait = wait6(state, moment);
  const next = { ...state, tries: state.tries + 1, nextAt: moment.now + wait, wait };
  return { state: next, actions: [question6(state, client, moment)] };
}

/** Asks everybody from the beginning. */
export function solicit(search: Search, moment: Moment, client: Client6): Step6 {
  return ask(toSoliciting(search, moment), moment, client);
}

function toSoliciting({ keep, until, refused, longest = longestSolicit }: Search, moment: Moment): Soliciting {
  return { at: 'soliciting', best: undefined, keep, until, refused, longest, ...begin6(moment) };
}

/** Asks the server for the lease that it offers, or that it has forgotten. */
export function request({ keep, until, refused }: Search, offer: Lease6, moment: Moment, client: Client6): Step6 {
  return ask({ at: 'requesting', offer, keep, until, refused, ...begin6(moment) }, moment, client);
}

export const bind = (lease: Lease6): Step6 => ({ state: { at: 'bound', lease }, actions: [{ act: 'keep', lease }] });

/** A server gives a lease: the pod's own goes on, a new address is looked for in the network first. */
export function take(lease: Lease6, { keep, until }: Pick<Search, 'keep' | 'until'>): Step6 {
  if (keep !== undefined) return bind(lease);
  return { state: { at: 'probing', until, offer: lease }, actions: [{ act: 'probe', address: lease.address }] };
}

/** A server says no: all are asked anew, after a while, for at once would make a storm. The pod's address stays until its lease ends. */
export function seekAfter(refusal: Refusal, search: Search, moment: Moment): Step6 {
  const next = toSoliciting({ ...search, refused: refusal }, moment);
  const wait = wait6(next, moment);
  return { state: { ...next, tries: 1, nextAt: moment.now + wait, wait }, actions: toldOnce(refusal, search) };
}

/** Whose lease it is hears of the first refusal. */
export const toldOnce = ({ said }: Refusal, { keep, refused }: Search): readonly Action6[] =>
  keep === undefined || refused !== undefined ? [] : [{ act: 'refused', said }];

/** Somebody has the address: it is the server's to deal with, and another one is asked for. */
export function seekOther({ until, offer, holder }: Declining, moment: Moment, client: Client6): Step6 {
  return solicit({ keep: undefined, until, refused: takenBy(offer.address, holder) }, moment, client);
}
