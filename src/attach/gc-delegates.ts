/** Hands GC on to foreign delegates, each with the attachments of its own network. Acts through the edges. */
import { typeOf } from '../cni/network';
import { isAtLeast } from '../cni/version';
import { type CniError, placed } from '../error';
import type { Json } from '../json';
import type { NetworkName } from '../net/names';
import type { Wanted } from '../pod/plan';
import type { Edges } from './ports';
import type { AttachRecord } from './record';
import { foreignTypeOf } from './status';

/** A plugin to be told, with the network it serves. */
interface Told {
  readonly network: string; // as people call it
  readonly name: NetworkName;
  readonly cniVersion: string;
  readonly plugin: Json;
}

/**
 * Calls GC of every foreign plugin of version 1.1.0, and of every foreign IPAM of a built-in one, of the configured networks
 * and of those that pods have now. The list
 * that each gets is Braid's own of that network: what the runtime lists are sandboxes, not attachments. Nobody is called
 * while a record cannot be read in whole: its pod may be alive, and would not be on the list. Returns failures.
 */
export async function gcDelegates(configured: readonly Wanted[], edges: Edges): Promise<readonly CniError[]> {
  const records = await allRecords(edges);
  if (records === undefined) return [];
  const failures: CniError[] = [];
  for (const { network, name, cniVersion, plugin } of toldPlugins(configured, records)) {
    const type = foreignTypeOf(plugin, edges);
    if (type === undefined) continue;
    const valid = validOf(name, records);
    const config = { ...plugin, name, cniVersion, 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid };
    const call = { command: 'GC', containerId: '', netns: '', ifName: '', args: [] } as const;
    try {
      await edges.foreign.run({ ...call, type, config: JSON.stringify(config) });
    } catch (error) {
      failures.push(placed(error, { network }));
    }
  }
  return failures;
}

/** Every record, as far as it takes; `undefined` when one is lost. */
async function allRecords({ records, log }: Edges): Promise<readonly AttachRecord[] | undefined> {
  const { whole, broken } = await records.everything();
  const found = [...whole];
  for (const { containerId, ifName, error } of broken) {
    const { record, isWhole = true } = (await records.salvage(containerId, ifName)) ?? {};
    if (!isWhole) {
      log.warn(
        { containerId, error: error.problem },
        'told no delegate of GC: a pod that may be alive would not be on the list',
      );
      return undefined;
    }
    if (record !== undefined) found.push(record);
  }
  return found;
}

/** Each plugin of each network once. */
function toldPlugins(configured: readonly Wanted[], records: readonly AttachRecord[]): readonly Told[] {
  const networks = [
    ...configured
      .filter(({ network }) => !network.disableGC)
      .map(({ network, display }) => ({ ...network, network: display })),
    ...records.flatMap(({ attachments }) => attachments),
  ].filter(({ cniVersion }) => isAtLeast(cniVersion, '1.1.0'));
  const told = networks.flatMap(({ network, name, cniVersion, plugins }) =>
    plugins.map((plugin): Told => ({ network, name, cniVersion, plugin })),
  );
  return [...new Map(told.map((one) => [`${one.name} ${typeOf(one.plugin)}`, one])).values()];
}

function validOf(name: NetworkName, records: readonly AttachRecord[]): readonly Json[] {
  return records.flatMap(({ containerId, attachments }) =>
    attachments.filter((one) => one.name === name).map(({ ifName }) => ({ containerID: containerId, ifname: ifName })),
  );
}
