/** Takes Braid off a node: every file as it was before. Touches the files that the installer wrote, and its state. */
import { rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../attach/ports';
import { fail } from '../error';
import { errnoOf } from '../kernel/errno';
import { inRoot } from './host-root';
import { backupOf, deleteInstall, findInstall, type PlacedFile } from './install-state';
import { isMissing } from './io';
import { findDigest, findLink, place, remove } from './place';
import { createRecords } from './records';

/** What the administrator says; paths are the host's, but `root`. */
export interface UninstallOptions {
  readonly root: string;
  readonly cniDir: string;
  readonly networksDir: string;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export interface UninstallReport {
  readonly installed: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly done: 'restored' | 'removed' | 'left';
    readonly why?: string;
  }[];
  /** Pods that Braid attached and that are still there. */
  readonly attached: readonly string[];
}

/**
 * Puts back the bytes and mode of every file, the configuration first, so that the runtime finds the primary network
 * before the executable goes. A file that somebody changed since is left, unless `force`. PodsAttached while Braid has
 * attached pods, unless `force`: their further networks could not be taken back any more.
 */
export async function uninstall(options: UninstallOptions, log: Log): Promise<UninstallReport> {
  const cniDir = inRoot(options.root, options.cniDir);
  const state = findInstall(cniDir);
  const attached = (await createRecords(cniDir, log).all()).map(({ pod, containerId }) =>
    pod === undefined ? containerId : `${pod.namespace}/${pod.name}`,
  );
  if (state === undefined) return { installed: false, files: [], attached };
  if (attached.length > 0 && !options.force && !options.dryRun)
    fail(
      'PodsAttached',
      `Cannot uninstall: these pods would keep networks that nobody takes back: ${attached.join(', ')}`,
    );
  const files = [...state.files].reverse().map((file) => ({ path: file.path, ...restore(file, cniDir, options) }));
  if (!options.dryRun) {
    removeIfEmpty(inRoot(options.root, options.networksDir));
    deleteInstall(cniDir);
  }
  return { installed: true, files, attached };
}

function restore(
  { path, sha256, before }: PlacedFile,
  cniDir: string,
  { root, force, dryRun }: UninstallOptions,
): Omit<UninstallReport['files'][number], 'path'> {
  const link = join(inRoot(root, dirname(path)), basename(path)); // inRoot would follow the link itself
  if (before === undefined && findLink(link) === 'braid') {
    if (!dryRun) remove(link);
    return { done: 'removed' };
  }
  const here = inRoot(root, path);
  const digest = findDigest(here);
  const backup = before === undefined ? undefined : backupOf(cniDir, before.backup);
  const isOurs = digest === undefined || digest === sha256 || (backup !== undefined && digest === findDigest(backup));
  if (!isOurs && !force) return { done: 'left', why: 'it was changed since; --force takes it back all the same' };
  if (before === undefined || backup === undefined) {
    if (!dryRun) remove(here);
    return { done: 'removed' };
  }
  if (!dryRun) place(here, { copyOf: backup }, before.mode);
  return { done: 'restored' };
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isMissing(error) && errnoOf(error) !== 'ENOTEMPTY') throw error;
  }
}
