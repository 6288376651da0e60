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

export function agentIsReady(cluster: Cluster): boolean {
  const { conditions = [] } = (cluster.get('pod', agentPod, 'kube-system')?.status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
