/** Braid's records in memory. Touches nothing. */
import type { Records } from '../../src/attach/ports';
import type { AttachRecord } from '../../src/attach/record';
import type { ContainerId, IfName } from '../../src/net/names';

/** What a test may look at beside the port: every save in order, and how many containers are locked now. */
export interface FakeRecords extends Records {
  readonly saves: readonly AttachRecord[];
  readonly lockedNow: () => number;
}

/** Records that start with the given ones; each save is copied, as a disk would. */
export function fakeRecords(...start: readonly AttachRecord[]): FakeRecords {
  const kept = new Map(start.map((record) => [key(record.containerId, record.ifName), structuredClone(record)]));
  const saves: AttachRecord[] = [];
  const queues = new Map<ContainerId, Promise<unknown>>();
  return {
    saves,
    lockedNow: () => queues.size,
    find: async (containerId, ifName) => structuredClone(kept.get(key(containerId, ifName))),
    async save(record) {
      saves.push(structuredClone(record));
      kept.set(key(record.containerId, record.ifName), structuredClone(record));
    },
    async delete(containerId, ifName) {
      kept.delete(key(containerId, ifName));
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
