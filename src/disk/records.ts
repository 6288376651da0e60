/** Braid's records: one JSON file per container and interface, and one lock per container. Touches its own directory only. */

import type { BrokenRecord, Log, Records } from '../attach/ports';
import type { AttachRecord } from '../attach/record';
import { fail, toCniError } from '../error';
import { existsSync, readdirSync } from '../kernel/fs';
import { type ContainerId, containerId } from '../net/names';
import { join } from '../path';
import { deleteAtomic, deletePlain, temporaryOf, writeAtomic } from './atomic';
import { readText } from './files';
import { ioUnlessMissing } from './io';
import { tryVanishingLock, waitForVanishingLock } from './lock';
import { findOwner, ownerFileName, type RecordOwner } from './owner';
import { parseRecord } from './parse-record';
import { createPodIndex } from './pods';

const longestRecord = 64 * 1024 * 1024; // bytes: results of foreign delegates may have 8 MiB each
const lockLimit = 120_000; // ms; the kubelet gives a sandbox no longer than two minutes, then tries again

/**
 * Records under `cniDir`: `attachments/<containerId>_<ifName>.json`, mode 0600, and `locks/<containerId>.lock`,
 * which exist only while somebody works on that container; `pods/` leads from a pod to its last sandbox.
 */
export function createRecords(cniDir: string, log: Log): Records {
  const attachments = directoryOf(cniDir);
  const locks = join(cniDir, 'locks');
  const pods = createPodIndex(join(cniDir, 'pods'));
  const failedPods = async () => (await import('./failures')).createFailedPods(join(cniDir, 'failures'));
  const queues = new Map<ContainerId, Promise<unknown>>();
  const pathOf = (owner: RecordOwner): string => join(attachments, fileName(owner));
  const read = (owner: RecordOwner): AttachRecord | undefined => {
    const text = readText(pathOf(owner), longestRecord);
    return text === undefined ? undefined : parseRecord(text, pathOf(owner), owner);
  };
  const owners = (): readonly RecordOwner[] => list(attachments).flatMap((name) => findFileOwner(name) ?? []);
  const everything = () => {
    const whole: AttachRecord[] = [];
    const broken: BrokenRecord[] = [];
    for (const owner of owners())
      try {
        const record = read(owner);
        if (record !== undefined) whole.push(record); // else deleted since it was listed
      } catch (error) {
        broken.push({ ...owner, error: toCniError(error) });
      }
    return { whole, broken };
  };

  return {
    find: async (containerId, ifName) => read({ containerId, ifName }),

    async salvage(containerId, ifName) {
      const owner = { containerId, ifName };
      const text = readText(pathOf(owner), longestRecord);
      if (text === undefined) return undefined;
      const { salvageRecord } = await import('./salvage-record');
      return salvageRecord(text, owner);
    },

    async save(record) {
      writeRecord(cniDir, record);
      if (record.pod !== undefined && record.result === undefined) pods.remember(record.pod, record);
    },

    async delete(owner, pod) {
      if (pod !== undefined) pods.forget(pod, owner);
      deleteAtomic(pathOf(owner));
    },

    findOfPod: async (pod) => pods.find(pod),

    everything: async () => everything(),
    broken: async () => everything().broken,

    async all() {
      const { whole, broken } = everything();
      for (const { containerId, ifName, error } of broken) {
        const path = pathOf({ containerId, ifName });
        log.warn({ path, error: error.problem }, 'Skipped a record that cannot be used');
      }
      return whole;
    },

    async locked<T>(containerId: ContainerId, work: () => Promise<T>): Promise<T> {
      const underLock = async (): Promise<T> => {
        const lock = await waitForVanishingLock(lockPath(locks, containerId), lockLimit);
        try {
          return await work();
        } finally {
          lock.release();
        }
      };
      const mine = (queues.get(containerId) ?? Promise.resolve()).then(underLock, underLock);
      queues.set(containerId, mine);
      try {
        return await mine;
      } finally {
        if (queues.get(containerId) === mine) queues.delete(containerId);
      }
    },

    async noteFailure(pod, failure) {
      (await failedPods()).note(pod, failure);
    },

    failedPods: async () => (await failedPods()).all(),

    async deleteLeftovers() {
      (await failedPods()).deleteOld(new Date().toISOString());
      const deleted: string[] = [];
      for (const name of list(attachments)) {
        const owner = findFileOwner(name.replace(/\.tmp$/, ''));
        if (owner === undefined || name !== temporaryOf(fileName(owner))) continue;
        const lock = tryVanishingLock(lockPath(locks, owner.containerId));
        if (lock === undefined) continue; // being written now
        try {
          const path = join(attachments, name);
          deletePlain(path);
          deleted.push(path);
        } finally {
          lock.release();
        }
      }
      for (const name of list(locks)) {
        const path = join(locks, name);
        const lock = tryVanishingLock(path);
        if (lock !== undefined) deleted.push(path);
        lock?.release();
      }
      const known = new Set(owners().map(fileName));
      return [...deleted, ...pods.deleteStale((owner) => known.has(fileName(owner)))];
    },
  };
}

/** Writes the record, whether there is one or not. */
export function writeRecord(cniDir: string, record: AttachRecord): void {
  const path = join(directoryOf(cniDir), fileName(record));
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if (Buffer.byteLength(text) > longestRecord)
    // what cannot be read again would stop every DEL
    fail('IoFailed', `Cannot write ${path}: at most ${longestRecord} bytes are kept of a sandbox`);
  writeAtomic(path, text);
}

/** Whether there is a record of that owner, readable or not. */
export function hasRecord(cniDir: string, owner: RecordOwner): boolean {
  return existsSync(join(directoryOf(cniDir), fileName(owner)));
}

const directoryOf = (cniDir: string): string => join(cniDir, 'attachments');

function fileName(owner: RecordOwner): string {
  return `${ownerFileName(owner)}.json`;
}

function findFileOwner(name: string): RecordOwner | undefined {
  return name.endsWith('.json') ? findOwner(name.slice(0, -'.json'.length)) : undefined;
}

function lockPath(locks: string, container: ContainerId): string {
  return join(locks, `${containerId(container)}.lock`);
}

function list(directory: string): readonly string[] {
  return ioUnlessMissing('read', directory, () => readdirSync(directory).sort()) ?? [];
}
