/** Where Kubernetes distributions keep CNI configurations and plugins. Pure. */

/** A distribution, what tells it, and its directories, the likelier first. Paths of the host. */
export interface Distribution {
  readonly name: string;
  /** Any of these exists. */
  readonly marks: readonly string[];
  readonly confDirs: readonly string[];
  readonly binDirs: readonly string[];
  /** Files in which its container runtime is told the directories. */
  readonly runtimeConfigs: readonly string[];
}

const containerd = ['/etc/containerd/config.toml'];
const crio = ['/etc/crio/crio.conf'];
const usual = { confDirs: ['/etc/cni/net.d'], binDirs: ['/opt/cni/bin'] };
const snap = '/var/snap/microk8s/current';
const k3s = '/var/lib/rancher/k3s';
const rke2 = '/var/lib/rancher/rke2';

/** In this order: the first whose mark is there. The last one is for every other node. */
export const distributions: readonly Distribution[] = [
  {
    name: 'microk8s',
    marks: [`${snap}/args/cni-network`],
    confDirs: [`${snap}/args/cni-network`],
    binDirs: [`${snap}/opt/cni/bin`],
    runtimeConfigs: [], // its containerd.toml names these by variables of the snap
  },
  {
    name: 'k3s',
    marks: [`${k3s}/agent`],
    confDirs: [`${k3s}/agent/etc/cni/net.d`],
    binDirs: [`${k3s}/data/cni`, `${k3s}/data/current/bin`],
    runtimeConfigs: [`${k3s}/agent/etc/containerd/config.toml`],
  },
  {
    name: 'rke2',
    marks: [`${rke2}/agent`],
    ...usual,
    runtimeConfigs: [`${rke2}/agent/etc/containerd/config.toml`],
  },
  {
    name: 'openshift',
    marks: ['/etc/kubernetes/cni/net.d'],
    confDirs: ['/etc/kubernetes/cni/net.d'],
    binDirs: ['/var/lib/cni/bin'],
    runtimeConfigs: [], // CRI-O there has several directories; these are for what an administrator adds
  },
  {
    name: 'gke',
    marks: ['/home/kubernetes/bin'],
    confDirs: ['/etc/cni/net.d'],
    binDirs: ['/home/kubernetes/bin'],
    runtimeConfigs: containerd,
  },
  { name: 'talos', marks: ['/system/state', '/etc/talos'], ...usual, runtimeConfigs: ['/etc/cri/containerd.toml'] },
  {
    name: 'kubeadm',
    marks: ['/var/lib/kubelet/kubeadm-flags.env', '/etc/kubernetes/kubelet.conf'],
    ...usual,
    runtimeConfigs: [...containerd, ...crio],
  },
  { name: 'other', marks: ['/'], ...usual, runtimeConfigs: [...containerd, ...crio] },
];

/** Directories that a container runtime's configuration names. */
export interface RuntimeDirs {
  readonly confDir: string | undefined;
  readonly binDir: string | undefined;
}

/** Reads containerd's `conf_dir` and `bin_dir`, or CRI-O's `network_dir` and `plugin_dirs`, the last of each counting. */
export function parseRuntimeDirs(text: string): RuntimeDirs {
  const plain = text.replace(/^\s*#.*$/gm, '');
  return {
    confDir: lastPath(plain, /^\s*(?:conf_dir|network_dir)\s*=/),
    binDir: lastPath(plain, /^\s*(?:bin_dir|bin_dirs|plugin_dirs)\s*=/),
  };
}

/** The first absolute path behind the last such key; a list may go over several lines. */
function lastPath(text: string, key: RegExp): string | undefined {
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => key.test(line));
  if (at < 0) return undefined;
  const rest = lines.slice(at).join('\n').replace(key, '').trim();
  const value = rest.startsWith('[') ? rest.slice(0, rest.indexOf(']') + 1) : (rest.split('\n')[0] ?? '');
  return /["'](\/[^"']*)["']/.exec(value)?.[1];
}
