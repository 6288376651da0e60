/** The programs of the test's cluster: etcd, kube-apiserver, containerd, kubelet. Starts and ends processes, writes their logs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type ClusterFiles, nodeAddress, nodeName } from './files';

/** Where the programs lie that make test-cluster builds. */
export const programs = path.resolve(import.meta.dirname, '../../dist/cluster');

/** The programs by name, each running or not. */
export class Parts {
  readonly #files: ClusterFiles;
  readonly #children = new Map<string, ChildProcess>();

  constructor(files: ClusterFiles) {
    this.#files = files;
  }

  startEtcd(): void {
    const urls = ['--listen-client-urls', 'http://127.0.0.1:2379', '--advertise-client-urls', 'http://127.0.0.1:2379'];
    this.#run('etcd', 'etcd', ['--data-dir', path.join(this.#files.directory, 'etcd'), ...urls]);
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

  startContainerd(): void {
    this.#run('containerd', 'containerd', ['--config', this.#files.containerd]);
  }

  startKubelet(): void {
    const { kubelet, nodeConfig } = this.#files;
    const node = ['--hostname-override', nodeName, '--node-ip', nodeAddress];
    this.#run('kubelet', path.join(programs, 'kubelet'), ['--config', kubelet, '--kubeconfig', nodeConfig, ...node]);
  }

  /** Ends one of them, at once. */
  async end(name: 'etcd' | 'kube-apiserver' | 'containerd' | 'kubelet'): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** What each said last. */
  lastWords(): string {
    const tails = [...this.#children.keys()].map((name) => {
      const lines = readFileSync(this.#log(name), 'utf8').trimEnd().split('\n').slice(-5);
      return `--- ${name}\n${lines.join('\n')}`;
    });
    return tails.join('\n');
  }

  #run(name: string, command: string, args: readonly string[]): void {
    const log = openSync(this.#log(name), 'a');
    this.#children.set(name, spawn(command, args, { stdio: ['ignore', log, log] }));
  }

  #log(name: string): string {
    return path.join(this.#files.directory, `${name}.log`);
  }
}
