/** Kubeconfigs for tests, written to a directory of the test. Writes there only. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CniError } from '../../src/error';
import type { Json } from '../../src/json';
import { temporaryDirectory } from '../disk/temp';

/** A kubeconfig with one context. */
export function kubeconfig(cluster: Json, user: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'node',
    contexts: [{ name: 'node', context: { cluster: 'here', user: 'braid' } }],
    clusters: [{ name: 'here', cluster }],
    users: [{ name: 'braid', user }],
  };
}

/** Writes it, and files beside it; returns its path. */
export function writeKubeconfig(content: Json | string, files: Readonly<Record<string, string>> = {}): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The error that a promise ends with. */
export async function caught(work: Promise<unknown>): Promise<CniError> {
  const outcome = await work.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (outcome instanceof CniError) return outcome;
  throw new Error(`expected a CniError, got ${Bun.inspect(outcome)}`);
}
