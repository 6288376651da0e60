/** Which records the agent looks at when it publishes: the cost of a pod's start must not grow with the pods that are there. */
import { expect, it, vi } from 'vitest';
import { publishTask } from '../../src/agent/agent';
import { Pending } from '../../src/agent/pending';
import type { LeaseOwner } from '../../src/attach/ports';

const owner = (container: string) => ({ containerId: container, ifName: 'eth0' }) as LeaseOwner;

/** An agent that looked at everything at 1000 ms. */
function afterTheFirst(): Pending {
  const pending = new Pending();
  expect(pending.take(1000), 'all, for an earlier agent may have been told of some').toBeUndefined();
  return pending;
}

it('those it was told of, each once, and then no more', () => {
  const pending = afterTheFirst();
  for (const container of ['a', 'b', 'a']) pending.tell(owner(container));
  expect(pending.take(1050)).toEqual([owner('a'), owner('b')]);
  expect(pending.take(6000)).toEqual([]);
});

it('all of them when an executable of another version does not say which', () => {
  const pending = afterTheFirst();
  pending.tell(undefined);
  pending.tell(owner('a'));
  expect(pending.take(1050)).toBeUndefined();
  expect(pending.take(1100), 'those that were told of, too').toEqual([]);
});

it('all of them now and then: somebody may have found no agent to tell', () => {
  const pending = afterTheFirst();
  expect(pending.take(30_999)).toEqual([]);
  pending.tell(owner('a'));
  expect(pending.take(31_000)).toBeUndefined();
  expect(pending.take(60_999)).toEqual([]);
});

it('what a round leaves is in the next one; after a round that failed all are looked at', async () => {
  const publish = vi.fn<(told: readonly LeaseOwner[] | undefined) => Promise<readonly LeaseOwner[]>>();
  const queue = vi.fn();
  const pending = new Pending();
  const { run } = publishTask({ publish }, pending, queue);
  publish
    .mockResolvedValueOnce([owner('a')])
    .mockResolvedValueOnce([])
    .mockRejectedValueOnce(new Error('no disk'));
  await run();
  pending.tell(owner('b'));
  await run();
  await expect(run()).rejects.toThrow('no disk');
  publish.mockResolvedValueOnce([]);
  await run();
  expect(publish.mock.calls).toEqual([[undefined], [[owner('a'), owner('b')]], [[]], [undefined]]);
  expect(queue.mock.calls).toEqual([[1], [0], [0]]);
});
