/** Where the life of a DHCPv4 lease may be, what happens to it and what is done about it. Types only. */
import type { Ip } from '../net/ip';
import type { Mac } from '../net/mac';
import type { Peer } from './frame4';
import type { Lease4 } from './lease4';
import type { Asking, Deed, Happening, Lost, Refusal } from './life';
import type { Message4 } from './message4';
import type { Options4 } from './option4';

/** What stays the same for the whole life. */
export interface Client4 {
  readonly mac: Mac;
  /** Client identifier, and what the configuration provides and requests. */
  readonly options: Options4;
  /** The link cannot hear unicast before it has the address: ipvlan. */
  readonly broadcast: boolean;
}

/** Where the life is. `keep`: the lease that the pod has already and that is asked for again, until it ends. */
export type State4 =
  | { readonly at: 'init'; readonly keep?: Lease4 | undefined }
  | ({
      readonly at: 'selecting';
      readonly until: number;
      readonly keep: Lease4 | undefined;
      readonly refused: Refusal | undefined;
    } & Asking)
  | ({
      readonly at: 'requesting';
      readonly until: number;
      readonly keep: Lease4 | undefined;
      readonly offer: Lease4;
    } & Asking)
  | { readonly at: 'probing'; readonly until: number; readonly offer: Lease4 }
  | { readonly at: 'bound'; readonly lease: Lease4 }
  | ({ readonly at: 'renewing' | 'rebinding'; readonly lease: Lease4 } & Asking)
  | Lost<Lease4>
  | { readonly at: 'released' };

export type Event4 = Happening | { readonly kind: 'message'; readonly message: Message4; readonly from: Peer };

/** What is to be done, in that order. */
export type Action4 =
  | Deed<Lease4>
  | { readonly act: 'send'; readonly message: Message4; readonly from: Ip; readonly to: Peer };

/** A state with a question under way. */
export type AskingState4 = Extract<State4, Asking>;
