/** This node's pods and all networks of the cluster, watched. Asks the API server. */
import type { Watcher } from '../agent/ports';
import { toDefinition } from '../attach/definition';
import type { Files, Log, NetworkDefinition, Pod } from '../attach/ports';
import { toCniError } from '../error';
import type { AccessPlace } from './access';
import { parsePod } from './pod';
import { type Kind, usualWatch, type WatchPatience, watchAll } from './watch';

/**
 * Only the metadata, from a server that can (all since Kubernetes 1.15): a pod's specification is never looked at. Each is named
 * where it is the answer: a server that is asked for the list of them in a watch cannot send a single event.
 */
const metadataOnly = (kind: 'PartialObjectMetadataList' | 'PartialObjectMetadata'): string =>
  `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

const networks = (log: Log): Kind<NetworkDefinition> => ({
  parts: ['apis', 'k8s.cni.cncf.io', 'v1', 'network-attachment-definitions'],
  accept: { list: 'application/json', watch: 'application/json' },
  query: {},
  parse(namespace, name, object) {
    try {
      return toDefinition({ namespace, name, object, source: 'api' });
    } catch (error) {
      log.warn({ network: `${namespace}/${name}`, error: toCniError(error).problem }, 'network that cannot be used');
      return undefined; // whoever asks for it is told by the API server's own object
    }
  },
});

const podsOf = (node: string): Kind<Pod> => ({
  parts: ['api', 'v1', 'pods'],
  accept: { list: metadataOnly('PartialObjectMetadataList'), watch: metadataOnly('PartialObjectMetadata') },
  query: { fieldSelector: `spec.nodeName=${node}` },
  parse: (namespace, name, object) => parsePod(object, namespace, name),
});

/** The cluster at that place, watched with the credentials that are in their files at the time. */
export function createWatcher(
  place: AccessPlace,
  files: Files,
  log: Log,
  patience: WatchPatience = usualWatch,
): Watcher {
  const means = { place, files, patience };
  return {
    pods: (node, sink, signal) => watchAll(podsOf(node), means, sink, signal),
    networks: (sink, signal) => watchAll(networks(log), means, sink, signal),
  };
}
