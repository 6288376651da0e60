/** The text of the node's configuration file that the installer writes. Pure. */
import type { Json } from '../json';
import { parseConfig } from './config';
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

/** What is written, and what in it is odd without being wrong. */
export interface NodeConfText {
  readonly text: string;
  readonly warnings: readonly string[];
}

/**
 * The file's text: a list of one plugin, in the version that every runtime in use speaks. Errors as parseConfig: what every
 * call of the runtime would fail with is no configuration.
 */
export function toNodeConf(node: NodeConf): NodeConfText {
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
  const list = { cniVersion: '1.0.0', name: 'braid' } as const;
  const { warnings } = parseConfig(JSON.stringify({ ...plugin, ...list })); // as a runtime hands it over
  return { text: `${JSON.stringify({ ...list, plugins: [plugin] }, undefined, 2)}\n`, warnings };
}
