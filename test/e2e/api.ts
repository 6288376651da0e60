/** An API server on a test's node. Starts a process, and ends it with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { ApiOptions } from '../kube/api-server';
import type { Json, Node } from './runtime';

const bun = resolve(import.meta.dirname, '../../scripts/bun');
const worker = resolve(import.meta.dirname, '../kube/api-worker.ts');

/** An API server on the node's loopback. */
export async function serve(node: Node, options: ApiOptions) {
  const child = spawn('nsenter', [`--net=${node.path}`, bun, worker, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = () => stopped(child);
  onTestFinished(stop);
  const asked: string[] = [];
  const posted: Json[] = [];
  const { url, ca } = await new Promise<{ url: string; ca: string }>((found) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) asked.push(line);
      else if (asked.length === 0) found(JSON.parse(line));
      else posted.push(JSON.parse(line));
    });
  });
  return { url, ca, asked, posted, stop };
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null ? new Promise((done) => child.on('close', done)) : undefined;
  child.stdin?.end();
  await ended;
}
