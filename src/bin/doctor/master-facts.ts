/** What is to be known of a master before pods have MAC addresses on it. Reads /sys and the records. */
import { bridges } from '../../attach/masters';
import type { Files } from '../../attach/ports';
import { typeOf } from '../../cni/network';
import { record } from '../../json';
import type { Link } from '../../net/link';
import { isDenied, type Look } from './check';
import type { Answer, Trial, Use } from './wires';

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
  /** How many pods' links with a MAC of their own are on it by Braid's records. */
  readonly inUse: number;
}

/** Of every master that a network uses. */
export async function readFacts(look: Look): Promise<readonly MasterFacts[]> {
  const { files } = look.edges;
  const vendor = await readLine('/sys/class/dmi/id/sys_vendor', files);
  const links = await recordedMasters(look);
  const facts: MasterFacts[] = [];
  for (const answers of Map.groupBy(await look.answers(), ({ master }) => master.index).values()) {
    const inUse = links.filter((name) => name === answers[0]?.master.name).length;
    facts.push({ ...(await factsOf(answers, vendor, files)), inUse });
  }
  return facts;
}

/** The master of each recorded link that has a MAC of its own. Without root nobody's. */
async function recordedMasters({ edges, isRoot }: Look): Promise<readonly string[]> {
  const read = edges.records.everything().catch((error) => {
    if (isRoot || !isDenied(error)) throw error;
    return { whole: [] };
  });
  const plugins = (await read).whole.flatMap(({ attachments }) => attachments.flatMap((one) => one.plugins));
  return plugins.flatMap((plugin) => {
    const { master } = record(plugin);
    return hasOwnMac(typeOf(plugin)) && typeof master === 'string' ? [master] : [];
  });
}

const hasOwnMac = (type: string): boolean => type === 'macvlan' || bridges.includes(type);

async function factsOf(
  answers: readonly Answer[],
  vendor: string | undefined,
  files: Files,
): Promise<Omit<MasterFacts, 'inUse'>> {
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
    foreignMacs: uses.filter(({ type }) => hasOwnMac(type)),
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
