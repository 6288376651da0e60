/** Words for rules that several delegates keep in nftables: finds ours among what is there. Acts through nft. */
import { CniError } from '../error';
import { isRecord } from '../json';
import type { Nft } from './ports';

/** A rule as `nft --json --handle list` tells of it (libnftables-json(5), "RULE"). */
export interface NftRule {
  readonly handle: number;
  readonly comment: string | undefined;
  readonly jumps: readonly string[]; // chains it jumps to
}

/** The rules of a chain, e.g. ['bridge', 'nat', 'PREROUTING']; `undefined` when there is no such chain. */
export async function findRules(nft: Nft, chain: readonly string[]): Promise<readonly NftRule[] | undefined> {
  const listed = await nft.list(['chain', ...chain]);
  return listed?.flatMap(({ rule }) => (isRecord(rule) && typeof rule.handle === 'number' ? [toRule(rule)] : []));
}

/** What is found, or taken back; `none` on a node without the command, which never got any rules. */
export async function orNone<T>(work: Promise<T>, none: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isCommandMissing(error)) throw error;
    return none;
  }
}

/** Whether the node has no such command. */
export function isCommandMissing(error: unknown): boolean {
  return error instanceof CniError && error.reason === 'FirewallFailed' && error.errno === 'ENOENT';
}

/** Commands as one transaction in nft's own language. Pure. */
export function transaction(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join('');
}

function toRule(rule: Readonly<Record<string, unknown>>): NftRule {
  const { handle, comment, expr } = rule;
  const statements = Array.isArray(expr) ? expr.filter(isRecord) : [];
  const targets = statements.map(({ jump }) => (isRecord(jump) ? jump.target : undefined));
  return {
    handle: Number(handle),
    comment: typeof comment === 'string' ? comment : undefined,
    jumps: targets.filter((target) => typeof target === 'string'),
  };
}
