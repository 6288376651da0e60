/** Whether the container runtime looks for CNI files elsewhere than where Braid was installed, or the agent does not see them there. Reads the host's disk. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { distributions, usual } from '../cni/distributions';
import { findLayout, type HostLayout } from './distribution';
import { inRoot } from './host-root';
import { confFile, findInstall, placedAt } from './install-state';
import type { NamedDirs } from './runtime-dirs';

/** Where Braid's files are; paths are the host's. */
type Placed = Pick<HostLayout, 'confDir' | 'binDir'>;

/** What the runtime does not find, and what names another directory; nothing: it finds all. */
export function misplacedFiles(root: string, named: NamedDirs | undefined, placed: Placed): readonly string[] {
  if (named === undefined) return [];
  const { confDir, binDirs, source } = named;
  const isSame = (one: string, other: string): boolean => inRoot(root, one) === inRoot(root, other);
  const tell = (what: string, wanted: readonly string[], is: string): readonly string[] =>
    wanted.length === 0 || wanted.some((each) => isSame(each, is))
      ? []
      : [`the runtime looks for ${what} in ${wanted.join(', ')} (${source}), and Braid's is in ${is}`];
  return [
    ...tell('CNI configuration', confDir === undefined ? [] : [confDir], placed.confDir),
    ...tell('plugins', binDirs, placed.binDir),
  ];
}

/** What an operator does about it. */
export const misplacedFix =
  'make that directory and run braid install, or name the other one there and restart the runtime';

/**
 * The same of what `braid install` wrote on this node. In a container, where the runtime's files cannot be seen, what the
 * installation found counts.
 */
export function findMisplaced(cniDir: string, root = '/'): readonly string[] {
  const installed = findInstall(inRoot(root, cniDir));
  if (installed === undefined) return [];
  const [conf, executable] = [placedAt(installed, confFile), placedAt(installed, 'braid')];
  const named = findNamed(root);
  if (named === undefined || conf === undefined || executable === undefined) return installed.misplaced;
  return misplacedFiles(root, named, { confDir: dirname(conf), binDir: dirname(executable) });
}

/**
 * Directories of the installation that are not there for who asks, in words: an agent in a container that mounts another
 * distribution's. It could neither guard the configuration nor run plugins.
 */
export function findUnseen(cniDir: string, root = '/'): readonly string[] {
  const installed = findInstall(inRoot(root, cniDir));
  const files = [confFile, 'braid'].map((name) => installed && placedAt(installed, name));
  const directories = files.filter((file) => file !== undefined).map(dirname);
  return directories
    .filter((directory) => !existsSync(inRoot(root, directory)))
    .map((directory) => {
      const isUsual = [...usual.confDirs, ...usual.binDirs].includes(directory);
      const whose = distributions.find(({ confDirs, binDirs }) => [...confDirs, ...binDirs].includes(directory));
      const overlay = isUsual || whose === undefined ? '' : `conf/overlays/${whose.name}, or `;
      return `the agent does not see ${directory}, where braid install wrote: apply ${overlay}the chart with that directory in its hostPaths`;
    });
}

function findNamed(root: string): NamedDirs | undefined {
  try {
    return findLayout(root).named;
  } catch {
    return undefined; // no CNI directory is where such nodes have it: a container
  }
}
