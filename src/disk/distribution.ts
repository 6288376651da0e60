/** Finds the distribution, the CNI directories and the container runtime of a host by looking. Reads the disk. */
import { existsSync } from 'node:fs';
import { type Distribution, distributions, parseRuntimeDirs, type RuntimeDirs } from '../cni/distributions';
import { fail } from '../error';
import { readText } from './files';
import { inRoot } from './host-root';

/** What a host has; paths are the host's. */
export interface HostLayout {
  readonly distribution: string;
  readonly runtime: 'containerd' | 'cri-o';
  readonly confDir: string;
  readonly binDir: string;
  /** What told the directories: a runtime's configuration file, or the distribution's habit. */
  readonly because: string;
}

/** Looks below `root`; directories that the caller names win. IoFailed when a directory is needed and not there. */
export function findLayout(root: string, given: Partial<RuntimeDirs> = {}): HostLayout {
  const there = (path: string): boolean => existsSync(inRoot(root, path));
  const found = distributions.find(({ marks }) => marks.some(there)) as Distribution; // the last one's mark is /
  const source = found.runtimeConfigs.find(there);
  const told = source === undefined ? undefined : parseRuntimeDirs(readText(inRoot(root, source)) ?? '');
  const choose = (
    what: string,
    path: string | undefined,
    ours: string | undefined,
    usual: readonly string[],
  ): string => {
    if (path !== undefined) return path;
    const all = [...(ours === undefined ? [] : [ours]), ...usual];
    return (
      all.find(there) ??
      fail('IoFailed', `Cannot find the ${what} of this node (${found.name}): looked for ${all.join(', ')}`)
    );
  };
  return {
    distribution: found.name,
    runtime: findRuntime(there),
    confDir: choose('CNI configuration directory', given.confDir, told?.confDir, found.confDirs),
    binDir: choose('CNI plugin directory', given.binDir, told?.binDir, found.binDirs),
    because: told?.confDir === undefined && told?.binDir === undefined ? `usual for ${found.name}` : `${source}`,
  };
}

/** A running one counts more than an installed one. */
function findRuntime(there: (path: string) => boolean): HostLayout['runtime'] {
  if (there('/run/crio/crio.sock')) return 'cri-o';
  const containerd = ['/run/containerd/containerd.sock', '/run/k3s/containerd/containerd.sock', '/etc/containerd'];
  return there('/etc/crio') && !containerd.some(there) ? 'cri-o' : 'containerd';
}
