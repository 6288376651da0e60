/** What the cluster is told of pods by the whole agent: the executable's calls, the agent and an API server in real namespaces, each of them away at some time. */
import { expect, it, vi } from 'vitest';
import { clusterNode, type Written } from './cluster-node';
import type { Pod } from './runtime';

const statusKey = 'k8s.v1.cni.cncf.io/network-status';
const patience = { timeout: 60_000, interval: 200 };

/** Networks and addresses of the pod's last status that was written; `undefined`: none was. */
function statusOf(
  name: string,
  written: readonly Written[],
): readonly (readonly [string, readonly string[]])[] | undefined {
  const pod = written.findLast(({ kind, metadata }) => kind === 'Pod' && metadata.name === name);
  const text = pod?.metadata.annotations?.[statusKey];
  if (text === undefined) return undefined;
  const elements = JSON.parse(text) as readonly { readonly name: string; readonly ips?: readonly string[] }[];
  return elements.map(({ name: network, ips = [] }) => [network, ips]);
}

/** Reasons of the Events on the pod, each with the node that wrote it. */
const eventsOf = (name: string, written: readonly Written[]): readonly string[] =>
  written
    .filter(({ kind, involvedObject }) => kind === 'Event' && involvedObject?.name === name)
    .map(({ reason, source }) => `${reason} ${source?.host}`);

/** The agent has told all of pod web, and has nothing left to tell. */
async function expectTold(web: Pod, { written, get }: Awaited<ReturnType<typeof clusterNode>>): Promise<void> {
  await vi.waitFor(
    () => expect(eventsOf('web', written)).toEqual(['AddedInterface n1', 'AddedInterface n1']),
    patience,
  );
  expect(statusOf('web', written)).toEqual([
    ['cluster', [expect.stringMatching(/^10\.244\.1\.\d+$/)]],
    ['default/lan', ['192.168.1.60']],
  ]);
  await vi.waitFor(() => expect(web.record().unpublished).toBeUndefined(), patience);
  await vi.waitFor(async () => expect((await get('/metrics'))[1]).toContain('braid_publish_queue 0\n'), patience);
}

it('status and Events of a pod are written by the agent as soon as the pod is attached', async () => {
  const cluster = await clusterNode();
  const web = cluster.node.pod({ name: 'web' });
  await web.add(cluster.changes);
  await expectTold(web, cluster);
  await web.end(cluster.changes);
});

it('a pod that started while the API server was away is told of when it is back', async () => {
  const cluster = await clusterNode();
  const web = cluster.node.pod({ name: 'web' });
  await cluster.killApi();
  await web.add(cluster.changes);
  await vi.waitFor(
    () => expect(web.record().unpublished).toMatchObject({ problem: expect.stringContaining('ECONNREFUSED') }),
    patience,
  );
  await vi.waitFor(
    async () => expect((await cluster.get('/metrics'))[1]).toContain('braid_publish_queue 1\n'),
    patience,
  );
  await cluster.reviveApi();
  await expectTold(web, cluster);
  await web.end(cluster.changes);
});

it('a pod that started while both were away is told of by the next agent', async () => {
  const cluster = await clusterNode();
  const web = cluster.node.pod({ name: 'web' });
  await cluster.killAgent();
  await cluster.killApi();
  await web.add(cluster.changes);
  expect(web.record()).toHaveProperty('unpublished');
  await cluster.reviveApi();
  cluster.startAgent();
  await expectTold(web, cluster);
  await web.end(cluster.changes);
});

it('an ADD that fails becomes an Event, which the agent writes', async () => {
  const { node, changes, written } = await clusterNode();
  const wrong = node.pod({ name: 'wrong' });
  expect(await wrong.addFails(changes)).toMatchObject({ code: 115 });
  await vi.waitFor(() => expect(eventsOf('wrong', written)).toEqual(['FailedAddInterface n1']), patience);
  expect(statusOf('wrong', written)).toBeUndefined();
});

it('an agent that is to end while it tells does not wait for an API server that is away', async () => {
  const { node, changes, killAgent, killApi } = await clusterNode();
  const web = node.pod({ name: 'web' });
  await killApi();
  await web.add(changes);
  const grace = new Promise((resolve) => setTimeout(resolve, 10_000, 'killed by the kubelet')); // terminationGracePeriodSeconds
  expect(await Promise.race([killAgent('SIGTERM'), grace])).toBe(0);
  expect(web.record()).toHaveProperty('unpublished');
  await web.end(changes);
});
