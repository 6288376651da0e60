/** Makes the pod's link of a network on its master, looks at what becomes of the master, and deletes it. Acts on a bench. */
import type { Netns } from '../../attach/ports';
import { toCniError } from '../../error';
import { oneOf } from '../../json';
import type { Link, LinkSpec } from '../../net/link';
import { type IfName, ifName } from '../../net/names';
import type { Bench } from './bench';
import type { Trial, Use, Wire } from './wires';

/**
 * One trial, where it can disturb nobody: none on a wire whose networks are of both kinds, for the other kind would be
 * refused meanwhile; none of ipvlan beside pods that have one, for all ipvlans of a master have one mode.
 */
export async function tryLinks(
  { master, uses }: Wire,
  { netns, link }: { readonly netns: Netns; readonly link: Link },
  { host, bench, ipvlansOn }: Means,
): Promise<readonly Trial[]> {
  const kinds = (['macvlan', 'ipvlan'] as const).filter((kind) => uses.some(({ type }) => type === kind));
  const [kind, other] = kinds;
  const use = uses.find(({ type }) => type === kind);
  if (kind === undefined || use === undefined || other !== undefined) return [];
  const modes = new Set(uses.filter(({ type }) => type === kind).map(({ mode }) => mode));
  if (modes.has('passthru') || (kind === 'ipvlan' && modes.size > 1)) return []; // passthru takes the whole master
  try {
    if (kind === 'ipvlan' && (await ipvlansOn(master.name))) return [];
    const into = (await bench()).netns;
    return netns === host || netns === into ? [await tryLink(use, { netns, link, into, host, master })] : [];
  } catch (error) {
    return [{ kind, problem: toCniError(error), turnsPromiscuous: false }];
  }
}

/** What a trial needs. */
interface Means {
  readonly host: Netns;
  bench(): Promise<Bench>;
  /** Whether pods may have ipvlans on that master. */
  ipvlansOn(master: string): Promise<boolean>;
}

/** Where the link is made: below it `link` in `netns`, and `master` below that. */
interface Where {
  readonly netns: Netns;
  readonly link: Link;
  readonly into: Netns;
  readonly host: Netns;
  readonly master: Link;
}

async function tryLink(use: Use, { netns, link, into, host, master }: Where): Promise<Trial> {
  const spec = specOf(use, ifName(`t${link.index}`, 'link'), link);
  const before = await promiscuity(master, host);
  const { name, index } = await netns.createLink(spec, into);
  try {
    await into.changeLink(index, { up: true });
    return { kind: spec.kind, problem: undefined, turnsPromiscuous: (await promiscuity(master, host)) > before };
  } finally {
    await into.deleteLink(name);
  }
}

function specOf({ type, mode }: Use, name: IfName, { index }: Link): LinkSpec & Pick<Trial, 'kind'> {
  return type === 'macvlan'
    ? { kind: 'macvlan', name, parent: index, mode: oneOf(mode, 'mode', ['bridge', 'private', 'vepa'], 'bridge') }
    : { kind: 'ipvlan', name, parent: index, mode: oneOf(mode, 'mode', ['l2', 'l3', 'l3s'], 'l2') };
}

async function promiscuity({ index }: Link, host: Netns): Promise<number> {
  return (await host.findLinkByIndex(index))?.promisc ?? 0;
}
