/** A node whose cluster is an API server and a node agent, each a process that can be killed and started. Starts them on the node, and ends them with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, vi } from 'vitest';
import { networkObject, podObject } from '../kube/api-server';
import type { Certificates } from '../kube/certificates';
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
const objects = {
  pods: [
    podObject('web', 'uid-web', { [networksKey]: 'lan' }),
    podObject('bare', 'uid-bare', {}),
    podObject('wrong', 'uid-wrong', { [networksKey]: 'nowhere' }),
  ],
  networks: [networkObject('lan', macvlan('192.168.1.60/24'))],
};

/** A runtime that hands no annotations over. */
const silent = (keys: Json): Json => ({ runtimeConfig: {}, ...keys });

/** What the first line of a server says: who starts one in its place needs both. */
interface Started {
  readonly port: number;
  readonly certificates: Certificates;
}

/** A pod or an Event, as somebody wrote it. */
export interface Written {
  readonly kind?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly source?: { readonly host?: string };
  readonly involvedObject?: { readonly name?: string };
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** An API server that knows pods web (network lan), bare (no network) and wrong (one that is nowhere), and an agent in step with it. */
export async function clusterNode() {
  const node = new Node();
  node.uplink('eth1');
  const inNode = (program: readonly string[], stdin: 'pipe' | 'ignore') => {
    const child = spawn('nsenter', [`--net=${node.path}`, ...program], { stdio: [stdin, 'pipe', 'pipe'] });
    onTestFinished(async () => void (await ended(child)));
    return child;
  };
  const written: Written[] = [];
  const startApi = async (before: Partial<Started> = {}) => {
    const child = inNode([bun, worker, JSON.stringify({ ...objects, ...before })], 'pipe');
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const started = await new Promise<Started>((found) => lines.once('line', (line) => found(JSON.parse(line))));
    lines.on('line', (line) => written.push(JSON.parse(line)));
    return { child, started };
  };
  let api = await startApi();
  const { port, certificates } = api.started;
  const file = join(node.dir, 'kubeconfig');
  const server = `https://127.0.0.1:${port}`;
  const access = kubeconfig({ server, 'certificate-authority-data': base64(certificates.ca) }, { token: 'good' });
  writeFileSync(file, JSON.stringify(access));
  const conf = join(node.dir, '00-braid.conf');
  const keys = { cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state, kubeconfig: file };
  writeFileSync(conf, JSON.stringify(keys));
  const http = join(node.dir, 'http.sock');
  const startAgent = () =>
    inNode([braid, 'agent', '--conf', conf, '--node', 'n1', '--listen', `unix:${http}`], 'ignore');
  let agent = startAgent();
  const snapshot = join(node.state, 'snapshot');
  const known = () => (existsSync(snapshot) ? readFileSync(snapshot, 'utf8') : '');
  await vi.waitFor(() => expect(known()).toMatch(/pod default\/web [\s\S]*network default\/lan /), {
    timeout: 120_000,
  });
  return {
    node,
    written,
    async get(page: string) {
      const response = await fetch(`http://localhost${page}`, { unix: http });
      return [response.status, await response.text()] as const;
    },
    startAgent() {
      agent = startAgent();
    },
    changes: silent({ kubeconfig: file }),
    killAgent: (signal?: NodeJS.Signals) => ended(agent, signal),
    killApi: () => ended(api.child),
    async reviveApi() {
      api = await startApi({ port, certificates });
    },
    anHourLater() {
      const then = Date.now() / 1000 - 3600;
      utimesSync(snapshot, then, then);
    },
  };
}

/** The exit status, once it has ended. */
async function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const done = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await done;
}
