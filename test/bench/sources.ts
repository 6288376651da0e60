/** Where Braid's calls get the pod and its networks from, and the agent that answers them. Starts the agent in the scene. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Api } from './api';
import { type Competitor, cniEnv, kubeconfigOf, type Places } from './competitors';
import { statusOf } from './memory';
import { defaultNetwork } from './work';

/** Braid that asks the cluster for pod and networks; `own` is a directory of its own below the scene's. */
export function braidOfCluster(
  places: Places,
  api: Api,
  own: string,
  annotated: boolean,
): Competitor & { readonly conf: string } {
  const directory = path.join(places.directory, own);
  mkdirSync(directory, { recursive: true });
  const kubeconfig = path.join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(api), { mode: 0o600 });
  const settings = { cniDir: path.join(directory, 'state'), kubeconfig, delegates: [defaultNetwork] };
  const conf = { cniVersion: '1.0.0', name: 'braid', type: 'braid', ...settings };
  const file = path.join(directory, 'braid.conf');
  writeFileSync(file, JSON.stringify(conf));
  return {
    name: own,
    conf: file,
    call(job) {
      const told = annotated ? { runtimeConfig: { 'io.kubernetes.cri.pod-annotations': job.pod.annotations } } : {};
      return {
        command: [path.join(places.dist, 'braid')],
        env: cniEnv(job, places.plugins ?? '/opt/cni/bin'),
        stdin: JSON.stringify({ ...conf, ...told }),
      };
    },
  };
}

/** An agent at work. */
export interface RunningAgent {
  readonly pid: number;
  readonly started: number; // ms until its snapshot was there
  /** Resident size, MiB: the peak so far; now; and what of that is pages of files, the executable's above all. */
  memory(): { readonly peak: number; readonly now: number; readonly files: number };
  stop(): Promise<void>;
}

/** Starts `braid agent` for that configuration; returns once its snapshot is there. */
export async function startAgent(places: Places, conf: string): Promise<RunningAgent> {
  const { cniDir } = JSON.parse(readFileSync(conf, 'utf8')) as { cniDir: string };
  const start = performance.now();
  const command = ['agent', '--node', 'node', '--conf', conf, '--listen', 'off', '--log-level', 'error'];
  const child = spawn(path.join(places.dist, 'braid'), command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const snapshot = path.join(cniDir, 'snapshot');
  while (!existsSync(snapshot) || statSync(snapshot).size === 0) {
    if (child.exitCode !== null || performance.now() - start > 30_000) throw new Error('the agent makes no snapshot');
    await Bun.sleep(5);
  }
  const pid = child.pid ?? 0;
  return { pid, started: performance.now() - start, memory: () => memoryOf(pid), stop: () => end(child) };
}

function memoryOf(pid: number) {
  return { peak: statusOf(pid, 'VmHWM'), now: statusOf(pid, 'VmRSS'), files: statusOf(pid, 'RssFile') };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
