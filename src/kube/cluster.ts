/** Pods and NetworkAttachmentDefinitions of the cluster, for one call of a runtime. Asks the API server. */
import { type DefinitionObject, toDefinition } from '../attach/definition';
import type { Cluster, Files, Log, NetworkDefinition, NetworkRef } from '../attach/ports';
import { fail } from '../error';
import { isRecord } from '../json';
import { type AccessPlace, readAccess } from './access';
import { type Client, createClient } from './client';
import { type Patience, usualPatience } from './patience';
import { parsePod, requireSamePod } from './pod';

/** What the cluster's API tells. */
export interface ClusterReader extends Cluster {
  /** The NetworkAttachmentDefinition of that name, as Networks.find; `undefined` when the cluster has none, or does not know the kind. */
  findNetwork(namespace: string, name: string, next?: readonly NetworkRef[]): Promise<NetworkDefinition | undefined>;
  /** As Networks.isBehind. */
  isBehind(): Promise<boolean>;
}

/** Reads the kubeconfig when first asked, and each network once. Errors as Client.get. */
export function createCluster(
  place: AccessPlace,
  files: Files,
  log: Log,
  patience: Patience = usualPatience,
): ClusterReader {
  let client: Promise<Client> | undefined;
  const get = async (parts: readonly string[], what: string): Promise<unknown> => {
    client ??= readAccess(place, files).then((access) => createClient(access, files, patience, log));
    return (await client).get(parts, what);
  };
  const networks = new Map<string, Promise<NetworkDefinition | undefined>>();
  return {
    async findPod(namespace, name, uid) {
      const value = await get(['api', 'v1', 'namespaces', namespace, 'pods', name], `pod ${namespace}/${name}`);
      return value === undefined ? undefined : requireSamePod(parsePod(value, namespace, name), uid);
    },
    findNetwork(namespace, name) {
      const display = `${namespace}/${name}`;
      const known = networks.get(display);
      if (known !== undefined) return known;
      const path = ['apis', 'k8s.cni.cncf.io', 'v1', 'namespaces', namespace, 'network-attachment-definitions', name];
      const found = get(path, `network ${display}`).then((value) =>
        value === undefined ? undefined : toDefinition(parseDefinition(value, namespace, name)),
      );
      networks.set(display, found);
      return found;
    },
    isBehind: async () => false,
  };
}

/** PodUnavailable when it is not that definition's object. */
function parseDefinition(value: unknown, namespace: string, name: string): DefinitionObject {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  if (!isRecord(value) || metadata.name !== name || metadata.namespace !== namespace)
    return fail('PodUnavailable', `Cannot use what the API server answered: need network ${namespace}/${name}`);
  return { namespace, name, object: value, source: 'api' };
}
