/** A cluster of real parts on this machine. Starts them in the namespaces, or in the guest, that scripts/test.ts made. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClusterFiles, nodeName, socket, writeClusterFiles } from './files';
import { patience } from './guest';
import { makeImages } from './images';
import { clusterNetwork, endPods, hardware, mountsBelow, prepareNode, releaseNode, run } from './node';
import { Parts, programs } from './parts';

const root = path.resolve(import.meta.dirname, '../..');

/** A Kubernetes object, as much of it as tests look at. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** One network in the network-status of a pod. */
interface NetworkStatus {
  readonly name: string;
  readonly interface?: string;
  readonly ips?: readonly string[];
  readonly default?: boolean;
  readonly mac?: string;
  readonly 'device-info'?: object;
}

/** The running cluster of one node. */
export class Cluster {
  readonly #files: ClusterFiles;
  readonly #parts: Parts;

  private constructor(files: ClusterFiles) {
    this.#files = files;
    this.#parts = new Parts(files);
  }

  /** Starts everything, imports the images, and waits until the node is registered. `network`: the cluster's own, a list of plugins. */
  static async start(network: object = clusterNetwork): Promise<Cluster> {
    const directory = mkdtempSync(path.join(tmpdir(), 'braid-cluster-'));
    prepareNode(directory, network);
    const cluster = new Cluster(writeClusterFiles(directory));
    cluster.#parts.startEtcd();
    cluster.startApiServer();
    await cluster.#startContainerd();
    const own = path.join(root, 'dist/image', `braid-${packageVersion()}.tar`);
    for (const archive of [...makeImages(directory), own])
      run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive]);
    await cluster.until('the API server answers', () => cluster.kubectl('get', '--raw', '/readyz') === 'ok');
    cluster.makeAccounts('default', 'kube-system');
    cluster.#parts.startKubelet();
    await cluster.until('the node is registered', () => cluster.kubectl('get', 'node', nodeName) !== '');
    return cluster;
  }

  startApiServer(): void {
    this.#parts.startApiServer();
  }

  /** Ends the API server, at once. */
  async killApiServer(): Promise<void> {
    await this.#parts.end('kube-apiserver');
  }

  /**
   * The node as after a power cut: no process of its pods, no namespace, nothing in /run, no link but the hardware's; the
   * disk is as it was. The kernel stays, so what the disk says of this boot is made to say an earlier one.
   */
  async restartNode(): Promise<void> {
    for (const name of ['kubelet', 'containerd'] as const) await this.#parts.end(name);
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
    this.#parts.startKubelet();
  }

  /** The administrator's kubeconfig. */
  get kubeconfig(): string {
    return this.#files.adminConfig;
  }

  /** kubectl's stdout without white space around; '' when it fails. */
  kubectl(...args: readonly string[]): string {
    return run(path.join(programs, 'kubectl'), ['--kubeconfig', this.#files.adminConfig, ...args]);
  }

  /** Throws with kubectl's words when the objects are not taken. */
  apply(...objects: readonly object[]): void {
    this.applyManifest(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** The same with YAML, as somebody wrote it. */
  applyManifest(input: string): void {
    const patient = `--request-timeout=${60 * patience}s`; // its own is 32 s for the schemas that it checks with
    const args = ['--kubeconfig', this.#files.adminConfig, patient, 'apply', '-f', '-'];
    execFileSync(path.join(programs, 'kubectl'), args, { input, stdio: 'pipe' });
  }

  get(kind: string, name: string, namespace = 'default'): KubeObject | undefined {
    const text = this.kubectl('get', kind, name, '-n', namespace, '-o', 'json');
    return text === '' ? undefined : (JSON.parse(text) as KubeObject);
  }

  /** What a program of busybox prints in the pod's container; '' when it fails. */
  exec(pod: string, ...command: readonly string[]): string {
    return this.kubectl('exec', pod, '--', '/bin/busybox', ...command);
  }

  phase(pod: string): unknown {
    return this.get('pod', pod)?.status?.phase;
  }

  async runs(pod: string): Promise<void> {
    await this.until(`pod ${pod} runs`, () => this.phase(pod) === 'Running');
  }

  /** All pods; `undefined` when the API server does not answer. */
  pods(): readonly KubeObject[] | undefined {
    const text = this.kubectl('get', 'pods', '-A', '-o', 'json');
    return text === '' ? undefined : (JSON.parse(text) as { items: readonly KubeObject[] }).items;
  }

  /** The network-status of a pod; empty while it has told nothing. */
  statusOf(pod: string, namespace?: string): readonly NetworkStatus[] {
    return toldBy(this.get('pod', pod, namespace));
  }

  /** Deletes pods and waits until the API server has none of them. */
  async remove(names: readonly string[], namespace = 'default'): Promise<void> {
    this.kubectl('delete', 'pod', '-n', namespace, '--wait=false', ...names);
    const isOne = ({ metadata }: KubeObject): boolean =>
      metadata.namespace === namespace && names.includes(metadata.name);
    await this.until(`pods ${names.slice(0, 3).join(', ')} are gone`, () => this.pods()?.some(isOne) === false, 300);
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
    const limit = seconds * patience;
    for (const end = Date.now() + limit * 1000; Date.now() < end; await Bun.sleep(250 * patience)) if (holds()) return;
    throw new Error(`${what}: not within ${limit} s\n${this.#parts.lastWords()}`);
  }

  /** What a controller manager would make in namespaces: the default account, and the certificate that pods trust. */
  makeAccounts(...namespaces: readonly string[]): void {
    const ca = readFileSync(this.#files.pki('ca.crt'), 'utf8');
    for (const namespace of namespaces)
      this.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kube-root-ca.crt', namespace },
          data: { 'ca.crt': ca },
        },
      );
  }

  async stop(): Promise<void> {
    for (const name of ['kubelet', 'kube-apiserver', 'etcd', 'containerd'] as const) await this.#parts.end(name);
    for (const cgroup of globSync('/sys/fs/cgroup/*/k8s.io'))
      run('find', [cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']); // what is used stays
    releaseNode(this.#files.directory);
    rmSync(this.#files.directory, { recursive: true, force: true });
  }

  async #startContainerd(): Promise<void> {
    this.#parts.startContainerd();
    await this.until('containerd answers', () => run('ctr', ['-a', socket, 'version']) !== '');
  }
}

/** What a pod's network-status says; empty while it has told nothing. */
export function toldBy(pod: KubeObject | undefined): readonly NetworkStatus[] {
  const text = pod?.metadata.annotations?.['k8s.v1.cni.cncf.io/network-status'];
  return text === undefined ? [] : (JSON.parse(text) as readonly NetworkStatus[]);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
