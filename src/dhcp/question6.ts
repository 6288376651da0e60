/** What a DHCPv6 client asks in each state, and how long it waits for the answer (RFC 8415, sections 15 and 18.2). Pure. */
import type { Client6, Lease6 } from './lease6';
import { type Asking, begin, type Moment } from './life';
import type { Message6, Type6 } from './message6';
import { encodeIdentity6, opt6 } from './option6';
import type { Action6, Asking6, AskingState6 } from './state6';

type Sent6 = Extract<Action6, { act: 'send' }>;

const types: Readonly<Record<AskingState6['at'], Type6>> = {
  soliciting: 'solicit',
  requesting: 'request',
  declining: 'decline',
  confirming: 'confirm',
  renewing: 'renew',
  rebinding: 'rebind',
};

/** First and longest wait of each question, in ms (section 7.6); a Solicit's longest one a server may tell. */
const waits: Readonly<Record<AskingState6['at'], readonly [first: number, longest: number]>> = {
  soliciting: [1000, 3_600_000],
  requesting: [1000, 30_000],
  declining: [1000, Number.POSITIVE_INFINITY],
  confirming: [1000, 4000],
  renewing: [10_000, 600_000],
  rebinding: [10_000, 600_000],
};

/** The longest wait of a Solicit, unless a server tells another one. */
export const longestSolicit = waits.soliciting[1];

/** No question of this kind was sent yet. */
export const begin6 = (moment: Moment): Asking6 => ({ ...begin(moment, 24), wait: 0 });

/** How long the answer to the next one is waited for: doubled each time, a tenth more or less. Servers answer the first Solicit within its wait, so that is never less. */
export function wait6(state: AskingState6, { random }: Moment): number {
  const [first, longest] = waits[state.at];
  const most = state.at === 'soliciting' ? state.longest : longest;
  const some = 0.2 * random - 0.1;
  if (state.wait === 0) return first * (1 + (state.at === 'soliciting' ? Math.abs(some) : some));
  const wait = state.wait * (2 + some);
  return wait > most ? most * (1 + some) : wait;
}

/** What is asked in that state. */
export function question6(state: AskingState6, client: Client6, moment: Moment): Sent6 {
  const about = addressIn(state);
  const server = state.at === 'requesting' || state.at === 'declining' ? state.offer.server : renewed(state);
  const isSolicit = state.at === 'soliciting';
  return build(
    types[state.at],
    state,
    { ...about, server, rapid: isSolicit && about.lease === undefined },
    client,
    moment,
  );
}

const renewed = (state: AskingState6): string | undefined => (state.at === 'renewing' ? state.lease.server : undefined);

function addressIn(state: AskingState6): { readonly lease: Lease6 | undefined } {
  if (state.at === 'soliciting') return { lease: state.keep };
  return { lease: 'offer' in state ? state.offer : state.lease };
}

/** Gives the lease back. */
export function giveBack6(lease: Lease6, client: Client6, moment: Moment): Sent6 {
  return build('release', begin(moment, 24), { lease, server: lease.server, rapid: false }, client, moment);
}

interface About {
  readonly lease: Lease6 | undefined;
  readonly server: string | undefined;
  /** One question and one answer are enough (section 21.14). */
  readonly rapid: boolean;
}

const asksForOptions: readonly Type6[] = ['solicit', 'request', 'renew', 'rebind'];

function build(type: Type6, { xid, since }: Asking, about: About, client: Client6, { now }: Moment): Sent6 {
  const elapsed = Math.min(0xffff, Math.max(0, Math.floor((now - since) / 10))); // hundredths of a second
  const addresses = about.lease === undefined ? [] : [about.lease.address];
  const asked = [...new Set([opt6.longestSolicit, ...client.asked])]; // the first one is a must (section 21.24)
  const options: readonly (readonly [number, Buffer] | undefined)[] = [
    [opt6.clientId, client.duid],
    about.server === undefined ? undefined : [opt6.serverId, Buffer.from(about.server, 'hex')],
    [opt6.identity, encodeIdentity6(client.identity, addresses)],
    asksForOptions.includes(type) ? [opt6.requested, words(asked)] : undefined,
    [opt6.elapsed, words([elapsed])],
    about.rapid ? [opt6.rapidCommit, Buffer.alloc(0)] : undefined,
  ];
  const message: Message6 = {
    type,
    xid,
    options: new Map(options.filter((each) => each !== undefined).map(([code, value]) => [code, [value]])),
  };
  return { act: 'send', message };
}

function words(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * at);
  return bytes;
}
