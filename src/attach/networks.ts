/** Reads the definitions of a pod's networks, the default one first. Reads through the edges. */
import type { NetConf } from '../cni/config';
import { parseNetwork, typeOf } from '../cni/network';
import type { PodRef } from '../cni/request';
import { fail, placed } from '../error';
import { record, shown } from '../json';
import { requireAllowedNamespace } from '../pod/isolation';
import type { Wanted } from '../pod/plan';
import type { Selection } from '../pod/selection';
import type { Edges, NetworkDefinition } from './ports';

/** What a pod's annotations ask for, of which the definitions are read here. */
interface Asked {
  readonly defaultNetwork: Selection | undefined;
  readonly networks: readonly Selection[];
}

/** The default network, the node's further ones, then the pod's own, in order (multus-behaviour.md 4.2). */
export async function readNetworks(
  asked: Asked,
  pod: PodRef | undefined,
  conf: NetConf,
  edges: Edges,
): Promise<readonly Wanted[]> {
  const selections = [...(asked.defaultNetwork === undefined ? [] : [asked.defaultNetwork]), ...asked.networks];
  for (const selection of selections) requireAllowedNamespace(selection, pod?.namespace ?? 'default', conf);
  const configured = await readConfigured(pod, conf, edges);
  const [own] = configured;
  const first = asked.defaultNetwork === undefined ? own : await readSelected(asked.defaultNetwork, edges);
  if (first === undefined)
    return fail(
      'ConfigInvalid',
      'Cannot attach the pod: "delegates" or "clusterNetwork" must name the default network',
    );
  const selected: Wanted[] = [];
  for (const [at, selection] of asked.networks.entries())
    selected.push(await readSelected(selection, edges, asked.networks.slice(at + 1)));
  const wanted = [first, ...configured.slice(1), ...selected];
  if (pod === undefined || !wanted.some(({ resourceName }) => resourceName !== undefined)) return wanted;
  const { withDevices } = await import('./devices');
  return await withDevices(wanted, pod, edges);
}

/** The networks that the node's configuration gives a pod. */
export async function readConfigured(pod: PodRef | undefined, conf: NetConf, edges: Edges): Promise<readonly Wanted[]> {
  const { defaultNetwork } = conf;
  if (defaultNetwork.from === 'delegates')
    return defaultNetwork.networks.map((network) => ({
      network,
      display: network.name,
      selection: undefined,
      resourceName: undefined,
    }));
  const system = pod !== undefined && conf.systemNamespaces.includes(pod.namespace);
  const names = [defaultNetwork.name, ...(system ? [] : conf.defaultNetworks)];
  const wanted: Wanted[] = [];
  for (const name of names) wanted.push(await readByName(name, conf, edges));
  return wanted;
}

/** A value of `clusterNetwork` or `defaultNetworks`: a path, the name of a definition, or a CNI name in confDir. */
async function readByName(name: string, conf: NetConf, edges: Edges): Promise<Wanted> {
  const what = `the configured network ${name}`;
  if (name.includes('/')) {
    const found = await edges.networks.findAtPath(name);
    return toWanted(found ?? fail('NetworkMissing', `Cannot find ${what}: there is no such file`), undefined, edges);
  }
  const found = (await edges.networks.find(conf.multusNamespace, name)) ?? (await edges.networks.findInConfDir(name));
  const places = `neither namespace ${conf.multusNamespace} nor ${conf.confDir} has it`;
  return toWanted(found ?? (await failMissing(`${what}: ${places}`, edges)), undefined, edges);
}

async function readSelected(selection: Selection, edges: Edges, next: readonly Selection[] = []): Promise<Wanted> {
  const { namespace, name } = selection;
  const display = `${namespace}/${name}`;
  try {
    const found = await edges.networks.find(namespace, name, next);
    const wanted = await toWanted(
      found ?? (await failMissing(`NetworkAttachmentDefinition ${name} in namespace ${namespace}`, edges)),
      selection,
      edges,
    );
    requireClaimKept(wanted, edges);
    return wanted;
  } catch (error) {
    throw placed(error, { network: display });
  }
}

/** A network that is there and not known yet is worth another try; one that nobody made is not. */
async function failMissing(what: string, edges: Edges): Promise<never> {
  if (await edges.networks.isBehind())
    return fail(
      'PodUnavailable',
      `Cannot find ${what}; it may exist: the node agent, which knows the newest ones, does not answer or has lost the API server`,
    );
  return fail('NetworkMissing', `Cannot find ${what}`);
}

/**
 * An IPAMClaim asks for addresses that survive the pod: for a virtual machine that moves. Ignoring it would break what it is
 * for, so a delegate of the network must say that it reads the claim, as ovn-k8s-cni-overlay does with `allowPersistentIPs`.
 */
function requireClaimKept({ network, selection }: Wanted, edges: Edges): void {
  if (selection?.ipamClaim === undefined) return;
  const keeps = network.plugins.some(
    (plugin) => edges.findDelegate(typeOf(plugin)) === undefined && record(plugin).allowPersistentIPs === true,
  );
  if (!keeps)
    fail(
      'FieldUnsupported',
      `Cannot honour ipam-claim-reference ${shown(selection.ipamClaim)}: need a delegate that reads IPAMClaims, with "allowPersistentIPs": true`,
    );
}

/** A definition without a configuration stands for the one of its name in confDir. */
async function toWanted(
  definition: NetworkDefinition,
  selection: Selection | undefined,
  edges: Edges,
): Promise<Wanted> {
  const { namespace, name, config } = definition;
  const text = config === '' ? (await edges.networks.findInConfDir(name))?.config : config;
  if (text === undefined)
    return fail(
      'NetworkInvalid',
      `Cannot use network ${name}: it has no spec.config, and no file of the configuration directory has that name`,
    );
  const network = parseNetwork(text, name);
  const display = namespace === undefined ? network.name : `${namespace}/${name}`;
  return { network, display, selection, resourceName: definition.resourceName };
}
