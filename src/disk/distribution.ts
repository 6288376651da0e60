/** Finds the distribution, the CNI directories and the container runtime of a host by looking. Reads the disk. */
import { existsSync } from 'node:fs';
import { crioDir, type Distribution, distributions } from '../cni/distributions';
import { fail } from '../error';
import { inRoot } from './host-root';
import { findNamedDirs, type NamedDirs } from './runtime-dirs';

/** What a host has; paths are the host's. */
export interface HostLayout {
  readonly distribution: string;
  readonly runtime: 'containerd' | 'cri-o';
  readonly confDir: string;
  readonly binDir: string;
  /** What told the directories: a runtime's configuration file, or the distribution's habit. */
  readonly because: string;
  /** What the runtime's configuration names, whether it is there or not; `undefined`: nothing. */
  readonly named: NamedDirs | undefined;
}

/** Looks below `root`; directories that the caller names win. IoFailed when a directory is needed and not there. */
export function findLayout(root: string, given: Partial<Pick<HostLayout, 'confDir' | 'binDir'>> = {}): HostLayout {
  const there = (path: string): boolean => existsSync(inRoot(root, path));
  const found = distributions.find(({ marks }) => marks.some(there)) as Distribution; // the last one's mark is /
  const runtime = findRuntime(there);
  const isOfRuntime = (path: string): boolean => path.startsWith(crioDir) === (runtime === 'cri-o');
  const named = findNamedDirs(root, found.runtimeConfigs.filter(isOfRuntime));
  const choose = (
    what: string,
    path: string | undefined,
    ours: readonly string[],
    usual: readonly string[],
  ): string => {
    if (path !== undefined) return path;
    const all = [...new Set([...ours, ...usual])];
    return (
      all.find(there) ??
      fail('IoFailed', `Cannot find the ${what} of this node (${found.name}): looked for ${all.join(', ')}`)
    );
  };
  const { confDir: namedConf, binDirs: namedBins = [] } = named ?? {};
  const namedConfs = namedConf === undefined ? [] : [namedConf];
  const confDir = choose('CNI configuration directory', given.confDir, namedConfs, found.confDirs);
  const binDir = choose('CNI plugin directory', given.binDir, namedBins, found.binDirs);
  const isTold = namedConfs.includes(confDir) || namedBins.includes(binDir);
  const because = named !== undefined && isTold ? named.source : `usual for ${found.name}`;
  return { distribution: found.name, runtime, confDir, binDir, because, named };
}

/** A running one counts more than an installed one. */
function findRuntime(there: (path: string) => boolean): HostLayout['runtime'] {
  if (there('/run/crio/crio.sock')) return 'cri-o';
  const containerd = ['/run/containerd/containerd.sock', '/run/k3s/containerd/containerd.sock', '/etc/containerd'];
  return there('/etc/crio') && !containerd.some(there) ? 'cri-o' : 'containerd';
}
