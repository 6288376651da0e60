/** One way in which a person, a node or a cluster makes a reason of the catalogue come. */
import type { Reason } from '../../src/error';

/** What goes wrong, the real code that meets it, and what its message must name. */
export interface Provoked {
  readonly how: string;
  /** Throws, or rejects, with the reason. */
  readonly by: () => unknown;
  /** Pod, network, field, value, path: whatever a person needs to find it. */
  readonly names: readonly string[];
}

/** The reasons of one table, each with at least one way. */
export type Provocations<R extends Reason> = Readonly<Record<R, readonly [Provoked, ...Provoked[]]>>;
