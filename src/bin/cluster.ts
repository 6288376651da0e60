/** The cluster of one call: the node's view of it, then its API. The client of the API is loaded when that is first asked. Looks at the environment and the disk. */

import type { Devices, Log, Networks, Publisher } from '../attach/ports';
import type { NetConf } from '../cni/config';
import type { Env } from '../cni/request';
import { files } from '../disk/files';
import { existsSync } from '../kernel/fs';
import type { AccessPlace } from '../kube/access';
import type { ClusterReader } from '../kube/cluster';
import { type Patience, publishPatience } from '../kube/patience';
import { openNodeView } from './node-view';
import { briefPatience, viewThenApi } from './view-then-api';

/** Where kubelet puts a pod's own credential. */
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster's API. `undefined` without a `kubeconfig` and outside a pod with a service account. */
export function openCluster(
  conf: Pick<NetConf, 'kubeconfig'>,
  env: Env,
  log: Log,
  account = serviceAccount,
  patience?: Patience,
): ClusterReader | undefined {
  const place = findPlace(conf, env, account);
  if (place === undefined) return undefined;
  let reader: Promise<ClusterReader> | undefined;
  const load = (): Promise<ClusterReader> =>
    (reader ??= import('../kube/cluster').then(({ createCluster }) => createCluster(place, files, log, patience)));
  return {
    findPod: async (...pod) => (await load()).findPod(...pod),
    findNetwork: async (...network) => (await load()).findNetwork(...network),
    isBehind: async () => (await load()).isBehind(),
  };
}

/** The cluster as the node knows it, then its API: what a call asks. Nothing is opened before it is asked. */
export function openView(conf: Pick<NetConf, 'kubeconfig' | 'cniDir'>, env: Env, log: Log): ClusterReader {
  let reader: ClusterReader | undefined;
  const open = (): ClusterReader => {
    const brief = openCluster(conf, env, log, undefined, briefPatience);
    return viewThenApi(openNodeView(conf.cniDir, log), { usual: openCluster(conf, env, log), brief }, log);
  };
  const view = (): ClusterReader => (reader ??= open());
  return {
    findPod: (...pod) => view().findPod(...pod),
    findNetwork: (...network) => view().findNetwork(...network),
    isBehind: () => view().isBehind(),
  };
}

/** Tells the same cluster. A runtime waits for the call, so it is tried once more at most, and soon. */
export function openPublisher(
  conf: Pick<NetConf, 'kubeconfig'>,
  env: Env,
  log: Log,
  account = serviceAccount,
): Publisher | undefined {
  const place = findPlace(conf, env, account);
  if (place === undefined) return undefined;
  let publisher: Promise<Publisher> | undefined;
  const open = async (): Promise<Publisher> => {
    const [{ createPublisher }, os] = await Promise.all([import('../kube/publisher'), import('node:os')]);
    return createPublisher(place, files, log, { node: env.NODE_NAME || os.hostname(), patience: publishPatience });
  };
  const load = (): Promise<Publisher> => (publisher ??= open());
  return {
    writeStatus: async (...status) => (await load()).writeStatus(...status),
    writeEvent: async (event) => (await load()).writeEvent(event),
  };
}

/** A pod's devices; nothing is asked before a network needs one. */
export function openDevices(conf: Pick<NetConf, 'kubeconfig'>, env: Env, log: Log): Devices {
  let devices: Promise<Devices> | undefined;
  const load = (): Promise<Devices> =>
    (devices ??= import('../kube/devices').then(({ createDevices }) =>
      createDevices(findPlace(conf, env), files, log),
    ));
  return {
    allocated: async (pod) => (await load()).allocated(pod),
    claimed: async (pod) => (await load()).claimed(pod),
  };
}

/** Networks of the node first: what lies in `networksDir` costs no request, and counts when the API server is away. */
export function withCluster(node: Networks, cluster: Omit<ClusterReader, 'findPod'> | undefined): Networks {
  if (cluster === undefined) return node;
  return {
    ...node,
    find: async (...network) => (await node.find(...network)) ?? (await cluster.findNetwork(...network)),
    isBehind: () => cluster.isBehind(),
  };
}

/** Where the cluster's API is; `undefined` without a `kubeconfig` and outside a pod with a service account. */
export function findPlace(
  { kubeconfig }: Pick<NetConf, 'kubeconfig'>,
  env: Env,
  account = serviceAccount,
): AccessPlace | undefined {
  if (kubeconfig !== undefined) return { kubeconfig };
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '' || !existsSync(`${account}/token`)) return undefined;
  return { host, port, directory: account };
}
