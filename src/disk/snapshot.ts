/** The agent's snapshot on this node. Touches that one file. */
import { statSync, utimesSync } from 'node:fs';
import {
  type Content,
  longestSnapshot,
  parseSnapshot,
  type Snapshot,
  snapshotPath,
  toSnapshotText,
} from '../agent/snapshot';
import type { Log } from '../attach/ports';
import { toCniError } from '../error';
import { readText } from './files';
import { io, ioUnlessMissing } from './io';
import { place } from './place';

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
    const text = stat === undefined ? undefined : readText(path, longestSnapshot);
    if (stat === undefined || text === undefined) return undefined;
    const snapshot = parseSnapshot(text);
    if (typeof snapshot !== 'string') return { snapshot, confirmedAt: stat.mtimeMs };
    log.warn({ path, problem: snapshot }, 'cannot use the snapshot of the node agent');
  } catch (error) {
    log.warn({ path, problem: toCniError(error).problem }, 'cannot read the snapshot of the node agent');
  }
  return undefined;
}

/** Whole and synced, mode 0600. IoFailed. */
export function saveSnapshot(cniDir: string, content: Content): void {
  place(snapshotPath(cniDir), { text: toSnapshotText(content) }, 0o600);
}

/** Says that the snapshot is right now. IoFailed, also when it is gone. */
export function confirmSnapshot(cniDir: string, now: Date): void {
  const path = snapshotPath(cniDir);
  io('touch', path, () => utimesSync(path, now, now));
}
