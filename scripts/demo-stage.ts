/** The demo's node, pods and container runtime. Acts on the network and mount namespaces it runs in; runs `ip` and the executable. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dir, '..');
const braid = process.env.BRAID_BIN ?? 'dist/braid';
const etc = '/etc/cni';

/** The annotation by which a pod asks for networks. */
export const networksKey = 'k8s.v1.cni.cncf.io/networks';

/** A result or an error object, as far as the demo reads it. */
export interface Answer {
  readonly cniVersion?: string;
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[];
  readonly ips?: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
}

/** What one call of the executable gave. */
export interface Call {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly answer: Answer;
}

/** Runs a shell command; its stdout. Throws with its stderr when it fails. */
export function run(line: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`${line}: ${stderr.trim()}`);
  return stdout;
}

/** This namespace becomes a node without any state; cables eth1 and eth2 lead to the namespace `outside`. */
export function makeNode(): void {
  for (const place of [etc, '/var/lib/cni', '/run/netns']) {
    mkdirSync(place, { recursive: true });
    run(`mount -t tmpfs tmpfs ${place}`);
  }
  mkdirSync('/run/demo', { recursive: true });
  run('ip link set lo up');
  run('ip netns add outside');
  run('ip -n outside link set lo up');
  for (const name of ['eth1', 'eth2']) {
    run(`ip link add ${name} type veth peer name ${name} netns outside`);
    run(`ip link set ${name} up`);
    run(`ip -n outside link set ${name} up`);
  }
  mkdirSync(`${etc}/net.d`, { recursive: true });
  mkdirSync(`${etc}/braid/networks`, { recursive: true });
  copyFileSync(path.join(root, 'conf/braid.conflist'), `${etc}/net.d/00-braid.conflist`);
  for (const file of globSync('conf/networks/*.yaml', { cwd: root }))
    copyFileSync(path.join(root, file), path.join(etc, 'braid/networks', path.basename(file)));
}

/** A pod's sandbox, and the runtime's calls for it. */
export class Pod {
  readonly input: string;

  constructor(
    readonly name: string,
    readonly networks: string,
  ) {
    run(`ip netns add ${name}`);
    run(`ip -n ${name} link set lo up`);
    this.input = `/run/demo/${name}.json`;
    writeFileSync(this.input, `${JSON.stringify(this.#config(), undefined, 2)}\n`);
  }

  /** What a runtime makes of the file on the node (CNI specification 1.1, section 4): the plugin, the list's name, the pod's annotations. */
  #config(): unknown {
    const text = readFileSync(`${etc}/net.d/00-braid.conflist`, 'utf8');
    const { cniVersion, name, plugins } = JSON.parse(text) as { cniVersion: string; name: string; plugins: object[] };
    const annotations = { [networksKey]: this.networks };
    return { cniVersion, name, ...plugins[0], runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotations } };
  }

  /** The environment that the runtime sets. */
  env(verb: string): Readonly<Record<string, string>> {
    return {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `${this.name}-sandbox`,
      CNI_NETNS: `/run/netns/${this.name}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${this.name}`,
    };
  }

  /** Calls the executable as the node's runtime does. */
  call(verb: string): Call {
    const start = performance.now();
    const { status, stdout, stderr, error } = spawnSync(braid, [], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...this.env(verb) },
      input: readFileSync(this.input),
    });
    if (error !== undefined) throw error;
    const seconds = (performance.now() - start) / 1000;
    return { status, stdout, stderr, seconds, answer: stdout.trim() === '' ? {} : (JSON.parse(stdout) as Answer) };
  }

  /** `ip` in the pod. */
  ip(words: string): string {
    return run(`ip -n ${this.name} ${words}`);
  }

  /** How many of two echo requests from the pod come back. */
  answers(address: string): number {
    const stdout = run(`ip netns exec ${this.name} ping -n -c 2 -i 0.3 -W 1 ${address} || true`);
    return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
  }
}
