/** What the parts of the cluster are configured with: certificates, accounts, containerd's and the kubelet's files. Writes a directory, starts openssl. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isGuest } from './guest';
import { pauseImage } from './images';

/** The node's address, and the service address of the API server: both are the loopback link's, so no kube-proxy is needed. */
export const nodeAddress = '10.0.0.1';
export const serviceAddress = '10.96.0.1';
export const nodeName = 'node1';

/** Where the kubelet looks for pods that no API server tells it of. */
export const staticPods = '/etc/kubernetes/manifests';

export const socket = '/run/containerd/containerd.sock';

/** Paths of what was written. */
export interface ClusterFiles {
  readonly directory: string;
  readonly pki: (name: string) => string;
  readonly tokens: string;
  readonly adminConfig: string;
  readonly nodeConfig: string;
  readonly containerd: string;
  readonly kubelet: string;
}

/** Writes all of it below the directory. */
export function writeClusterFiles(directory: string): ClusterFiles {
  const own = (name: string): string => path.join(directory, name);
  const pki = (name: string): string => own(`pki/${name}`);
  mkdirSync(own('pki'), { recursive: true });
  makeCertificates(pki);
  const write = (name: string, text: string): string => {
    writeFileSync(own(name), text, { mode: 0o600 });
    return own(name);
  };
  return {
    directory,
    pki,
    tokens: write(
      'tokens.csv',
      `admin,admin,admin,"system:masters"\nnode,system:node:${nodeName},node,"system:nodes"\n`,
    ),
    adminConfig: write('admin.conf', kubeconfig(pki('ca.crt'), 'admin')),
    nodeConfig: write('node.conf', kubeconfig(pki('ca.crt'), 'node')),
    containerd: write('containerd.toml', containerdConfig(own('containerd'))),
    kubelet: write('kubelet.json', JSON.stringify(kubeletConfig)),
  };
}

function makeCertificates(pki: ClusterFiles['pki']): void {
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('genrsa', '-out', pki('sa.key'), '2048');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    pki('ca.key'),
    '-out',
    pki('ca.crt'),
    '-subj',
    '/CN=test',
  );
  writeFileSync(pki('names'), `subjectAltName=IP:${nodeAddress},IP:${serviceAddress},DNS:kubernetes.default.svc`);
  for (const [name, subject] of [
    ['server', '/CN=kube-apiserver'],
    ['client', '/O=system:masters/CN=kube-apiserver-kubelet-client'],
  ] as const) {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      pki(`${name}.key`),
      '-out',
      pki(`${name}.csr`),
      '-subj',
      subject,
    );
    const authority = ['-CA', pki('ca.crt'), '-CAkey', pki('ca.key'), '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      pki(`${name}.csr`),
      ...authority,
      '-out',
      pki(`${name}.crt`),
      '-extfile',
      pki('names'),
    );
  }
}

function kubeconfig(ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://${nodeAddress}:443`, 'certificate-authority': ca } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

/** `restrict_oom_score_adj`: a test machine may forbid to lower it. */
function containerdConfig(root: string): string {
  return `version = 2
root = ${JSON.stringify(root)}
state = "/run/containerd"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
    max_conf_num = 1
`;
}

/**
 * Without QoS cgroups: the machine's own cgroups are left as they are. Without limits of processor time in a guest, where an emulated
 * processor does a tenth of what a limit means. Starts tainted, as docs/operations.md asks for.
 */
const kubeletConfig = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  containerRuntimeEndpoint: `unix://${socket}`,
  cgroupDriver: 'cgroupfs',
  cgroupsPerQOS: false,
  cpuCFSQuota: !isGuest,
  enforceNodeAllocatable: [],
  failSwapOn: false,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  localStorageCapacityIsolation: false,
  evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  imageGCHighThresholdPercent: 100,
  maxPods: 250,
  registryPullQPS: 0,
  staticPodPath: staticPods,
  fileCheckFrequency: '2s',
  kubeAPIQPS: 200,
  kubeAPIBurst: 400,
  serializeImagePulls: false,
  registerWithTaints: [{ key: 'braid.dev/not-ready', effect: 'NoSchedule' }],
  resolvConf: '/dev/null',
} as const;
