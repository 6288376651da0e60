/** Settles the masters of a pod's networks before anything is done: chosen by match, and able to live beside each other. Reads the host. */
import { typeOf } from '../cni/network';
import { fail, placed } from '../error';
import { type Json, plainly, record } from '../json';
import { chooseMaster, type NodeLinks, parseMasterMatch } from '../net/master';
import type { Attachment } from '../pod/attachment';
import type { Netns } from './ports';

/** Delegates that take a master for their bridge. */
export const bridges: readonly string[] = ['bridge', 'cnv-bridge'];
/** Those, and the ones whose links live on a master. */
export const onMaster: readonly string[] = ['macvlan', 'ipvlan', 'vlan', ...bridges];

/**
 * The attachments with every `master: {"match": …}` replaced by the name of the link that fits on this node: what is
 * recorded is the choice. MasterMissing and MasterConflict name the network.
 */
export async function settleMasters(attachments: readonly Attachment[], host: Netns): Promise<readonly Attachment[]> {
  const node = attachments.some(({ plugins }) => plugins.some(asksForMatch)) ? await readNode(host) : undefined;
  const settled = node === undefined ? attachments : attachments.map((one) => choose(one, node));
  refuseConflicts(settled);
  return settled;
}

async function readNode(host: Netns): Promise<NodeLinks> {
  return { links: await host.links(), addresses: await host.addresses(), routes: await host.routes() };
}

function choose(attachment: Attachment, node: NodeLinks): Attachment {
  try {
    return { ...attachment, plugins: attachment.plugins.map((plugin) => withMaster(plugin, node)) };
  } catch (error) {
    throw placed(error, { network: attachment.network, ifName: attachment.ifName });
  }
}

function asksForMatch(plugin: Json): boolean {
  return onMaster.includes(typeOf(plugin)) && typeof record(plugin).master === 'object';
}

function withMaster(plugin: Json, node: NodeLinks): Json {
  const match = asksForMatch(plugin) ? parseMasterMatch(record(plugin).master) : undefined;
  return match === undefined ? plugin : { ...plugin, master: chooseMaster(match, node).name };
}

/** What lives where: two with the same place must be of one kind and mode. */
interface Tenant {
  readonly network: string;
  readonly ifName: Attachment['ifName'];
  readonly place: string;
  readonly way: string;
}

/** How host-device uses a link: it takes it into the pod, away from everybody else. */
const taking = 'host-device';

/** A master serves macvlan or ipvlan, ipvlan in one mode, and each VLAN id once. */
function refuseConflicts(attachments: readonly Attachment[]): void {
  const tenants = attachments.flatMap((attachment) =>
    attachment.plugins.flatMap((plugin) => toTenant(attachment, plugin)),
  );
  for (const [at, one] of tenants.entries()) {
    const other = tenants
      .slice(0, at)
      .find(({ place, way }) => place === one.place && (way !== one.way || way === 'vlan' || way === taking));
    if (other === undefined) continue;
    const ways = one.way === 'vlan' ? 'that VLAN is there once' : `${other.way} and ${one.way} cannot share it`;
    fail('MasterConflict', `Cannot attach ${one.network} beside ${other.network} on ${one.place}: ${ways}`, {
      where: { network: one.network, ifName: one.ifName },
    });
  }
}

function toTenant({ network, ifName }: Attachment, plugin: Json): readonly Tenant[] {
  const type = typeOf(plugin);
  const { master, mode, vlan, vlanId, linkInContainer, bridge, device } = record(plugin);
  if (type === 'host-device' && typeof device === 'string')
    return [{ network, ifName, place: `master ${device}`, way: taking }];
  if (!onMaster.includes(type) || typeof master !== 'string' || linkInContainer === true) return [];
  if (type === 'vlan') return [{ network, ifName, place: `VLAN ${plainly(vlanId ?? 0)} of ${master}`, way: 'vlan' }];
  const place = vlan === undefined ? `master ${master}` : `VLAN ${plainly(vlan)} of master ${master}`;
  if (bridges.includes(type)) return [{ network, ifName, place, way: `bridge ${plainly(bridge ?? 'cni0')}` }];
  return [{ network, ifName, place, way: type === 'ipvlan' ? `ipvlan in mode ${plainly(mode || 'l2')}` : 'macvlan' }];
}
