/** The executable, the node agent and the API server in real namespaces, each of them killed: what pods get, and that they go. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import { networkObject, podObject } from '../kube/api-server';
import { base64, kubeconfig } from '../kube/kubeconfigs';
import { braid, type Json, Node, networksKey } from './runtime';

const bun = resolve(import.meta.dirname, '../../scripts/bun');
const worker = resolve(import.meta.dirname, '../kube/live-worker.ts');
const macvlan = (address: string) =>
  JSON.stringify({
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'static', addresses: [{ address }] },
  });

/** A runtime that hands no annotations over. */
const silent = (keys: Json): Json => ({ runtimeConfig: {}, ...keys });

/** A node with an API server that knows pods web (network lan) and bare (no network), and an agent in step with it. */
async function cluster() {
  const node = new Node();
  node.uplink('eth1');
  const objects = {
    pods: [podObject('web', 'uid-web', { [networksKey]: 'lan' }), podObject('bare', 'uid-bare', {})],
    networks: [networkObject('lan', macvlan('192.168.1.60/24'))],
  };
  const inNode = (program: readonly string[], stdin: 'pipe' | 'ignore') => {
    const child = spawn('nsenter', [`--net=${node.path}`, ...program], { stdio: [stdin, 'pipe', 'pipe'] });
    onTestFinished(() => ended(child));
    return child;
  };
  const api = inNode([bun, worker, JSON.stringify(objects)], 'pipe');
  const { url, ca } = await new Promise<{ url: string; ca: string }>((found) => {
    createInterface({ input: api.stdout as NodeJS.ReadableStream }).on('line', (line) => found(JSON.parse(line)));
  });
  const file = join(node.dir, 'kubeconfig');
  const access = kubeconfig({ server: url, 'certificate-authority-data': base64(ca) }, { token: 'good' });
  writeFileSync(file, JSON.stringify(access));
  const conf = join(node.dir, '00-braid.conf');
  const keys = { cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state, kubeconfig: file };
  writeFileSync(conf, JSON.stringify(keys));
  const http = join(node.dir, 'http.sock');
  const startAgent = () =>
    inNode([braid, 'agent', '--conf', conf, '--node', 'n1', '--listen', `unix:${http}`], 'ignore');
  const agent = startAgent();
  const snapshot = join(node.state, 'snapshot');
  const known = () => (existsSync(snapshot) ? readFileSync(snapshot, 'utf8') : '');
  await vi.waitFor(() => expect(known()).toMatch(/pod default\/web [\s\S]*network default\/lan /), { timeout: 20_000 });
  return {
    node,
    http,
    startAgent,
    changes: silent({ kubeconfig: file }),
    killAgent: () => ended(agent),
    killApi: () => ended(api),
    anHourLater() {
      const then = Date.now() / 1000 - 3600;
      utimesSync(snapshot, then, then);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const done = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await done;
}

it.each([
  ['with everybody there', []],
  ['with the agent dead for an hour', ['agent']],
  ['with the API server dead', ['api']],
  ['with both dead for an hour', ['agent', 'api']],
])('pods start and stop %s', async (_, dead) => {
  const { node, changes, killAgent, killApi, anHourLater } = await cluster();
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
  const { node, changes, killAgent, killApi } = await cluster();
  const [web, late] = [node.pod({ name: 'web' }), node.pod({ name: 'late' })];
  await web.add(changes);
  await killAgent();
  await killApi();
  expect(await late.addFails(changes)).toMatchObject({ code: 11 });
  late.expectEmpty();
  await web.end(changes);
});

it('a pod whose network nobody knows is not attached at all', async () => {
  const { node, changes, killAgent, killApi } = await cluster();
  await killAgent();
  await killApi();
  const annotations = { 'io.kubernetes.cri.pod-annotations': { [networksKey]: 'lan,other' } };
  const pod = node.pod({ name: 'web' });
  expect(await pod.addFails({ ...changes, runtimeConfig: annotations })).toMatchObject({ code: 11 });
  pod.expectEmpty();
});

it('the node was restarted: what was attached before is freed by the agent’s GC, and pods attach from the snapshot', async () => {
  const { node, changes, killAgent, killApi, startAgent, anHourLater } = await cluster();
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
  const { node, http, changes } = await cluster();
  const get = async (page: string) => {
    const response = await fetch(`http://localhost${page}`, { unix: http });
    return [response.status, await response.text()] as const;
  };
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
