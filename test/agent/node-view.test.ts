/** What one call learns on the node: from an agent that answers, one that is dead, hung or of another version, and from its snapshot. */
import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { snapshotPath } from '../../src/agent/snapshot';
import { openNodeView } from '../../src/bin/node-view';
import { saveSnapshot } from '../../src/disk/save-snapshot';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';

const network = { namespace: 'default', name: 'a', config: '{}', source: 'api', resourceName: undefined };
const large = ['b', 'c'].map((name) => ({ ...network, name, config: name.repeat(200_000) })); // more than one read gives
const pod = { namespace: 'default', name: 'web', uid: 'u1', annotations: { a: 'b' } };

/** An agent in a thread of its own: the executable asks without an event loop. `reply`: in place of its own answers. */
async function agent(
  cniDir: string,
  reply: 'own' | 'behind' | 'hang' | 'newer' | 'cut' = 'own',
  users = [process.getuid?.() ?? 0],
) {
  const worker = new Worker(join(import.meta.dirname, 'agent-worker.ts'), {
    workerData: { cniDir, reply, users, pods: [pod], networks: [network, ...large] },
  });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const stop = async (): Promise<void> => void (await worker.terminate());
  onTestFinished(stop);
  return { stop };
}

function node() {
  const cniDir = temporaryDirectory();
  const log = fakeLog();
  const problems = () => log.entries.map(({ fields }) => String(fields.problem));
  return { cniDir, log, problems, view: () => openNodeView(cniDir, log) };
}

it('has what the agent knows', async () => {
  const { cniDir, view } = node();
  await agent(cniDir);
  expect(await view().findNetwork('default', 'a')).toEqual({ value: network, from: 'agent', stale: false });
  expect(await view().findPod('default', 'web')).toEqual({ value: pod, from: 'agent', stale: false });
  expect(await view().findNetwork('default', 'no')).toBeUndefined();
  expect(statSync(join(cniDir, 'agent.sock')).mode & 0o777).toBe(0o600);
});

it.each([
  ['does not hear the API server', 'behind', true, [network], true],
  ['is in step', 'own', true, [network], false],
  ['is away, and has left a snapshot', undefined, false, [network], true],
  ['hangs', 'hang', false, undefined, true],
  ['never was', undefined, false, undefined, false],
] as const)('may lack a network when the agent %s', async (_, reply, knows, left, behind) => {
  const { cniDir, view } = node();
  if (reply !== undefined) await agent(cniDir, reply);
  if (left !== undefined) saveSnapshot(cniDir, { pods: [], networks: left });
  const one = view();
  if (knows) expect(await one.findNetwork('default', 'a')).toMatchObject({ from: 'agent' });
  expect(await one.findNetwork('default', 'no')).toBeUndefined();
  expect(one.isBehind()).toBe(behind);
});

it('learns of the networks that come next by the same question', async () => {
  const { cniDir, view, problems } = node();
  const { stop } = await agent(cniDir);
  const one = view();
  const next = ['b', 'no', 'c', 'a'].map((name) => ({ namespace: 'default', name }));
  expect(await one.findNetwork('default', 'a', next)).toEqual({ value: network, from: 'agent', stale: false });
  await stop();
  for (const value of large)
    expect(await one.findNetwork('default', value.name, next)).toEqual({ value, from: 'agent', stale: false });
  expect(await one.findNetwork('default', 'no')).toBeUndefined();
  expect(problems()).toEqual([]);
});

it('has nothing without an agent and without a snapshot', async () => {
  const { view, log } = node();
  expect(await view().findNetwork('default', 'a')).toBeUndefined();
  expect(log.entries).toEqual([]);
});

it('has the snapshot’s when the agent’s socket is left of a dead one', async () => {
  const { cniDir, view, problems } = node();
  const { stop } = await agent(cniDir);
  await stop();
  if (!existsSync(join(cniDir, 'agent.sock'))) writeFileSync(join(cniDir, 'agent.sock'), '');
  saveSnapshot(cniDir, { pods: [pod], networks: [network] });
  const one = view();
  expect(await one.findNetwork('default', 'a')).toEqual({ value: network, from: 'snapshot', stale: false });
  expect(await one.findPod('default', 'web')).toMatchObject({ value: pod, from: 'snapshot' });
  expect(problems()).toEqual(['ECONNREFUSED']); // asked once
});

it.each([
  ['hangs', 'hang', 'EAGAIN'],
  ['hangs up', 'cut', 'ECONNRESET'],
  ['is of a newer version', 'newer', 'version 2 of the messages is not known here, need 1'],
] as const)('has the snapshot’s when the agent %s', async (_, reply, problem) => {
  const { cniDir, view, problems } = node();
  await agent(cniDir, reply);
  saveSnapshot(cniDir, { pods: [], networks: [network] });
  expect(await view().findNetwork('default', 'a')).toMatchObject({ value: network, from: 'snapshot' });
  expect(problems()).toEqual([problem]);
});

it('gets no answer when the caller is not root', async () => {
  const { cniDir, view, problems } = node();
  await agent(cniDir, 'own', [4711]);
  expect(await view().findNetwork('default', 'a')).toBeUndefined();
  expect(problems()).toEqual(['ECONNRESET']);
});

it('says of a snapshot that nobody confirmed for a minute that it is stale', async () => {
  const { cniDir, view } = node();
  saveSnapshot(cniDir, { pods: [], networks: [network] });
  const then = Date.now() / 1000 - 61;
  utimesSync(snapshotPath(cniDir), then, then);
  expect(await view().findNetwork('default', 'a')).toEqual({ value: network, from: 'snapshot', stale: true });
});

it('has nothing of a torn snapshot, and says so', async () => {
  const { cniDir, view, problems } = node();
  saveSnapshot(cniDir, { pods: [], networks: [network] });
  const path = snapshotPath(cniDir);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
  chmodSync(path, 0o600);
  expect(await view().findNetwork('default', 'a')).toBeUndefined();
  expect(problems()).toEqual(['its checksum is wrong: it is torn or damaged']);
});
