/** What a call of a runtime tells the agent, and when it counts as told. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import type { LeaseOwner, News } from '../../src/attach/ports';
import { openAgent } from '../../src/bin/tell-agent';
import { CniError } from '../../src/error';
import { failedEvent } from '../../src/pod/event';
import { temporaryDirectory } from '../disk/temp';

/** An agent in a thread of its own: the executable waits for it without an event loop. */
async function agent(cniDir: string, options: { readonly publishes?: boolean; readonly reply?: string } = {}) {
  const users = [process.getuid?.() ?? 0];
  const worker = new Worker(join(import.meta.dirname, 'agent-worker.ts'), {
    workerData: { cniDir, reply: 'own', users, pods: [], networks: [], ...options },
  });
  const told: unknown[] = [];
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  worker.on('message', (news) => told.push(news));
  const stop = async (): Promise<void> => void (await worker.terminate());
  onTestFinished(stop);
  return { told, stop };
}

const pod = { namespace: 'default', name: 'web', uid: 'u1' };
const event: News = { tell: 'event', event: failedEvent(pod, new CniError('PoolExhausted', 'no "address"\nleft')) };

it.each<[string, News]>([
  ['that something is to be published', { tell: 'publish', of: { containerId: 'c1', ifName: 'eth0' } as LeaseOwner }],
  ['an Event, whole', event],
])('an agent is told %s', async (_, news) => {
  const cniDir = temporaryDirectory();
  const { told } = await agent(cniDir, { publishes: true });
  expect(await openAgent(cniDir).tell(news)).toBe(true);
  await expect.poll(() => told).toEqual([news]);
});

it.each<[string, { readonly publishes?: boolean; readonly reply?: string }]>([
  ['publishes nothing', {}],
  ['is of another version', { reply: 'newer' }],
  ['does not answer', { reply: 'hang' }],
  ['hangs up', { reply: 'cut' }],
])('an agent that %s is not told: the call does it', async (_, options) => {
  const cniDir = temporaryDirectory();
  await agent(cniDir, options);
  expect(await openAgent(cniDir).tell({ tell: 'publish' })).toBe(false);
});

it('nobody is told where no agent is, or only the socket of a dead one', async () => {
  const cniDir = temporaryDirectory();
  expect(await openAgent(cniDir).tell({ tell: 'publish' })).toBe(false);
  const { stop } = await agent(cniDir);
  await stop();
  expect(await openAgent(cniDir).tell({ tell: 'publish' })).toBe(false);
});
