/** What the tests of DHCP start on their nodes: the agent, servers. Starts processes, and ends them with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { base64, kubeconfig } from '../kube/kubeconfigs';
import { braid, type Json, type Node, type Space } from './runtime';

/** Of waits that end as soon as they may. */
export const patience = { timeout: 120_000, interval: 200 };

/** A cluster's API, as a kubeconfig names it. */
export interface Api {
  readonly server: string;
  readonly 'certificate-authority-data': string;
}

const nobody: Api = { server: 'https://127.0.0.1:1', 'certificate-authority-data': base64('none') };

/** The node's agent, once it is started, and its leases. */
export function agentOn(node: Node, api = nobody) {
  const [conf, access] = [join(node.dir, '00-braid.conf'), join(node.dir, 'kubeconfig')];
  writeFileSync(access, JSON.stringify(kubeconfig({ ...api }, { token: 'good' })));
  const keys = { cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state, kubeconfig: access };
  writeFileSync(conf, JSON.stringify(keys));
  const socket = join(node.dir, 'dhcp.sock');
  const leases = join(node.state, 'dhcp');
  const ipam = (more: Json = {}): Json => ({ type: 'dhcp', daemonSocketPath: socket, ...more });
  return {
    socket,
    ipam,
    macvlan: (more?: Json): Json => ({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: ipam(more) }),
    async startAgent(listen = 'off'): Promise<ChildProcess> {
      const agent = start(node, [braid, `agent --conf ${conf} --node n1 --listen ${listen} --dhcp ${socket}`]);
      await vi.waitFor(() => expect(existsSync(socket)).toBe(true), patience);
      return agent;
    },
    held: (): readonly string[] => (existsSync(leases) ? readdirSync(leases).map((file) => join(leases, file)) : []),
  };
}

/** dnsmasq on a link of that namespace, and what it said. */
export function dnsmasqOn(space: Space, node: { readonly dir: string }, ...options: readonly string[]) {
  const log = join(node.dir, 'dnsmasq.log');
  const child = start(space, [
    'dnsmasq --keep-in-foreground --user=root --conf-file=/dev/null --port=0 --no-ping --log-dhcp --dhcp-authoritative',
    `--interface=eth1 --dhcp-leasefile=${join(node.dir, 'dnsmasq.leases')} --log-facility=${log}`,
    ...options,
  ]);
  const said = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    child,
    said,
    /** How often it did that. */
    count: (word: string): number => said().split(`${word}(eth1)`).length - 1,
  };
}

/** A program in the namespace; spaces part its words. */
export function start(space: Space, words: readonly string[]): ChildProcess {
  const command = words.flatMap((each) => each.split(' '));
  const child = spawn('nsenter', [`--net=${space.path}`, ...command], { stdio: 'ignore' });
  onTestFinished(() => ended(child, 'SIGKILL'));
  return child;
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const done = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await done;
}
