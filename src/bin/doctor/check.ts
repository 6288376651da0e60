/** What a check of the node is: what it looks at, and the lines that it gives. Types, and words to make lines. Pure. */
import type { Edges } from '../../attach/ports';
import type { NetConf } from '../../cni/config';
import type { Network } from '../../cni/network';
import { CniError, toCniError } from '../../error';
import type { Inspection } from './inspection';
import type { Answer } from './wires';

/** What a check found. Whatever is not well has its cause and what to do. */
export type Line = { readonly subject?: string | undefined; readonly found: string } & (
  | { readonly light: 'ok' }
  | { readonly light: 'skipped'; readonly fix: string }
  | { readonly light: 'warning' | 'bad'; readonly cause: string; readonly fix: string }
);

/** A line of the report; `-o json` prints these. */
export interface Verdict {
  readonly light: Line['light'];
  readonly check: string;
  /** What it is about: a network, a link, a file, a version; undefined: the node. */
  readonly subject?: string | undefined;
  readonly found: string;
  readonly cause?: string | undefined;
  readonly fix?: string | undefined;
}

/** A network that this node knows by files or by its agent. */
export interface KnownNetwork {
  readonly display: string;
  readonly network: Network;
}

/** What the checks look at. */
export interface DoctorView {
  readonly edges: Edges;
  readonly conf: NetConf;
  /** The configuration's file, and why it cannot be read: `conf` has the defaults then. */
  readonly unreadable: { readonly path: string; readonly error: CniError } | undefined;
  readonly networks: readonly KnownNetwork[];
  /** The runtime's directory of CNI configuration. */
  readonly confDir: string;
  /** What of the installation the runtime does not find where it looks. */
  readonly misplaced: readonly string[];
  /** What of the node no engine needs, and these checks do. */
  readonly inspection: Inspection;
  readonly isRoot: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a check works with. */
export interface Look extends DoctorView {
  /** What the networks' links and VLANs answered; asked once for all checks. */
  answers(): Promise<readonly Answer[]>;
  /** Tells who waits what is being done. */
  tell(what: string): void;
}

/** A check: what `--help` and progress call it, and what it finds. */
export interface Check {
  readonly name: string;
  run(look: Look): Promise<readonly Line[]>;
}

export const ok = (found: string, subject?: string): Line => ({ light: 'ok', subject, found });

/** Not looked at, and what would be needed. */
export const skipped = (found: string, fix: string, subject?: string): Line => ({
  light: 'skipped',
  subject,
  found,
  fix,
});

/** The words of a line that is not well. */
interface Trouble {
  readonly subject?: string | undefined;
  readonly found: string;
  readonly cause: string;
  readonly fix: string;
}

export const warning = (trouble: Trouble): Line => ({ light: 'warning', ...trouble });
export const bad = (trouble: Trouble): Line => ({ light: 'bad', ...trouble });

/** What could not be looked at: without root that is no finding. */
export function broken(error: unknown, isRoot: boolean, subject?: string): Line {
  const { message, hint } = toCniError(error);
  if (!isRoot && isDenied(error)) return skipped('needs root', 'sudo braid doctor', subject);
  return bad({ subject, found: 'this cannot be looked at', cause: message, fix: hint });
}

/** Whether the system refused it to this user. */
export function isDenied(error: unknown): boolean {
  const { errno, cause } = toCniError(error);
  return errno === 'EPERM' || errno === 'EACCES' || (cause instanceof CniError && isDenied(cause));
}
