/** The executable, the node agent and the API server in real namespaces, each of them killed: what pods get, and that they go. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { clusterNode } from './cluster-node';
import { networksKey } from './runtime';

it.each([
  ['with everybody there', []],
  ['with the agent dead for an hour', ['agent']],
  ['with the API server dead', ['api']],
  ['with both dead for an hour', ['agent', 'api']],
])('pods start and stop %s', async (_, dead) => {
  const { node, changes, killAgent, killApi, anHourLater } = await clusterNode();
  if (dead.includes('agent')) await killAgent();
  if (dead.includes('api')) await killApi();
  if (dead.includes('agent')) anHourLater();
  const [web, bare] = [node.pod({ name: 'web' }), node.pod({ name: 'bare' })];
  await web.add(changes);
  expect(web.addresses('net1')).toEqual(['192.168.1.60/24']);
  await bare.add(changes);
  expect(bare.names()).toEqual(['lo', 'eth0']);
  await web.end(changes);
  await bare.end(changes);
});

it('a pod that nobody knows waits with error 11, and nothing of it is attached; DEL of a running one works', async () => {
  const { node, changes, killAgent, killApi } = await clusterNode();
  const [web, late] = [node.pod({ name: 'web' }), node.pod({ name: 'late' })];
  await web.add(changes);
  await killAgent();
  await killApi();
  expect(await late.addFails(changes)).toMatchObject({ code: 11 });
  late.expectEmpty();
  await web.end(changes);
});

it.each([
  ['a kubeconfig', true, true],
  ['the node agent only, as it is installed', false, true],
  ['the node agent only, which has lost the API server', false, false],
])('a pod whose network nobody knows waits, and is not attached at all: with %s', async (_, ownAccess, agentDead) => {
  const { node, changes, get, killAgent, killApi } = await clusterNode();
  await killApi();
  const lost = 'braid_watch_in_step{kind="networks"} 0';
  await vi.waitFor(async () => expect((await get('/metrics'))[1]).toContain(lost), { timeout: 20_000 });
  if (agentDead) await killAgent();
  const annotations = { 'io.kubernetes.cri.pod-annotations': { [networksKey]: 'lan,other' } };
  const pod = node.pod({ name: 'web' });
  const access = ownAccess ? changes : {};
  expect(await pod.addFails({ ...access, runtimeConfig: annotations })).toMatchObject({ code: 11 });
  pod.expectEmpty();
});

it('the node was restarted: what was attached before is freed by the agent’s GC, and pods attach from the snapshot', async () => {
  const { node, changes, killAgent, killApi, startAgent, anHourLater } = await clusterNode();
  const web = node.pod({ name: 'web' });
  await web.add(changes);
  await killAgent();
  await killApi();
  execFileSync('ip', ['netns', 'del', web.name]);
  execFileSync('ip', ['netns', 'add', web.name]);
  const file = join(node.state, 'attachments', `${web.containerId}_eth0.json`);
  writeFileSync(file, JSON.stringify({ ...web.record(), bootId: '00000000-0000-4000-8000-000000000000' }));
  anHourLater();
  startAgent();
  await vi.waitFor(() => expect(existsSync(file)).toBe(false), { timeout: 20_000 });
  await web.add(changes);
  expect(web.addresses('net1')).toEqual(['192.168.1.60/24']);
  await web.end(changes);
});

it('the agent is healthy by a real ADD and DEL, counts calls', async () => {
  const { node, get, changes } = await clusterNode();
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect(await get('/readyz')).toEqual([200, 'ok\n']);
  const web = node.pod({ name: 'web' });
  await web.add(changes);
  await vi.waitFor(async () => {
    const [, text] = await get('/metrics');
    expect(text).toContain('braid_calls_total{verb="ADD",reason=""} 1');
    expect(text).toContain('braid_network_total{verb="ADD",network="default/lan",reason=""} 1');
  });
  await web.end(changes);
});
