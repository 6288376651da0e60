/** Braid comes onto the cluster by its own manifests. Applies objects and waits. */
import { expect } from 'vitest';
import type { Cluster } from './cluster';
import { nodeName } from './files';
import { agentPod, braidObjects, daemonPod } from './workloads';

/** Applies conf/base, with its DaemonSet's pod, and waits until the node is ready for pods. */
export async function install(cluster: Cluster, clusterCidrs?: string): Promise<void> {
  const taints = (): readonly string[] =>
    ((cluster.get('node', nodeName)?.spec?.taints ?? []) as readonly { key: string }[]).map(({ key }) => key);
  expect(taints()).toContain('braid.dev/not-ready');
  cluster.apply(...braidObjects());
  await cluster.until(
    'networks can be defined',
    () => cluster.kubectl('api-resources', '-o', 'name', '--api-group=k8s.cni.cncf.io') !== '',
  );
  cluster.apply(daemonPod(clusterCidrs));
  await cluster.until('the agent is ready', () => agentIsReady(cluster));
  await cluster.until('the taint is gone', () => !taints().includes('braid.dev/not-ready'));
}

/** The agent's pod goes, as in a rolling restart; another one may follow. */
export async function removeAgent(cluster: Cluster): Promise<void> {
  const uid = (): unknown => cluster.get('pod', agentPod, 'kube-system')?.metadata.uid;
  const old = uid();
  cluster.kubectl('delete', 'pod', '-n', 'kube-system', '--wait=false', agentPod);
  await cluster.until('the old agent is gone', () => uid() !== old);
}

/** What the installer of the agent's pod says. */
export const installerSays = (cluster: Cluster): string =>
  cluster.kubectl('logs', '-n', 'kube-system', agentPod, '-c', 'install');

export function agentIsReady(cluster: Cluster): boolean {
  const { conditions = [] } = (cluster.get('pod', agentPod, 'kube-system')?.status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
