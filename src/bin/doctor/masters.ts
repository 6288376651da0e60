/** Finds the master of each network's link, and judges it: there, up, carrier, MTU. Reads the host. */
import { requireMaster } from '../../attach/master';
import type { Netns } from '../../attach/ports';
import { type CniError, toCniError } from '../../error';
import type { Link } from '../../net/link';
import { chooseMaster, parseMasterMatch } from '../../net/master';
import { bad, type Line, type Look, ok } from './check';
import { shownUses, type Use, usesOf } from './wires';

/** A use with its master, or why there is none. */
export type Mastered = readonly [Use, Link | CniError];

/** The master of each use: the link of that name, the one that fits, or that of the default route. */
export async function findMasters(uses: readonly Use[], host: Netns): Promise<readonly Mastered[]> {
  const node = { links: await host.links(), addresses: await host.addresses(), routes: await host.routes() };
  const find = async ({ master }: Use): Promise<Link> => {
    const match = parseMasterMatch(master);
    if (match !== undefined) return chooseMaster(match, node);
    return (await requireMaster(host, typeof master === 'string' ? master : undefined)).link;
  };
  const found: Mastered[] = [];
  for (const use of uses) found.push([use, await find(use).catch(toCniError)]);
  return found;
}

/** Whether frames can pass it now. */
export function isAlive({ up, operState }: Link): boolean {
  return up && operState !== 'down' && operState !== 'lowerlayerdown';
}

export async function checkMasters({ networks, edges }: Look): Promise<readonly Line[]> {
  return judgeMasters(await findMasters(usesOf(networks), edges.kernel.host));
}

/** Pure: a line for each mistake, and one for each master that is well. */
export function judgeMasters(all: readonly Mastered[]): readonly Line[] {
  const lines: Line[] = [];
  const well = new Map<string, Use[]>();
  for (const [use, link] of all) {
    const wrong = link instanceof Error ? missing(use, link) : masterProblem(use, link);
    if (wrong !== undefined) lines.push(wrong);
    else if (!(link instanceof Error)) well.set(shownLink(link), [...(well.get(shownLink(link)) ?? []), use]);
  }
  const fine = [...well].map(([link, uses]) => ok(`carries ${shownUses(uses)}`, link));
  return all.length > 0 ? [...lines, ...fine] : [ok('no network of this node needs one')];
}

const shownLink = ({ name, mtu }: Link): string => `${name} (up, mtu ${mtu})`;

function missing({ display }: Use, { problem }: CniError): Line {
  return bad({
    subject: display,
    found: 'its master cannot be used',
    cause: problem,
    fix: 'fix "master", or use {"match": …}; see: ip link',
  });
}

function masterProblem({ display, mtu }: Use, link: Link): Line | undefined {
  const { name } = link;
  const found = (what: string): string => `its master ${name} ${what}`;
  if (!link.up)
    return bad({
      subject: display,
      found: found('is down'),
      cause: 'nobody set it up at boot',
      fix: `ip link set ${name} up, and in the node's network configuration`,
    });
  if (!isAlive(link))
    return bad({
      subject: display,
      found: found('has no carrier'),
      cause: 'no cable, a switch port that is off, or a driver without link',
      fix: `check cable, switch port and driver: ethtool ${name}`,
    });
  if (mtu !== undefined && mtu > link.mtu)
    return bad({
      subject: display,
      found: found(`carries ${link.mtu} bytes, the network wants mtu ${mtu}`),
      cause: "a pod's link cannot have a larger MTU than the link below it",
      fix: `ip link set ${name} mtu ${mtu}, and on the switch; or a smaller "mtu"`,
    });
  return undefined;
}
