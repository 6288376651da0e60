/** What sandboxes that are gone have left: records, links, reservations. Reads the node through the edges; takes no lock and frees nothing. */
import type { Finding } from '../../attach/gc';
import { findGone } from '../../attach/gc';
import type { Files } from '../../attach/ports';
import { defaultLeaseRoots } from '../../disk/leases';
import { isRecord, record } from '../../json';
import { findIp } from '../../net/ip';
import { bad, broken, type Line, type Look, ok, warning } from './check';

const shownMost = 10; // lines of one kind

export async function checkLeftovers(look: Look): Promise<readonly Line[]> {
  const { edges, isRoot } = look;
  const gone = (await findGone(edges)).map(judgeGone);
  const reservations: Line[] = [];
  const { whole, broken: unread } = await edges.records.everything();
  const known = new Set([...whole, ...unread].map(({ containerId }) => `${containerId}`));
  for (const directory of storesOf(look))
    try {
      reservations.push(...judgeReservations(directory, await reservationsIn(directory, edges.files), known));
    } catch (error) {
      reservations.push(broken(error, isRoot, directory));
    }
  const lines = [...shortened(gone, 'braid gc --dry-run'), ...reservations];
  return lines.length > 0 ? lines : [ok('nothing is left of sandboxes that are gone')];
}

/** Pure: what GC would free. */
export function judgeGone({ what, subject, containerId, why }: Finding): Line {
  const whose = containerId === undefined ? '' : ` of ${containerId.slice(0, 12)}`;
  return warning({
    subject: `${what}${whose}`,
    found: `left behind: ${subject}`,
    cause: why,
    fix: 'braid gc --dry-run, then braid gc',
  });
}

function shortened(lines: readonly Line[], all: string): readonly Line[] {
  if (lines.length <= shownMost) return lines;
  const more = lines.length - shownMost;
  return [
    ...lines.slice(0, shownMost),
    warning({ found: `${more} more things are left behind`, cause: 'as above', fix: `${all} shows them all` }),
  ];
}

/** host-local's directories of this node's networks. */
function storesOf({ networks }: Pick<Look, 'networks'>): readonly string[] {
  const stores = networks
    .flatMap(({ network }) =>
      network.plugins.flatMap(({ ipam }) => {
        if (!isRecord(ipam)) return [];
        const { type, dataDir } = record(ipam);
        if (type !== 'host-local') return [];
        const chosen = typeof dataDir === 'string' && dataDir !== '' ? dataDir : '/var/lib/cni/networks';
        return [`${chosen}/${network.name}`];
      }),
    )
    .filter((each) => !each.split('/').includes('..') && defaultLeaseRoots.some((root) => each.startsWith(`${root}/`)));
  return [...new Set(stores)];
}

/** A reservation: the address is the file's name, its first line the container. */
export type Reservation = readonly [address: string, containerId: string];

async function reservationsIn(directory: string, files: Files): Promise<readonly Reservation[]> {
  const found: Reservation[] = [];
  for (const name of await files.list(directory)) {
    if (findIp(name) === undefined) continue;
    const text = await files.readText(`${directory}/${name}`);
    if (text !== undefined) found.push([name, /^[\w.-]+/.exec(text)?.[0] ?? '']); // else freed since it was listed
  }
  return found;
}

/** Pure: addresses that are held for containers that no record has. */
export function judgeReservations(
  directory: string,
  all: readonly Reservation[],
  known: ReadonlySet<string>,
): readonly Line[] {
  const orphans = all.filter(([, container]) => !known.has(container));
  if (orphans.length === 0) return [];
  const shown = orphans
    .slice(0, shownMost)
    .map(([address, container]) => `${address} (${container.slice(0, 12) || 'nobody'})`)
    .join(', ');
  const more = orphans.length > shownMost ? ` and ${orphans.length - shownMost} more` : '';
  const trouble = {
    subject: directory,
    found: `holds addresses for containers that Braid has no record of: ${shown}${more}`,
    cause: 'another plugin attached them, or their records were deleted by hand',
    fix: 'see whether the runtime has them (crictl pods); if not, delete these files',
  };
  return [orphans.length > 100 ? bad(trouble) : warning(trouble)];
}
