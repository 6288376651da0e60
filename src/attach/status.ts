/** STATUS: whether a pod could be attached now. Reads through the edges; changes nothing. */
import type { NetConf } from '../cni/config';
import { typeOf } from '../cni/network';
import { isAtLeast } from '../cni/version';
import { CniError, toCniError } from '../error';
import { isRecord, type Json, record } from '../json';
import type { ContainerId } from '../net/names';
import type { Wanted } from '../pod/plan';
import { readConfigured } from './networks';
import type { Edges } from './ports';

/**
 * Asks every network that can be asked: those of the node's configuration, each built-in delegate and, from version
 * 1.1.0 on, each foreign one; and whether Braid's own directory can be locked and written. NotReady (50) with the cause;
 * a delegate's own 50 or 51 passes through (CNI specification 1.1, "STATUS").
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
  for (const plugin of network.plugins) {
    const config = { ...plugin, name: network.name, cniVersion: network.cniVersion };
    for (const type of typesOf(plugin)) {
      const builtIn = edges.findDelegate(type);
      if (builtIn !== undefined) {
        await builtIn.bind(config).status({ host: edges.kernel.host, network: network.name, leases: edges.leases });
      } else if (isAtLeast(network.cniVersion, '1.1.0') && type === typeOf(plugin))
        await statusOfForeign(type, config, edges);
    }
  }
}

/** The plugin itself, and its IPAM, which a foreign plugin asks by itself. */
function typesOf(plugin: Json): readonly string[] {
  const { ipam } = record(plugin);
  return [typeOf(plugin), isRecord(ipam) ? record(ipam).type : undefined].filter(
    (type): type is string => typeof type === 'string' && type !== '',
  );
}

async function statusOfForeign(type: string, config: Json, edges: Edges): Promise<void> {
  const call = { command: 'STATUS', containerId: '', netns: '', ifName: '', args: [] } as const;
  await edges.foreign.run({ ...call, type, config: JSON.stringify(config) });
}

function notReady(error: CniError): CniError {
  if (error.code === 50 || error.code === 51) return error;
  const { problem, details, errno, where } = error;
  return new CniError('NotReady', problem, { cause: error, details, errno, where });
}
