/** Writes down for people what failed: `braid show`, `braid list`. That it cannot be written fails nothing. Acts through the records. */
import { type CniError, toCniError } from '../error';
import { failureOf, withFailure } from './history';
import type { Edges, LeaseOwner } from './ports';

/** A failed ADD of the pod; its record is gone, or says what is left. */
export async function noteFailedAdd(
  pod: { readonly namespace: string; readonly name: string },
  error: CniError,
  edges: Edges,
): Promise<void> {
  await quietly(edges, () => edges.records.noteFailure(pod, failureOf('ADD', error, edges.now())));
}

/** A failed CHECK, in the record of what was checked. */
export async function noteFailedCheck(owner: LeaseOwner, error: CniError, edges: Edges): Promise<void> {
  await quietly(edges, () =>
    edges.records.locked(owner.containerId, async () => {
      const record = await edges.records.find(owner.containerId, owner.ifName);
      if (record?.result === undefined) return; // deleted meanwhile
      const failures = withFailure(record.failures, failureOf('CHECK', error, edges.now()));
      await edges.records.save({ ...record, failures });
    }),
  );
}

async function quietly(edges: Edges, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    edges.log.warn({ error: toCniError(error).message }, 'could not write down a failure');
  }
}
