/** What limits the MAC addresses that a master takes: its driver, the cloud around it, a bond, a virtual function. Reads /sys. */
import { bridges } from '../../attach/masters';
import type { Files } from '../../attach/ports';
import type { Link } from '../../net/link';
import { isDenied, type Line, type Look, ok, skipped, warning } from './check';
import { type Answer, shownUses, type Trial, type Use } from './wires';

/** What /sys tells of a master. */
export interface MasterFacts {
  readonly link: Link;
  readonly driver: string | undefined;
  /** Maker of the machine, e.g. `Amazon EC2`. */
  readonly vendor: string | undefined;
  readonly bondMode: string | undefined; // e.g. balance-alb
  readonly isVirtualFunction: boolean;
  readonly isWireless: boolean;
  /** Networks on it or its VLANs whose pods have MAC addresses of their own. */
  readonly foreignMacs: readonly Use[];
  /** Networks of macvlan and of ipvlan on the same link or VLAN. */
  readonly rivals: readonly Use[];
  readonly trials: readonly Trial[];
}

export async function checkLimits(look: Look): Promise<readonly Line[]> {
  const { files } = look.edges;
  const vendor = await readLine('/sys/class/dmi/id/sys_vendor', files);
  const byMaster = Map.groupBy(await look.answers(), ({ master }) => master.index);
  const facts: MasterFacts[] = [];
  for (const answers of byMaster.values()) facts.push(await factsOf(answers, vendor, files));
  const lines = facts.flatMap((each) => judgeLimits(each, look.isRoot));
  return lines.length > 0 ? lines : [ok('no network of this node needs a master')];
}

async function factsOf(answers: readonly Answer[], vendor: string | undefined, files: Files): Promise<MasterFacts> {
  const [{ master: link }] = answers as readonly [Answer, ...Answer[]];
  const sys = `/sys/class/net/${link.name}`;
  const uses = answers.flatMap((answer) => answer.uses);
  return {
    link,
    driver: /^DRIVER=(.+)$/m.exec((await readOr(`${sys}/device/uevent`, files)) ?? '')?.[1],
    vendor,
    bondMode: (await readLine(`${sys}/bonding/mode`, files))?.split(' ')[0],
    isVirtualFunction: await files.exists(`${sys}/device/physfn`),
    isWireless: await files.exists(`${sys}/phy80211`),
    foreignMacs: uses.filter(({ type }) => type === 'macvlan' || bridges.includes(type)),
    rivals: answers.flatMap(({ uses: some }) =>
      kinds.every((kind) => some.some(({ type }) => type === kind))
        ? some.filter(({ type }) => kinds.includes(type))
        : [],
    ),
    trials: answers.flatMap(({ trials }) => trials),
  };
}

const kinds: readonly string[] = ['macvlan', 'ipvlan'] satisfies readonly Trial['kind'][];

async function readOr(path: string, files: Files): Promise<string | undefined> {
  try {
    return await files.readText(path);
  } catch {
    return undefined; // some files of /sys refuse to be read
  }
}

async function readLine(path: string, files: Files): Promise<string | undefined> {
  return (await readOr(path, files))?.trim() || undefined;
}

/** A place that is known to drop what comes for MAC addresses it did not give. */
interface Known {
  applies(facts: MasterFacts): boolean;
  readonly cause: string;
  readonly fix: string;
}

const ipvlanInstead = 'use ipvlan, whose pods have the MAC of the master';

const known: readonly Known[] = [
  {
    applies: ({ isWireless }) => isWireless,
    cause: 'a wireless access point takes one MAC address from each station',
    fix: ipvlanInstead,
  },
  {
    applies: ({ bondMode }) => bondMode === 'balance-alb' || bondMode === 'balance-tlb',
    cause: 'bonds of this mode rewrite MAC addresses of what they send, so answers for pods get lost',
    fix: `bond mode active-backup or 802.3ad; or ${ipvlanInstead}`,
  },
  {
    applies: ({ isVirtualFunction }) => isVirtualFunction,
    cause: 'a virtual function: its card drops frames from and for other MAC addresses unless it is trusted',
    fix: 'on the host of the card: ip link set PF vf N trust on spoofchk off; or use ipvlan',
  },
  {
    applies: ({ driver, vendor }) => driver === 'ena' || vendor === 'Amazon EC2',
    cause: 'EC2 delivers to the MAC and the addresses of the network interface only',
    fix: 'give the pod an interface of its own (host-device), or ipvlan with secondary addresses of the interface',
  },
  {
    applies: ({ driver, vendor }) => driver === 'gve' || vendor === 'Google',
    cause: 'Google Cloud delivers to the MAC and the addresses of the interface only',
    fix: 'ipvlan with alias addresses of the interface, or an interface of its own (host-device)',
  },
  {
    applies: ({ driver }) => driver === 'hv_netvsc' || driver === 'mana',
    cause: "Hyper-V drops other MAC addresses unless the adapter's MAC address spoofing is on; Azure always does",
    fix: `Set-VMNetworkAdapter -MacAddressSpoofing On; on Azure ${ipvlanInstead}`,
  },
  {
    applies: ({ driver }) => driver === 'vmxnet3',
    cause: 'a vSphere port group drops other MAC addresses by default',
    fix: 'on the port group: MAC learning with forged transmits, or promiscuous mode, forged transmits and MAC changes',
  },
  {
    applies: ({ vendor }) => /^OpenStack/.test(vendor ?? ''),
    cause: 'a Neutron port with port security drops other MAC addresses and IP addresses',
    fix: 'allowed address pairs for the port, or port security off',
  },
];

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
  const shownDriver = driver === undefined ? '' : `, driver ${driver}`;
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
