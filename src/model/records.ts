/** Braid's records in memory. Touches nothing. */

import { type Failure, withFailure } from '../attach/history';
import type { BrokenRecord, LeaseOwner, Records, SalvagedRecord } from '../attach/ports';
import type { AttachRecord } from '../attach/record';
import { CniError } from '../error';
import type { ContainerId, IfName } from '../net/names';

/** What a test may look at beside the port: every save in order, and how many containers are locked now. */
export interface FakeRecords extends Records {
  readonly saves: readonly AttachRecord[];
  readonly lockedNow: () => number;
  /** Makes the record of that owner unreadable, as a torn file is; `salvaged` is what can be made of it. */
  readonly tear: (owner: LeaseOwner, salvaged?: SalvagedRecord) => void;
}

/** Records that start with the given ones; each save is copied, as a disk would. */
export function fakeRecords(...start: readonly AttachRecord[]): FakeRecords {
  const kept = new Map(start.map((record) => [key(record.containerId, record.ifName), structuredClone(record)]));
  const saves: AttachRecord[] = [];
  const unreadable = new Map<string, LeaseOwner & { readonly salvaged: SalvagedRecord }>();
  const failed = new Map<string, readonly Failure[]>();
  const queues = new Map<ContainerId, Promise<unknown>>();
  const broken = (): readonly BrokenRecord[] =>
    [...unreadable.values()].map(({ containerId, ifName }) => {
      const owner = { containerId, ifName };
      return { ...owner, error: unusable(owner) };
    });
  return {
    saves,
    lockedNow: () => queues.size,
    async find(containerId, ifName) {
      if (unreadable.has(key(containerId, ifName))) throw unusable({ containerId, ifName });
      return structuredClone(kept.get(key(containerId, ifName)));
    },
    salvage: async (containerId, ifName) => unreadable.get(key(containerId, ifName))?.salvaged,
    async save(record) {
      unreadable.delete(key(record.containerId, record.ifName));
      saves.push(structuredClone(record));
      kept.set(key(record.containerId, record.ifName), structuredClone(record));
    },
    async delete({ containerId, ifName }) {
      kept.delete(key(containerId, ifName));
      unreadable.delete(key(containerId, ifName));
    },
    findOfPod: async ({ namespace, name }) => {
      const all = [...kept.values(), ...[...unreadable.values()].flatMap(({ salvaged }) => salvaged.record ?? [])];
      const found = all.findLast(({ pod }) => pod?.namespace === namespace && pod.name === name);
      return found && { containerId: found.containerId, ifName: found.ifName };
    },
    broken: async () => broken(),
    everything: async () => ({ whole: structuredClone([...kept.values()]), broken: broken() }),
    async noteFailure({ namespace, name }, failure) {
      const pod = `${namespace}/${name}`;
      failed.set(pod, withFailure(failed.get(pod), failure));
    },
    failedPods: async () => [...failed].map(([pod, failures]) => ({ pod, failures })),
    deleteLeftovers: async () => [],
    tear: (owner, salvaged = { record: undefined, isWhole: false, isNewer: false }) => {
      kept.delete(key(owner.containerId, owner.ifName));
      unreadable.set(key(owner.containerId, owner.ifName), { ...owner, salvaged });
    },
    all: async () => structuredClone([...kept.values()]),
    async locked<T>(containerId: ContainerId, work: () => Promise<T>): Promise<T> {
      const before = queues.get(containerId) ?? Promise.resolve();
      const mine = before.then(work, work);
      queues.set(containerId, mine);
      try {
        return await mine;
      } finally {
        if (queues.get(containerId) === mine) queues.delete(containerId);
      }
    },
  };
}

function key(containerId: ContainerId, ifName: IfName): string {
  return `${containerId} ${ifName}`;
}

function unusable({ containerId }: LeaseOwner): CniError {
  return new CniError('RecordInvalid', `Cannot use the record of ${containerId}: a test tore it`);
}
