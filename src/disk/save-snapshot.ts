/** The agent's snapshot on this node, written. Touches that one file. */
import { utimesSync } from 'node:fs';
import { type Content, snapshotPath, toSnapshotText } from '../agent/snapshot';
import { io } from './io';
import { place } from './place';

/** Whole and synced, mode 0600. IoFailed. */
export function saveSnapshot(cniDir: string, content: Content): void {
  place(snapshotPath(cniDir), { text: toSnapshotText(content) }, 0o600);
}

/** Says that the snapshot is right now. IoFailed, also when it is gone. */
export function confirmSnapshot(cniDir: string, now: Date): void {
  const path = snapshotPath(cniDir);
  io('touch', path, () => utimesSync(path, now, now));
}
