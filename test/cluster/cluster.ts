/** A cluster of real parts on this machine: etcd, kube-apiserver, containerd, kubelet. Starts them in the namespaces that scripts/test.ts made. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClusterFiles, nodeAddress, nodeName, serviceAddress, socket, writeClusterFiles } from './files';
import { makeImages } from './images';

const root = path.resolve(import.meta.dirname, '../..');
const programs = path.join(root, 'dist/cluster');

/** A Kubernetes object, as much of it as tests look at. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** The running cluster of one node. */
export class Cluster {
  readonly #files: ClusterFiles;
  readonly #children = new Map<string, ChildProcess>();

  private constructor(files: ClusterFiles) {
    this.#files = files;
  }

  /** Starts everything, imports the images, and waits until the node is registered. */
  static async start(): Promise<Cluster> {
    const directory = mkdtempSync(path.join(tmpdir(), 'braid-cluster-'));
    prepareNode(directory);
    const cluster = new Cluster(writeClusterFiles(directory));
    cluster.#etcd();
    cluster.startApiServer();
    await cluster.until('the API server answers', () => cluster.kubectl('get', '--raw', '/readyz') === 'ok');
    cluster.#makeAccounts();
    await cluster.#startContainerd();
    const own = path.join(root, 'dist/image', `braid-${packageVersion()}.tar`);
    for (const archive of [...makeImages(directory), own])
      run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive]);
    cluster.#startKubelet();
    await cluster.until('the node is registered', () => cluster.kubectl('get', 'node', nodeName) !== '');
    return cluster;
  }

  startApiServer(): void {
    const { pki, tokens } = this.#files;
    this.#run('kube-apiserver', path.join(programs, 'kube-apiserver'), [
      '--etcd-servers=http://127.0.0.1:2379',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--bind-address=0.0.0.0',
      '--secure-port=443',
      `--advertise-address=${nodeAddress}`,
      `--tls-cert-file=${pki('server.crt')}`,
      `--tls-private-key-file=${pki('server.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=Node,RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki('sa.key')}`,
      `--service-account-signing-key-file=${pki('sa.key')}`,
      '--allow-privileged',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${pki('client.crt')}`,
      `--kubelet-client-key=${pki('client.key')}`,
    ]);
  }

  /** Ends one of the parts, at once. */
  async kill(name: 'kube-apiserver' | 'kubelet'): Promise<void> {
    await end(this.#children.get(name));
  }

  /**
   * The node as after a power cut: no process of its pods, no namespace, nothing in /run, no link but the hardware's; the
   * disk is as it was. The kernel stays, so what the disk says of this boot is made to say an earlier one.
   */
  async restartNode(): Promise<void> {
    for (const name of ['kubelet', 'containerd'] as const) await end(this.#children.get(name));
    endPods();
    for (const place of ['/run', '/var/lib/kubelet']) {
      for (const mount of mountsBelow(place)) run('umount', ['--lazy', mount]);
    }
    run('find', ['/run', '-mindepth', '1', '-delete']);
    mkdirSync('/run/netns');
    for (const { ifname } of JSON.parse(run('ip', ['-j', 'link'])) as readonly { ifname: string }[])
      if (!hardware.includes(ifname)) run('ip', ['link', 'del', ifname]);
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const earlier = `s/${bootId}/${bootId.replaceAll(/[0-9a-f]/g, '0')}/`;
    run('sed', ['-i', earlier, ...globSync('/var/lib/cni/braid/**/*.json')]);
    await this.#startContainerd();
    this.#startKubelet();
  }

  /** The administrator's kubeconfig. */
  get kubeconfig(): string {
    return this.#files.adminConfig;
  }

  /** kubectl's stdout without white space around; '' when it fails. `stdin` is what it reads with `-f -`. */
  kubectl(...args: readonly string[]): string {
    return run(path.join(programs, 'kubectl'), ['--kubeconfig', this.#files.adminConfig, ...args]);
  }

  /** Throws with kubectl's words when the objects are not taken. */
  apply(...objects: readonly object[]): void {
    this.applyManifest(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** The same with YAML, as somebody wrote it. */
  applyManifest(input: string): void {
    execFileSync(path.join(programs, 'kubectl'), ['--kubeconfig', this.#files.adminConfig, 'apply', '-f', '-'], {
      input,
      stdio: 'pipe',
    });
  }

  get(kind: string, name: string, namespace = 'default'): KubeObject | undefined {
    const text = this.kubectl('get', kind, name, '-n', namespace, '-o', 'json');
    return text === '' ? undefined : (JSON.parse(text) as KubeObject);
  }

  /** What a program of busybox prints in the pod's container; '' when it fails. */
  exec(pod: string, ...command: readonly string[]): string {
    return this.kubectl('exec', pod, '--', '/bin/busybox', ...command);
  }

  /** `reason: message` of the pod's Events. */
  events(pod: string): readonly string[] {
    const template = '{range .items[*]}{.reason}: {.message}{"\\n"}{end}';
    return this.kubectl(
      'get',
      'events',
      '--field-selector',
      `involvedObject.name=${pod}`,
      '-o',
      `jsonpath=${template}`,
    ).split('\n');
  }

  /** Waits until that holds; throws with the words and what the parts said last when it does not come. */
  async until(what: string, holds: () => boolean, seconds = 180): Promise<void> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await Bun.sleep(250)) if (holds()) return;
    throw new Error(`${what}: not within ${seconds} s\n${this.#lastWords()}`);
  }

  async stop(): Promise<void> {
    for (const name of ['kubelet', 'kube-apiserver', 'etcd', 'containerd']) await end(this.#children.get(name));
    run('find', [...globSync('/sys/fs/cgroup/*/k8s.io'), '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']); // what is used stays
    for (const place of [...ownPlaces, this.#files.directory]) run('umount', ['--lazy', '--recursive', place]);
    rmSync(this.#files.directory, { recursive: true, force: true });
  }

  async #startContainerd(): Promise<void> {
    this.#run('containerd', 'containerd', ['--config', this.#files.containerd]);
    await this.until('containerd answers', () => run('ctr', ['-a', socket, 'version']) !== '');
  }

  #startKubelet(): void {
    const { kubelet, nodeConfig } = this.#files;
    const node = ['--hostname-override', nodeName, '--node-ip', nodeAddress];
    this.#run('kubelet', path.join(programs, 'kubelet'), ['--config', kubelet, '--kubeconfig', nodeConfig, ...node]);
  }

  #etcd(): void {
    const urls = ['--listen-client-urls', 'http://127.0.0.1:2379', '--advertise-client-urls', 'http://127.0.0.1:2379'];
    this.#run('etcd', 'etcd', ['--data-dir', path.join(this.#files.directory, 'etcd'), ...urls]);
  }

  /** What a controller manager would make: the default accounts, and the certificate that pods trust. */
  #makeAccounts(): void {
    const ca = readFileSync(this.#files.pki('ca.crt'), 'utf8');
    for (const namespace of ['default', 'kube-system'])
      this.apply(
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kube-root-ca.crt', namespace },
          data: { 'ca.crt': ca },
        },
      );
  }

  #run(name: string, command: string, args: readonly string[]): void {
    const log = openSync(this.#log(name), 'a');
    this.#children.set(name, spawn(command, args, { stdio: ['ignore', log, log] }));
  }

  #log(name: string): string {
    return path.join(this.#files.directory, `${name}.log`);
  }

  #lastWords(): string {
    const tails = [...this.#children.keys()].map((name) => {
      const lines = readFileSync(this.#log(name), 'utf8').trimEnd().split('\n').slice(-5);
      return `--- ${name}\n${lines.join('\n')}`;
    });
    return tails.join('\n');
  }
}

