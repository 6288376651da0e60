/** STATUS: whether a pod could be attached now. Reads through the edges; changes nothing. */
import type { NetConf } from '../cni/config';
import { ipamTypeOf, type Network, typeOf } from '../cni/network';
import { isAtLeast } from '../cni/version';
import { CniError, toCniError } from '../error';
import type { Json } from '../json';
import type { ContainerId } from '../net/names';
import type { Wanted } from '../pod/plan';
import { readConfigured } from './networks';
import type { Edges } from './ports';

/**
 * Asks every network that can be asked: those of the node's configuration, each built-in delegate and, from version
 * 1.1.0 on, each foreign one; and whether Braid's own directory can be locked and written. NotReady (50) with the cause,
 * LimitedConnectivity (51) when a delegate says that (CNI specification 1.1, "STATUS").
 */
export async function statusAll(conf: NetConf, edges: Edges): Promise<void> {
  try {
    await edges.records.locked('status' as ContainerId, async () => undefined);
    for (const wanted of await readConfigured(undefined, conf, edges)) await statusOf(wanted, edges);
  } catch (error) {
    throw notReady(toCniError(error));
  }
}

async function statusOf({ network }: Wanted, edges: Edges): Promise<void> {
  for (const plugin of network.plugins) await statusOfPlugin(plugin, network, edges);
}

/** A delegate that is a program of its own. What the configuration has wrong, and a foreign IPAM's own words, keep their code. */
export async function statusAlone(plugin: Json, network: Network, edges: Edges): Promise<void> {
  try {
    await statusOfPlugin(plugin, network, edges);
  } catch (error) {
    const known = toCniError(error);
    const isPlain = ['ConfigInvalid', 'FieldUnsupported', 'DelegateFailed'].includes(known.reason);
    throw isPlain ? known : notReady(known);
  }
}

/** Asks a plugin and its IPAM. */
async function statusOfPlugin(
  plugin: Json,
  { name, cniVersion }: Pick<Network, 'name' | 'cniVersion'>,
  edges: Edges,
): Promise<void> {
  const config = { ...plugin, name, cniVersion };
  const context = { host: edges.kernel.host, network: name, leases: edges.leases, dhcp: edges.dhcp };
  for (const type of new Set([typeOf(plugin), ipamTypeOf(plugin)]))
    if (type !== undefined) await edges.findDelegate(type)?.bind(config).status(context);
  const foreign = isAtLeast(cniVersion, '1.1.0') ? foreignTypeOf(plugin, edges) : undefined;
  if (foreign !== undefined) await statusOfForeign(foreign, config, edges);
}

/** The executable to be asked about a plugin: its own, which asks its IPAM by itself, or the IPAM of a built-in one. */
export function foreignTypeOf(plugin: Json, { findDelegate }: Pick<Edges, 'findDelegate'>): string | undefined {
  const type = findDelegate(typeOf(plugin)) === undefined ? typeOf(plugin) : ipamTypeOf(plugin);
  return type === undefined || findDelegate(type) !== undefined ? undefined : type;
}

async function statusOfForeign(type: string, config: Json, edges: Edges): Promise<void> {
  const call = { command: 'STATUS', containerId: '', netns: '', ifName: '', args: [] } as const;
  await edges.foreign.run({ ...call, type, config: JSON.stringify(config) });
}

/** A delegate's 51 says that pods which run have lost something; everything else only keeps new ones waiting. */
function notReady(error: CniError): CniError {
  const reason = error.code === 51 ? 'LimitedConnectivity' : 'NotReady';
  if (error.reason === reason) return error;
  const { problem, details, errno, where } = error;
  return new CniError(reason, problem, { cause: error, details, errno, where });
}
