/** Where the life of a DHCPv6 lease may be, what happens to it and what is done about it. Types only. */
import type { Mac } from '../net/mac';
import type { Lease6 } from './lease6';
import type { Asking, Deed, Happening, Lost, Refusal } from './life';
import type { Message6 } from './message6';

/** A question of section 15: `wait` is how long its last answer was waited for, in ms. */
export type Asking6 = Asking & { readonly wait: number };

/** Asks for a lease, until then. `keep`: the one that the pod has already and that is asked for again, until it ends. */
interface Seeking {
  readonly until: number;
  readonly keep: Lease6 | undefined;
  readonly refused: Refusal | undefined;
}

/** What a server would give, and how gladly it is asked (0 to 255). */
export interface Offer6 {
  readonly lease: Lease6;
  readonly preference: number;
}

/** Asks about the lease that the pod has. */
type Leased6<At> = { readonly at: At; readonly lease: Lease6 } & Asking6;

/** `resumed`: an earlier agent had the lease. */
export type State6 =
  | { readonly at: 'init' }
  | { readonly at: 'resumed' | 'bound'; readonly lease: Lease6 }
  | ({ readonly at: 'soliciting'; readonly best: Offer6 | undefined; readonly longest: number } & Seeking & Asking6)
  | ({ readonly at: 'requesting'; readonly offer: Lease6 } & Seeking & Asking6)
  | { readonly at: 'probing'; readonly until: number; readonly offer: Lease6 }
  | ({ readonly at: 'declining'; readonly until: number; readonly offer: Lease6; readonly holder: Mac } & Asking6)
  | Leased6<'confirming'>
  | Leased6<'renewing'>
  | Leased6<'rebinding'>
  | Lost<Lease6>
  | { readonly at: 'released' };

/** A state with a question under way. */
export type AskingState6 = Extract<State6, Asking6>;

export type Event6 = Happening | { readonly kind: 'message'; readonly message: Message6 };

/** What is to be done, in that order; messages go to all servers and relays of the link. */
export type Action6 = Deed<Lease6> | { readonly act: 'send'; readonly message: Message6 };