/** Directories of the node that the test has for itself: the machine may have a container runtime of its own. */
const ownPlaces = [
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/log/pods',
  '/var/log/containers',
  '/etc/cni',
  '/etc/containerd',
  '/etc/kubernetes',
  '/usr/lib/cni',
  '/opt/cni',
  '/run',
] as const;

/** Links that lead to a wire; the source documents name some of them. */
const uplinks = ['eth0', 'eth1', 'eth2', 'k8s-vlan1'] as const;

/** Links that are there when the node starts. */
const hardware: readonly string[] = [
  'lo',
  ...uplinks.flatMap((name) => [name, wireOf(name)]),
  'br1', // NMState's, over eth2, which would make it again
];

/** The other end of a link of the node: nobody else is on that wire. */
function wireOf(name: string): string {
  return `wire-${name}`;
}

/** What a kubelet wants the kernel to hold, and would set for the whole machine: here it finds files that say so. */
const kubeletSettings = [
  ['vm/overcommit_memory', 1],
  ['vm/panic_on_oom', 0],
  ['kernel/panic', 10],
  ['kernel/panic_on_oops', 1],
  ['kernel/keys/root_maxkeys', 1_000_000],
  ['kernel/keys/root_maxbytes', 25_000_000],
] as const;

/** Addresses, links and private directories of the node. */
function prepareNode(directory: string): void {
  const own = (place: string): void => {
    const backing = path.join(directory, 'node', place);
    mkdirSync(backing, { recursive: true });
    mkdirSync(place, { recursive: true });
    execFileSync('mount', ['--bind', backing, place]);
  };
  execFileSync('mount', ['--make-rshared', '/']); // within the mount namespace of this test
  for (const place of ownPlaces) own(place);
  for (const [key, value] of kubeletSettings) {
    const stand = path.join(directory, key.replaceAll('/', '.'));
    writeFileSync(stand, `${value}\n`);
    execFileSync('mount', ['--bind', stand, `/proc/sys/${key}`]);
  }
  for (const place of ['/run/netns', '/etc/cni/net.d', '/opt/cni/bin']) mkdirSync(place, { recursive: true });
  for (const line of [
    'link set lo up',
    `addr add ${nodeAddress}/32 dev lo`,
    `addr add ${serviceAddress}/32 dev lo`,
    ...uplinks.flatMap((name) => [
      `link add ${name} mtu 9001 type veth peer name ${wireOf(name)} mtu 9001`,
      `link set ${name} up`,
      `link set ${wireOf(name)} up`,
    ]),
    'link add br1 mtu 9001 type bridge',
    'link set eth2 master br1',
    'link set br1 up',
  ])
    execFileSync('ip', line.split(' '));
  writeFileSync('/etc/cni/net.d/10-cluster.conflist', JSON.stringify(clusterNetwork));
}

/** The cluster's own network, as an operator would have it. */
const clusterNetwork = {
  cniVersion: '1.0.0',
  name: 'cluster',
  plugins: [
    { type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipam: { type: 'host-local', subnet: '10.244.0.0/16' } },
  ],
};

/** Ends the containers and their shims: what has a process namespace of its own below this test's, and who holds it. */
function endPods(): void {
  const own = readlinkSync('/proc/self/ns/pid');
  for (const at of globSync('/proc/[0-9]*')) {
    try {
      const isShim = readFileSync(`${at}/cmdline`, 'utf8').includes('containerd-shim');
      if (isShim || readlinkSync(`${at}/ns/pid`) !== own) process.kill(Number(path.basename(at)), 'SIGKILL');
    } catch {} // gone meanwhile
  }
}

/** Mount points below a directory, the deepest first. */
function mountsBelow(place: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${place}/`));
  return points.toReversed();
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
