/** The agent's snapshot on this node, read. Touches that one file. */
import { longestSnapshot, parseSnapshot, type Snapshot, snapshotPath } from '../agent/snapshot';
import type { Log } from '../attach/ports';
import { toCniError } from '../error';
import { statSync } from '../kernel/fs';
import { readBytes } from './files';
import { ioUnlessMissing } from './io';

/** A snapshot, and when an agent last said that it was right: milliseconds since 1970. */
export interface FoundSnapshot {
  readonly snapshot: Snapshot;
  readonly confirmedAt: number;
}

/** The node's snapshot; `undefined` when there is none that can be used, which the log tells. */
export function findSnapshot(cniDir: string, log: Log): FoundSnapshot | undefined {
  const path = snapshotPath(cniDir);
  try {
    const stat = ioUnlessMissing('read', path, () => statSync(path));
    const bytes = stat === undefined ? undefined : readBytes(path, longestSnapshot);
    if (stat === undefined || bytes === undefined) return undefined;
    const snapshot = parseSnapshot(bytes);
    if (typeof snapshot !== 'string') return { snapshot, confirmedAt: stat.mtimeMs };
    log.warn({ path, problem: snapshot }, 'cannot use the snapshot of the node agent');
  } catch (error) {
    log.warn({ path, problem: toCniError(error).problem }, 'cannot read the snapshot of the node agent');
  }
  return undefined;
}
