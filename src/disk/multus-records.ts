/** The sandboxes that Multus attached on this node, as records of Braid. Reads Multus' directory, writes Braid's own. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fromMultusTraces } from '../attach/from-multus';
import type { AttachedRecord } from '../attach/record';
import { toCniError } from '../error';
import { type Json, parseObject } from '../json';
import { readBootId } from './boot-id';
import { readText } from './files';
import { inRoot } from './host-root';
import { ioUnlessMissing } from './io';
import { hasRecord, writeRecord } from './records';

/** A sandbox, and its record or why there can be none. */
export type MultusSandbox =
  | { readonly containerId: string; readonly record: AttachedRecord }
  | { readonly containerId: string; readonly record: undefined; readonly why: string };

/** What Multus, with that `cniDir`, has attached on the host below `root`. It names each of its files after the sandbox. */
export function findMultusSandboxes(root: string, cniDir: string): readonly MultusSandbox[] {
  const here = inRoot(root, cniDir);
  const names = namesIn(here)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .sort();
  const cached = names.length === 0 ? [] : readCache(join(here, 'results'));
  return names.map((id) => {
    try {
      const path = join(here, id);
      const traces = {
        containerId: id,
        delegates: readText(path) ?? '',
        cached: cached.filter(({ containerId }) => containerId === id),
        createdAt: statSync(path).mtime.toISOString(),
        bootId: readBootId(),
      };
      return { containerId: id, record: fromMultusTraces(traces) };
    } catch (error) {
      return { containerId: id, record: undefined, why: toCniError(error).problem };
    }
  });
}

/** Writes the records that are not there yet, under the host's `cniDir`. */
export function saveMultusSandboxes(sandboxes: readonly MultusSandbox[], cniDir: string): void {
  for (const { record } of sandboxes)
    if (record !== undefined && !hasRecord(cniDir, record)) writeRecord(cniDir, record);
}

/** libcni's cache; a file that is none of it belongs to no sandbox. */
function readCache(results: string): readonly Json[] {
  return namesIn(results).flatMap((name) => {
    try {
      return [parseObject(readText(join(results, name)) ?? '', name)];
    } catch {
      return [];
    }
  });
}

const namesIn = (path: string): readonly string[] => ioUnlessMissing('read', path, () => readdirSync(path)) ?? [];
