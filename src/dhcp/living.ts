/** One lease as whoever keeps it sees it: bytes in, bytes and deeds out, whatever the family. Pure. */
import { type Deed, type Happening, heldBy, type Lease, type Lost, type Moment, type Speaker } from './life';

/** What comes in: something happens, or the family's socket gives bytes. */
export type Event = Happening | { readonly kind: 'heard'; readonly bytes: Buffer };

/** What is to be done, in that order; the family's socket takes the bytes. */
export type Action = Deed | { readonly act: 'send'; readonly bytes: Buffer };

/** A family's state machine. */
export interface Machine<S> {
  listens(state: S): boolean;
  wakeAt(state: S): number | undefined;
  step(
    state: S,
    event: Event,
    moment: Moment,
    speaker: Speaker,
  ): { readonly state: S; readonly actions: readonly Action[] };
}

type Any = {
  readonly at: string;
  readonly lease?: Lease | undefined;
  readonly keep?: Lease | undefined;
};

/** A lease from its first question to its end. */
export interface Life {
  /** What the pod has now. */
  readonly lease: Lease | undefined;
  /** Nothing was asked yet. */
  readonly isNew: boolean;
  /** Whether an answer may come. */
  readonly listens: boolean;
  readonly lost: Lost | undefined;
  /** When it wants `time`; `undefined`: never. */
  readonly wakeAt: number | undefined;
  step(event: Event, moment: Moment, speaker: Speaker): readonly Action[];
}

/** Begins in that state. */
export function toLife<S extends Any | Lost>(machine: Machine<S>, start: S): Life {
  let state = start;
  return {
    get lease() {
      return heldBy<Lease>(state);
    },
    get isNew() {
      return state.at === 'init';
    },
    get listens() {
      return machine.listens(state);
    },
    get lost() {
      return isLost(state) ? state : undefined;
    },
    get wakeAt() {
      return machine.wakeAt(state);
    },
    step(event, moment, speaker) {
      const next = machine.step(state, event, moment, speaker);
      state = next.state;
      return next.actions;
    },
  };
}

const isLost = (state: Any | Lost): state is Lost => state.at === 'lost';
