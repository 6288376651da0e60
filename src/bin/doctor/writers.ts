/** Programs that are known to write CNI configuration, and what they do to that of others. Pure. */

/** A program that is known to write into that directory. */
export interface Writer {
  readonly program: string;
  /** Names of its files, or types of its plugins. */
  readonly file: RegExp;
  readonly types?: readonly string[];
  /** What it does to files of others; undefined: nothing. */
  readonly harm?: { readonly cause: string; readonly fix: string };
}

/** Those with harm first; the first that fits counts. */
const writers: readonly Writer[] = [
  {
    program: 'Multus',
    file: /multus/,
    types: ['multus', 'multus-shim'],
    harm: {
      cause: "Multus' daemon writes its file again when it is deleted or another comes first",
      fix: 'delete the DaemonSet kube-multus-ds: docs/migration.md',
    },
  },
  {
    program: 'Cilium',
    file: /cilium/,
    types: ['cilium-cni'],
    harm: {
      cause: 'Cilium with cni.exclusive renames the files of all others to *.cilium_bak',
      fix: 'set cni.exclusive to false in its Helm values',
    },
  },
  {
    program: 'Istio CNI',
    file: /istio/,
    types: ['istio-cni'],
    harm: {
      cause: 'Istio puts its plugin into the file that comes first, and again when that changes',
      fix: 'set its cniConfFileName to the cluster network’s file',
    },
  },
  {
    program: 'Linkerd CNI',
    file: /linkerd/,
    types: ['linkerd-cni'],
    harm: {
      cause: 'Linkerd puts its plugin into the file that comes first',
      fix: 'install it before Braid, so that it is in the cluster network’s file',
    },
  },
  { program: 'Calico', file: /calico/, types: ['calico'] },
  { program: 'Flannel', file: /flannel/, types: ['flannel'] },
  { program: 'Antrea', file: /antrea/, types: ['antrea'] },
  { program: 'Weave Net', file: /weave/, types: ['weave-net'] },
  { program: 'kube-router', file: /kube-?router/ },
  { program: 'OVN-Kubernetes', file: /ovn/, types: ['ovn-k8s-cni-overlay'] },
  { program: 'Kube-OVN', file: /kube-ovn/, types: ['kube-ovn'] },
  { program: 'kindnet', file: /kindnet/ },
  { program: 'Amazon VPC CNI', file: /aws/, types: ['aws-cni'] },
  { program: 'Azure CNI', file: /azure/, types: ['azure-vnet', 'azure-ipam'] },
  { program: 'GKE', file: /gke|ptp\.conflist/ },
  { program: 'CRI-O', file: /crio/ },
  { program: 'podman', file: /podman/ },
  { program: 'nerdctl', file: /nerdctl/ },
];

/** Whose file that is, or who put those plugins into it. */
export function findWriter(name: string | undefined, plugins: readonly string[]): Writer | undefined {
  return writers.find(
    ({ file, types = [] }) => (name !== undefined && file.test(name)) || types.some((type) => plugins.includes(type)),
  );
}

/** How a program that hides the files of others names them then. */
export const hiddenBy: readonly { readonly ending: string; readonly program: string }[] = [
  { ending: '.cilium_bak', program: 'Cilium' },
];
