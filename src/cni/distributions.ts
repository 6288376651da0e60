/** Where Kubernetes distributions keep CNI configurations and plugins. Pure. */

/** A distribution, what tells it, and its directories, the likelier first. Paths of the host. */
export interface Distribution {
  readonly name: string;
  /** Any of these exists. */
  readonly marks: readonly string[];
  readonly confDirs: readonly string[];
  readonly binDirs: readonly string[];
  /** Files in which its container runtime is told the directories, with `*` in names; of several, later ones win. */
  readonly runtimeConfigs: readonly string[];
}

/** Where CRI-O's files are, and no other runtime's. */
export const crioDir = '/etc/crio/';

const containerd = ['/etc/containerd/config.toml'];
const crio = [`${crioDir}crio.conf`, `${crioDir}crio.conf.d/*.conf`];
/** Those of most; what conf/base shows the agent. */
export const usual = { confDirs: ['/etc/cni/net.d'], binDirs: ['/opt/cni/bin'] };
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
