/** vrf: puts the chain's interface into a VRF of the pod, which is made when first needed. Kernel through the context. */
import { type AddContext, type CheckContext, chainedDelegate, type DelContext } from '../../src/attach/delegate';
import type { Netns } from '../../src/attach/ports';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { optionalInt, record, shown } from '../../src/json';
import type { Link } from '../../src/net/link';
import { type IfName, ifName } from '../../src/net/names';
import { enslave } from './enslave';

/** Keys of the reference plugin. */
export interface VrfConfig {
  readonly vrfname: IfName;
  readonly table: number | undefined; // undefined: the lowest that no VRF of the pod has
}

type Vrf = Link & { readonly detail: { readonly kind: 'vrf'; readonly table: number } };

export const vrf = chainedDelegate('vrf', parse, { add, del, check });

/** Bytes only. */
export function parse(input: unknown): VrfConfig {
  const c = record(input);
  if (c.vrfname === undefined || c.vrfname === '')
    fail('ConfigInvalid', 'Cannot do without vrfname: configuration is expected to have a valid vrf name');
  return { vrfname: ifName(c.vrfname, 'vrfname'), table: optionalInt(c.table, 'table', 0, 2 ** 32 - 1) || undefined };
}

/** The table of a VRF: the one asked for, else the lowest from 1 on that none has. Pure. */
export function plan(c: VrfConfig, links: readonly Link[]): number {
  const used = links.filter(isVrf).map(({ detail }) => detail.table);
  for (let table = c.table ?? 1; ; table++) if (c.table !== undefined || !used.includes(table)) return table;
}

async function add(c: VrfConfig, context: AddContext): Promise<Result> {
  const { pod, ifName: name, prevResult, undo } = context;
  if (prevResult === undefined)
    return fail(
      'ConfigInvalid',
      'Cannot use vrf alone: missing prevResult from earlier plugin, put it after another one',
    );
  const links = await pod.links();
  const existing = findVrf(c, links);
  const link = links.find((one) => one.name === name);
  if (link === undefined) return fail('LinkMissing', `Cannot find interface ${name} in the pod`);
  if (link.master !== undefined) {
    const master = links.find(({ index }) => index === link.master)?.name ?? link.master;
    fail('LinkUnsuitable', `Cannot put ${name} into a VRF: interface ${name} has already a master set: ${master}`);
  }
  undo.push(() => deleteUnused(c, pod));
  const master = existing ?? (await createVrf(c, links, pod));
  await enslave(pod, link, master, undo);
  return prevResult;
}

async function createVrf(c: VrfConfig, links: readonly Link[], pod: Netns): Promise<Vrf> {
  const made = await pod.createLink({ kind: 'vrf', name: c.vrfname, table: plan(c, links) });
  await pod.changeLink(made.index, { up: true });
  return isVrf(made) ? made : fail('KernelRefused', `Cannot use ${c.vrfname}: the kernel made no VRF of it`);
}

/** The VRF of that name; LinkUnsuitable when it is something else, or has another table than the one asked for. */
function findVrf({ vrfname, table }: VrfConfig, links: readonly Link[]): Vrf | undefined {
  const found = links.find(({ name }) => name === vrfname);
  if (found === undefined) return undefined;
  if (!isVrf(found))
    return fail('LinkUnsuitable', `Cannot use ${shown(vrfname)} as a VRF: a link of another kind has that name`);
  if (table !== undefined && table !== found.detail.table)
    fail(
      'LinkUnsuitable',
      `Cannot use table ${table}: VRF ${vrfname} already exist with different routing table ${found.detail.table}`,
    );
  return found;
}

/** The interface goes out of the VRF, which goes with its last one. */
async function del(c: VrfConfig, { pod, ifName: name }: DelContext): Promise<void> {
  if (pod === undefined) return;
  const master = await pod.findLink(c.vrfname);
  const link = await pod.findLink(name);
  if (master === undefined || !isVrf(master)) return;
  if (link?.master === master.index) await pod.changeLink(link.index, { master: 0 });
  await deleteUnused(c, pod);
}

async function deleteUnused({ vrfname }: VrfConfig, pod: Netns): Promise<void> {
  const links = await pod.links();
  const master = links.find(({ name }) => name === vrfname);
  if (master !== undefined && isVrf(master) && !links.some((link) => link.master === master.index))
    await pod.deleteLink(vrfname);
}

async function check(c: VrfConfig, { pod, ifName: name }: CheckContext): Promise<void> {
  const master = await pod.findLink(c.vrfname);
  const link = await pod.findLink(name);
  if (master === undefined || !isVrf(master)) return fail('CheckFailed', `Cannot find VRF ${c.vrfname} in the pod`);
  if (c.table !== undefined && master.detail.table !== c.table)
    fail('CheckFailed', `VRF ${c.vrfname} has table ${master.detail.table}: expected ${c.table}`);
  if (link?.master !== master.index) fail('CheckFailed', `Interface ${name} is not in VRF ${c.vrfname}`);
}

function isVrf(link: Link): link is Vrf {
  return link.detail.kind === 'vrf';
}
