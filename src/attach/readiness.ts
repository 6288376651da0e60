/** The file by which a default network tells that it is ready (`readinessindicatorfile`). Reads through the edges. */

import { fail } from '../error';
import { sleep } from '../sleep';
import type { Edges } from './ports';

const step = 500; // ms between looks
const limit = 45_000; // ms; Multus' (multus-behaviour.md, appendix C)

/** Waits for the file, at most 45 s; then NotReady names it. Without a file there is nothing to wait for. */
export async function waitUntilReady(
  path: string | undefined,
  edges: { readonly files: Pick<Edges['files'], 'exists'> },
): Promise<void> {
  for (let waited = 0; waited < limit; waited += step) {
    if (await isReady(path, edges)) return;
    await sleep(step);
  }
  await requireReady(path, edges);
}

/** One look; NotReady names the file. */
export async function requireReady(
  path: string | undefined,
  edges: { readonly files: Pick<Edges['files'], 'exists'> },
): Promise<void> {
  if (!(await isReady(path, edges))) fail('NotReady', `Cannot attach yet: the default network has not made ${path}`);
}

async function isReady(
  path: string | undefined,
  { files }: { readonly files: Pick<Edges['files'], 'exists'> },
): Promise<boolean> {
  return path === undefined || (await files.exists(path));
}
