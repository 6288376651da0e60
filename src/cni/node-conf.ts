/** The text of the node's configuration file that the installer writes. Pure. */
import type { Json } from '../json';
import { podAnnotationsCapability } from './config-fields';

/** What differs from node to node. */
export interface NodeConf {
  /** Path of the primary network's file, as the runtime sees it: its later changes count at the next call. */
  readonly clusterNetwork: string | undefined;
  /** Capabilities of the primary network: a runtime gives their arguments to a plugin that declares them. */
  readonly capabilities: readonly string[];
  readonly binDir: string;
  readonly networksDir: string;
  readonly clusterCIDRs: readonly string[];
  readonly runtime: 'containerd' | 'cri-o';
  /** Keys taken over from another configuration; they win. */
  readonly more: Json;
}

/** The file's text: a list of one plugin, in the version that every runtime in use speaks. */
export function toNodeConf(node: NodeConf): string {
  const { clusterNetwork, clusterCIDRs, runtime, more } = node;
  const declared = [podAnnotationsCapability, ...node.capabilities].map((name) => [name, true]);
  const plugin = {
    type: 'braid',
    capabilities: Object.fromEntries(declared) as Json,
    ...(clusterNetwork === undefined ? {} : { clusterNetwork }),
    networksDir: node.networksDir,
    binDir: node.binDir,
    ...(clusterCIDRs.length === 0 ? {} : { clusterCIDRs }),
    // CRI-O takes every address of a result for an address of the pod.
    ...(runtime === 'cri-o' ? { result: 'default-network' } : {}),
    ...more,
  };
  return `${JSON.stringify({ cniVersion: '1.0.0', name: 'braid', plugins: [plugin] }, undefined, 2)}\n`;
}
