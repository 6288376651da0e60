/** Braid's records in memory. Touches nothing. */
import type { LeaseOwner, Records } from '../../src/attach/ports';
import type { AttachRecord } from '../../src/attach/record';
import { CniError } from '../../src/error';
import type { ContainerId, IfName } from '../../src/net/names';

/** What a test may look at beside the port: every save in order, and how many containers are locked now. */
export interface FakeRecords extends Records {
  readonly saves: readonly AttachRecord[];
  readonly lockedNow: () => number;
  /** Makes the record of that owner unreadable, as a torn file is. */
  readonly tear: (owner: LeaseOwner) => void;
}

/** Records that start with the given ones; each save is copied, as a disk would. */
export function fakeRecords(...start: readonly AttachRecord[]): FakeRecords {
  const kept = new Map(start.map((record) => [key(record.containerId, record.ifName), structuredClone(record)]));
  const saves: AttachRecord[] = [];
  const unreadable = new Map<string, LeaseOwner>();
  const queues = new Map<ContainerId, Promise<unknown>>();
  return {
    saves,
    lockedNow: () => queues.size,
    async find(containerId, ifName) {
      if (unreadable.has(key(containerId, ifName))) throw unusable({ containerId, ifName });
      return structuredClone(kept.get(key(containerId, ifName)));
    },
    async save(record) {
      saves.push(structuredClone(record));
      kept.set(key(record.containerId, record.ifName), structuredClone(record));
    },
    async delete({ containerId, ifName }) {
      kept.delete(key(containerId, ifName));
      unreadable.delete(key(containerId, ifName));
    },
    findOfPod: async ({ namespace, name }) =>
      structuredClone([...kept.values()].findLast(({ pod }) => pod?.namespace === namespace && pod.name === name)),
    broken: async () => [...unreadable.values()].map((owner) => ({ ...owner, error: unusable(owner) })),
    deleteLeftovers: async () => [],
    tear: (owner) => {
      kept.delete(key(owner.containerId, owner.ifName));
      unreadable.set(key(owner.containerId, owner.ifName), owner);
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
