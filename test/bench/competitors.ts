/** Who takes part: each as a process to start for a pod's ADD and DEL. Writes configurations into the scene's directory, starts Multus' daemon. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Api } from './api';
import { defaultNetwork, type Network, networkObject, type Pod, uidOf } from './work';

/** A process to start. */
export interface Call {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

/** One pod's work. */
export interface Job {
  readonly verb: 'ADD' | 'DEL';
  readonly pod: Pod;
  readonly container: string;
  readonly netns: string;
}

/** One who takes part. */
export interface Competitor {
  readonly name: string;
  readonly daemon?: number | undefined; // the process that works for its calls
  call(job: Job): Call;
}

/** Where things are. */
export interface Places {
  readonly directory: string; // the scene's
  readonly dist: string; // our build
  readonly plugins: string | undefined; // the Go reference plugins; undefined: left out
  readonly multus: string | undefined; // Multus' programs; undefined: left out
}

const root = path.resolve(import.meta.dirname, '../..');

/** The same runtime doing nothing: the floor of every call. */
export function empty({ dist }: Places): Competitor {
  const call = { command: [path.join(dist, 'empty')] as const, env: { CNI_COMMAND: 'ADD' }, stdin: '' };
  return { name: 'empty executable', call: () => call };
}

/** The full runtime of the same file doing nothing: the floor of every command. */
export function emptyFull(places: Places): Competitor {
  return { name: 'empty executable, full runtime', call: (job) => ({ ...empty(places).call(job), env: {} }) };
}

/** dist/braid, the pod's annotations handed over by the runtime, the definitions as files; `first` is the default network. */
export function braid(
  places: Places,
  networks: readonly Network[],
  external = false,
  first: object = defaultNetwork,
): Competitor {
  const networksDir = path.join(places.directory, 'networks');
  mkdirSync(networksDir, { recursive: true });
  for (const network of networks)
    writeFileSync(path.join(networksDir, `${network.name}.json`), JSON.stringify(networkObject(network)));
  const conf = {
    cniVersion: '1.0.0',
    name: 'braid',
    type: 'braid',
    networksDir,
    delegates: [first],
    ...(external ? { externalDelegates: ['bridge'] } : {}),
  };
  return {
    name: external ? 'braid, default network foreign' : 'braid',
    call: (job) => ({
      command: [path.join(places.dist, 'braid')],
      env: cniEnv(job, places.plugins ?? '/opt/cni/bin'),
      stdin: JSON.stringify({
        ...conf,
        runtimeConfig: { 'io.kubernetes.cri.pod-annotations': job.pod.annotations },
      }),
    }),
  };
}

/** dist/braid asked for its versions: what a call costs before it has anything to do. */
export function version(places: Places): Competitor {
  const env = { PATH: process.env.PATH ?? '', CNI_COMMAND: 'VERSION' };
  return {
    name: 'VERSION',
    call: () => ({ command: [path.join(places.dist, 'braid')], env, stdin: '{"cniVersion":"1.1.0"}' }),
  };
}

/** Multus as a plugin that runs plugins. */
export function multusThin(places: Places, bin: string, plugins: string, api: Api): Competitor {
  const kubeconfig = path.join(places.directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(api));
  const conf = {
    cniVersion: '1.0.0',
    name: 'multus',
    type: 'multus',
    kubeconfig,
    binDir: plugins,
    cniDir: path.join(places.directory, 'multus-thin'),
    delegates: [defaultNetwork],
    logToStderr: false,
  };
  return {
    name: 'Multus thin',
    call: (job) => ({
      command: [path.join(bin, 'multus')],
      env: cniEnv(job, plugins),
      stdin: JSON.stringify(conf),
    }),
  };
}

/** Multus as a shim before its daemon, which is started here; `stop` ends it. */
export async function multusThick(
  places: Places,
  bin: string,
  plugins: string,
  api: Api,
): Promise<{ readonly competitor: Competitor; stop(): void }> {
  const own = path.join(places.directory, 'multus-thick');
  const primary = path.join(own, 'primary');
  mkdirSync(primary, { recursive: true });
  writeFileSync(path.join(primary, '10-cluster.conflist'), JSON.stringify(defaultNetwork));
  const conf = {
    cniVersion: '1.0.0',
    logToStderr: true,
    logLevel: 'error',
    socketDir: `${own}/socket/`,
    cniConfigDir: '/etc/cni',
    multusConfigFile: 'auto',
    multusAutoconfigDir: primary,
    binDir: plugins,
    cniDir: path.join(own, 'state'),
  };
  const file = path.join(own, 'daemon-config.json');
  writeFileSync(file, JSON.stringify(conf));
  const account = '/run/secrets/kubernetes.io/serviceaccount'; // where in-cluster configuration is looked for
  mkdirSync(account, { recursive: true });
  writeFileSync(`${account}/token`, api.token);
  writeFileSync(`${account}/ca.crt`, api.ca);
  writeFileSync(`${account}/namespace`, 'kube-system');
  const daemon = spawn(path.join(bin, 'multus-daemon'), ['-config', file], {
    env: {
      PATH: process.env.PATH ?? '',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(api.port),
      MULTUS_NODE_NAME: 'node',
    },
    stdio: 'ignore',
  });
  for (let waited = 0; !existsSync('/etc/cni/00-multus.conf'); waited += 100) {
    if (waited > 60_000 || daemon.exitCode !== null) throw new Error("Multus' daemon did not become ready");
    await Bun.sleep(100);
  }
  const stdin = JSON.stringify({
    cniVersion: '1.0.0',
    name: 'multus-cni-network',
    type: 'multus-shim',
    daemonSocketDir: conf.socketDir,
    clusterNetwork: path.join(primary, '10-cluster.conflist'),
  });
  return {
    competitor: {
      name: 'Multus thick',
      daemon: daemon.pid,
      call: (job) => ({ command: [path.join(bin, 'multus-shim')], env: cniEnv(job, plugins), stdin }),
    },
    stop: () => void daemon.kill('SIGKILL'),
  };
}

/** The kernel's own time: the same links, addresses and routes by `ip -batch`, its two starts included. */
export function kernel(places: Places, k: number): Competitor {
  return batched(places, 'kernel (ip -batch)', (verb, pod, container) =>
    verb === 'ADD' ? addBatch(pod, container, k) : [[], deleteBatch(k)],
  );
}

/** What of the kernel's time is the starts of ip. */
export function idleIp(places: Places): Competitor {
  return batched(places, 'ip, nothing to do', () => [[], []]);
}

/** Lines for `ip -batch` in the node and in the pod. */
type Batches = readonly [readonly string[], readonly string[]];

function batched(
  { directory }: Places,
  name: string,
  batchesOf: (verb: Job['verb'], pod: string, container: string) => Batches,
): Competitor {
  const batches = mkdtempSync(path.join(directory, 'batch-'));
  return {
    name,
    call({ verb, netns, container }) {
      const pod = netns.slice(netns.lastIndexOf('/') + 1);
      const [inNode, inPod] = batchesOf(verb, pod, container);
      writeFileSync(path.join(batches, 'node'), inNode.map((line) => `${line}\n`).join(''));
      writeFileSync(path.join(batches, 'pod'), inPod.map((line) => `${line}\n`).join(''));
      const both = `ip -batch ${batches}/node && ip -n ${pod} -batch ${batches}/pod`;
      const command = verb === 'ADD' ? both : `ip -n ${pod} -batch ${batches}/pod`;
      return { command: ['/bin/sh', '-c', command], env: { PATH: process.env.PATH ?? '' }, stdin: '' };
    },
  };
}

function addBatch(pod: string, container: string, k: number): Batches {
  const outside = `k${container.slice(-10)}`;
  const numbers = Array.from({ length: k }, (_, at) => at);
  return [
    [
      `link add eth0 netns ${pod} type veth peer name ${outside}`,
      `link set ${outside} master cni0 up`,
      ...numbers.map((at) => `link add link m${at % 4} name net${at + 1} netns ${pod} type macvlan mode bridge`),
    ],
    [
      'addr add 10.244.200.2/16 dev eth0',
      'link set eth0 up',
      'route add default via 10.244.0.1',
      ...numbers.flatMap((at) => [`addr add 10.10.${at}.2/24 dev net${at + 1}`, `link set net${at + 1} up`]),
    ],
  ];
}

function deleteBatch(k: number): readonly string[] {
  const names = ['eth0', ...Array.from({ length: k }, (_, at) => `net${at + 1}`)];
  return [...names.map((name) => `link set ${name} group 77`), 'link delete group 77'];
}

/** The environment of a CNI call for that job. */
export function cniEnv({ verb, pod, container, netns }: Job, plugins: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: plugins,
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod.name};K8S_POD_INFRA_CONTAINER_ID=${container};K8S_POD_UID=${uidOf(pod.name)}`,
  };
}

/** A kubeconfig, as JSON, that leads to the server. */
export function kubeconfigOf({ port, ca, token }: Api): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'bench',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
        },
      },
    ],
    users: [{ name: 'bench', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  });
}

/** Where our build and the Go programs lie; those are left out when they are not there. */
export function findPlaces(directory: string): Places {
  const dist = path.join(root, 'dist');
  const go = (name: string): string | undefined => {
    const built = path.join(dist, name);
    return existsSync(built) ? built : undefined;
  };
  return { directory, dist, plugins: go('interop'), multus: go('bench') };
}
