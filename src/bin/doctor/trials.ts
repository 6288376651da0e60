/** Makes the pod's link of a network on its master, looks at what becomes of the master, and deletes it. Acts on a bench. */
import type { Netns } from '../../attach/ports';
import { toCniError } from '../../error';
import { oneOf } from '../../json';
import type { Link, LinkSpec } from '../../net/link';
import { type IfName, ifName } from '../../net/names';
import type { Bench } from './bench';
import type { Trial, Use, Wire } from './wires';

/** One trial for each kind of link that the networks of the wire make; none where a pod's link would have to be the parent. */
export async function tryLinks(
  { master, uses }: Wire,
  { netns, link }: { readonly netns: Netns; readonly link: Link },
  { host, bench }: { readonly host: Netns; bench(): Promise<Bench> },
): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (const kind of ['macvlan', 'ipvlan'] as const) {
    const use = uses.find(({ type, mode }) => type === kind && mode !== 'passthru'); // which takes the whole master
    if (use === undefined) continue;
    try {
      const into = (await bench()).netns;
      if (netns === host || netns === into) trials.push(await tryLink(use, { netns, link, into, host, master }));
    } catch (error) {
      trials.push({ kind, problem: toCniError(error), turnsPromiscuous: false });
    }
  }
  return trials;
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
