/** Which of a pod's networks are attached at one time: those where none waits for another, or is changed by it. Pure. */
import { typeOf } from '../cni/network';
import { isRecord, record } from '../json';
import type { Attachment } from '../pod/attachment';

/** Delegates whose link is the pod's alone, and made by one request. */
const alone: readonly string[] = ['macvlan', 'ipvlan', 'vlan'];
/** Where their addresses may come from: what tells the routes beforehand. Two with routes would enter them in any order. */
const sources: readonly unknown[] = [undefined, '', 'host-local', 'static'];
/** Keys that share a link with other networks, or want one of the pod's. */
const sharing = ['vlan', 'hostAccess', 'linkInContainer'] as const;
const most = 16; // in one group: the kernel keeps so many answers for a socket, and more

/**
 * The positions of the attachments in order, in groups. The networks of a group are begun in their order, and each goes on while others
 * wait: for the network to say whether it has an address already, and for the kernel. `isBuiltIn`: which types Braid does itself.
 */
export function groupsOf(
  attachments: readonly Attachment[],
  isBuiltIn: (type: string) => boolean,
): readonly (readonly number[])[] {
  const groups: number[][] = [];
  let kind: string | undefined; // of the last group; undefined: nobody joins it
  const names = new Set<string>();
  for (const [position, attachment] of attachments.entries()) {
    const own = kindOf(attachment, isBuiltIn);
    const last = groups.at(-1);
    if (last !== undefined && own !== undefined && own === kind && !names.has(attachment.name) && last.length < most)
      last.push(position);
    else {
      groups.push([position]);
      names.clear();
    }
    kind = own;
    names.add(attachment.name); // a store of host-local has its network's name
  }
  return groups;
}

/** Its delegate, with which others of that delegate may be begun; `undefined` when it is attached by itself. */
function kindOf({ isDefault, device, plugins }: Attachment, isBuiltIn: (type: string) => boolean): string | undefined {
  const [plugin, ...chained] = plugins;
  if (isDefault || device !== undefined || plugin === undefined || chained.length > 0) return undefined;
  const type = typeOf(plugin);
  const c = record(plugin);
  const ipam = isRecord(c.ipam) ? record(c.ipam) : {}; // without: layer 2 only
  const hasRoutes = ipam.routes !== undefined || c.routes !== undefined;
  const isPlain = typeof c.master === 'string' && sharing.every((key) => !c[key]);
  if (!isPlain || hasRoutes || !sources.includes(ipam.type)) return undefined;
  return alone.includes(type) && isBuiltIn(type) ? type : undefined;
}
