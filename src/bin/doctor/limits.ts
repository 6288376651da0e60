/** What limits the MAC addresses that a master takes. Judges what was read and tried. */
import { isDenied, type Line, type Look, ok, skipped, warning } from './check';
import { filters, known } from './known-limits';
import { type MasterFacts, readFacts } from './master-facts';
import { shownUses, type Trial } from './wires';

export async function checkLimits(look: Look): Promise<readonly Line[]> {
  const lines = (await readFacts(look)).flatMap((each) => judgeLimits(each, look.isRoot));
  return lines.length > 0 ? lines : [ok('no network of this node needs a master')];
}

/** Pure: what of this master limits its networks. */
export function judgeLimits(facts: MasterFacts, isRoot: boolean): readonly Line[] {
  const { link, foreignMacs, trials, driver } = facts;
  const subject = link.name;
  const worst = [...Map.groupBy(trials, ({ kind }) => kind).values()].flatMap((same) => worstOf(same) ?? []);
  const lines: Line[] = worst.flatMap((trial) => judgeTrial(trial, facts, isRoot) ?? []);
  if (facts.rivals.length > 0)
    lines.push(
      warning({
        subject,
        found: `serves macvlan or ipvlan at a time, and ${shownUses(facts.rivals)} are of both kinds`,
        cause: 'the kernel gives a link to one of them: who comes second is refused (EBUSY)',
        fix: 'one kind for all networks on it, or another master or VLAN for some',
      }),
    );
  const limit = foreignMacs.length === 0 ? undefined : known.find(({ applies }) => applies(facts));
  if (limit !== undefined)
    lines.push(
      warning({
        subject,
        found: `pods of ${shownUses(foreignMacs)} have MAC addresses that may be dropped here`,
        cause: limit.cause,
        fix: limit.fix,
      }),
    );
  const most = filters[driver ?? ''];
  if (most !== undefined && facts.inUse > most)
    lines.push(
      warning({
        subject,
        found: `${facts.inUse} pods have MAC addresses on it, and cards of driver ${driver} filter ${most} at least`,
        cause: 'a card whose filter is full takes in everything, and the node looks at every frame that comes',
        fix: 'fine where little comes; else fewer macvlans on it, ipvlan, or another card',
      }),
    );
  if (link.promisc > 0 && link.master === undefined)
    lines.push(
      warning({
        subject,
        found: `is promiscuous already, ${link.promisc} ${link.promisc === 1 ? 'time' : 'times'}`,
        cause: 'somebody listens there (a capture), or has more MAC addresses on it than the card can filter',
        fix: `find out who: ip -d link show ${link.name}; ss -0 -p`,
      }),
    );
  if (lines.length > 0) return lines;
  const made = worst.map(({ kind }) => kind).join(' and ');
  const filtered = most === undefined ? '' : `, which filters ${most} MAC addresses at least; ${facts.inUse} in use`;
  const shownDriver = driver === undefined ? '' : `, driver ${driver}${filtered}`;
  return [
    ok(
      made === ''
        ? `no limit is known${shownDriver}`
        : `takes ${made} links without becoming promiscuous${shownDriver}`,
      subject,
    ),
  ];
}

/** Of the trials of one kind, on the master and its VLANs. */
function worstOf(trials: readonly Trial[]): Trial | undefined {
  return trials.find(({ problem }) => problem !== undefined) ?? trials.find((one) => one.turnsPromiscuous) ?? trials[0];
}

function judgeTrial(
  { kind, problem, turnsPromiscuous }: Trial,
  { link }: MasterFacts,
  isRoot: boolean,
): Line | undefined {
  const subject = link.name;
  if (problem !== undefined) {
    if (isDenied(problem) && !isRoot) return skipped('needs root', 'sudo braid doctor', subject);
    const busy = problem.errno === 'EBUSY';
    return {
      light: 'bad',
      subject,
      found: `${kind} links cannot be made on it`,
      cause: busy
        ? 'it is a port of a bridge or a bond, or already serves links of the other kind (macvlan, ipvlan)'
        : problem.problem,
      fix: busy ? `name the bridge or bond as master, or another one; see: ip -d link show ${link.name}` : problem.hint,
    };
  }
  if (!turnsPromiscuous) return undefined;
  return warning({
    subject,
    found: `becomes promiscuous with the first ${kind}`,
    cause: 'its driver has no filter for further MAC addresses: the node looks at every frame that comes',
    fix: `fine where little comes; else another card, or ipvlan (ethtool -i ${link.name} names the driver)`,
  });
}
