/** What the life of a lease is to whoever keeps it, of either family: what happens to it, and what is to be done. Pure. */
import type { Ip } from '../net/ip';
import type { Mac } from '../net/mac';
import type { Lease4 } from './lease4';
import type { Lease6 } from './lease6';

/** A lease of either family. */
export type Lease = Lease4 | Lease6;

/** When it is, and chance: a number from 0 up to 1, another each time. */
export interface Moment {
  readonly now: number; // ms
  readonly random: number;
}

/** A question that is repeated until there is an answer. */
export interface Asking {
  readonly xid: number;
  readonly since: number; // ms, of the first one
  readonly tries: number;
  readonly nextAt: number; // ms
}

/** Why there is no lease: no server answered, or it refused, or somebody has its address, or it makes no address. */
export type Loss = 'silence' | 'refusal' | 'taken' | 'no mask';

/** What a server refused, or who has the address that it gave. */
export interface Refusal {
  readonly why: 'refusal' | 'taken';
  readonly said: string;
}

/** The end without a lease; `lease`: the one that the pod had. */
export interface Lost<L extends Lease = Lease> {
  readonly at: 'lost';
  readonly why: Loss;
  readonly said: string | undefined;
  readonly lease: L | undefined;
}

/** What both families' machines are told besides messages. `probed`: who on the network has the address, if somebody has. */
export type Happening =
  | { readonly kind: 'time' }
  | { readonly kind: 'probed'; readonly holder: Mac | undefined }
  | { readonly kind: 'release' };

/** What both want done besides sending. */
export type Deed<L extends Lease = Lease> =
  | { readonly act: 'probe'; readonly address: Ip } // ask the network who has it, and tell: `probed`
  | { readonly act: 'keep'; readonly lease: L } // it is the pod's now, or longer
  | { readonly act: 'refused'; readonly said: string } // by the server; the pod has the address until the lease ends
  | { readonly act: 'drop' }; // the pod may not use it any more

/** What a machine must know of the link that it speaks on. */
export interface Speaker {
  readonly mac: Mac;
  /** IPv4 servers are to answer by broadcast: the link cannot hear anything else before it has an address. */
  readonly broadcast: boolean;
}

/** What the pod has in that state: `keep` is what it asks for again, until that ends. */
export function heldBy<L extends Lease>(state: {
  readonly at: string;
  readonly lease?: L | undefined;
  readonly keep?: L | undefined;
}): L | undefined {
  return state.at === 'lost' ? undefined : (state.lease ?? state.keep);
}

/** The end without a lease; `lease`: the one that the pod had. */
export function lose<L extends Lease>(
  lease: L | undefined,
  { why, said }: { readonly why: Loss; readonly said?: string } = { why: 'silence' },
): { readonly state: Lost<L>; readonly actions: readonly Deed<L>[] } {
  return { state: { at: 'lost', why, said, lease }, actions: lease === undefined ? [] : [{ act: 'drop' }] };
}

/** How long a first address is waited for: longer than the 30 s for which a switch's port may be deaf (802.1D). */
export const patience = 40_000; // ms

/** Begins a question; none was sent yet. `bits`: of the transaction's number. */
export const begin = ({ now, random }: Moment, bits: number): Asking => ({
  xid: Math.floor(random * 2 ** bits),
  since: now,
  tries: 0,
  nextAt: now,
});

/** Why an address is not taken, for logs. */
export const takenBy = (address: Ip, holder: Mac): Refusal => ({
  why: 'taken',
  said: `${address} is in use by ${holder}`,
});
