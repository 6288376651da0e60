/** Asks each link and VLAN of the node's networks who is there and what passes. Sends on the network; makes links on a bench. */
import { isVlanOf } from '../../attach/host-links';
import type { Netns } from '../../attach/ports';
import { typeOf } from '../../cni/network';
import { CniError, fail, toCniError } from '../../error';
import { record } from '../../json';
import { addressOf, contains, type Ip } from '../../net/ip';
import type { Link } from '../../net/link';
import { ifName } from '../../net/names';
import { type Bench, openBench } from './bench';
import type { DoctorView } from './check';
import { findMasters, isAlive } from './masters';
import { largestPassing } from './passing';
import { findPodVlan } from './pod-vlan';
import { tryLinks } from './trials';
import { type Answer, type Held, shownWire, toWires, type Use, usesOf, type Way, type Wire } from './wires';

const patience = 1000; // ms for an answer
const wayPatience = 250; // ms for each size
const atOnce = 16; // wires
const mostAsked = 1000; // addresses of a wire: who writes networks is not to make the node flood them

/** A link to ask by, and the namespace it is in. */
interface Place {
  readonly netns: Netns;
  readonly link: Link;
}

/** What asking needs. */
interface Means {
  readonly view: DoctorView;
  readonly host: Netns;
  /** Opened when it is first needed. */
  bench(): Promise<Bench>;
  /** Whether pods may have ipvlans on that master: who cannot tell, says yes. */
  ipvlansOn(master: string): Promise<boolean>;
}

/** What every wire says. A wire that cannot be asked has its reason, and stops no other. */
export async function askWires(view: DoctorView, tell: (what: string) => void): Promise<readonly Answer[]> {
  const { host } = view.edges.kernel;
  const found = await findMasters(usesOf(view.networks), host);
  const wires = toWires(found.flatMap(([use, link]) => (link instanceof CniError ? [] : [[use, link] as const])));
  let opened: Promise<Bench> | undefined;
  const means: Means = {
    view,
    host,
    bench: () => (opened ??= openBench(view)),
    ipvlansOn: (master) => hasIpvlans(master, view),
  };
  const answers: Answer[] = [];
  try {
    for (let at = 0; at < wires.length; at += atOnce) {
      const some = wires.slice(at, at + atOnce);
      tell(`who is on ${some.map(shownWire).join(', ')}`);
      answers.push(...(await askSome(some, means)));
    }
  } finally {
    await opened?.then((bench) => bench.close()).catch(() => undefined); // a bench that never was is each wire's problem
  }
  return answers;
}

/** Asks them side by side; then pod links are tried one after the other, for each may change what its master says. */
async function askSome(wires: readonly Wire[], means: Means): Promise<readonly Answer[]> {
  const places = await Promise.all(wires.map((wire) => findPlace(wire, means).catch(toCniError)));
  const answers: Answer[] = [];
  try {
    const asked = await Promise.all(
      wires.map((wire, at) => {
        const place = places[at] ?? 'idle';
        return isPlace(place) ? askAt(place, wire, means.host) : unasked(wire, place);
      }),
    );
    for (const [at, answer] of asked.entries()) {
      const place = places[at];
      answers.push(isPlace(place) ? { ...answer, trials: await tryLinks(answer, place, means) } : answer);
    }
  } finally {
    for (const place of places)
      if (isPlace(place) && place.netns.path !== undefined && place.netns !== (await means.bench()).netns)
        place.netns.close();
    if (places.some((place) => isPlace(place) && place.netns !== means.host)) await (await means.bench()).clear();
  }
  return answers;
}

const isPlace = (value: Place | NonNullable<Answer['problem']> | undefined): value is Place =>
  typeof value === 'object' && !(value instanceof CniError);

const unasked = (wire: Wire, problem: NonNullable<Answer['problem']>): Answer => ({
  ...wire,
  ...nothing(wire),
  problem,
});

const nothing = ({ master: { mtu } }: Wire) => ({ mtu, held: [], own: [], way: undefined, trials: [] });

/** The link itself; the VLAN's link that is there; one that is made for the moment; or a pod's. */
async function findPlace(wire: Wire, { view, host, bench }: Means): Promise<Place | NonNullable<Answer['problem']>> {
  const { master, tag } = wire;
  if (!isAlive(master)) return 'idle';
  if (tag === undefined) return { netns: host, link: master };
  const there = (await host.links()).find((link) => isVlanOf(link, master, tag));
  if (there !== undefined) return there.up ? { netns: host, link: there } : 'down';
  const { netns } = await bench();
  const name = ifName(`v${master.index}.${tag.id}${tag.protocol === '802.1ad' ? 's' : ''}`, 'link');
  try {
    const { index } = await host.createLink({ kind: 'vlan', name, parent: master.index, ...tag }, netns);
    await netns.changeLink(index, { up: true });
    const link = await netns.findLinkByIndex(index);
    return { netns, link: link ?? fail('LinkMissing', `Cannot find link ${name} after it was made`) };
  } catch (error) {
    if (!(error instanceof CniError) || error.errno !== 'EEXIST') throw error;
    return (await findPodVlan(master, tag, view.edges)) ?? 'in a pod';
  }
}

async function askAt(place: Place, wire: Wire, host: Netns): Promise<Answer> {
  try {
    const { netns, link } = place;
    const all = (await netns.addresses({ index: link.index })).filter(({ scope }) => scope === 0);
    const own = netns === host ? all.map(({ address }) => addressOf(address)) : []; // a pod's is asked for as everybody's
    const gateways = wire.uses.flatMap((use) => [...use.gateways, ...use.guesses]);
    const asked = new Set([...gateways, ...own, ...wire.uses.flatMap(({ addresses }) => addresses)]);
    const held = await netns.probe(link.index, [...asked].slice(0, mostAsked), { limit: patience, everybody: true });
    const gateway = held.find(([address]) => gateways.includes(address));
    const from = gateway && all.find(({ address }) => contains(address, gateway[0]));
    const way =
      gateway &&
      (await measure(gateway, wantedMtu(wire.uses, link), { ...place, from: from && addressOf(from.address) }));
    return { ...wire, problem: undefined, mtu: link.mtu, held, own, way, trials: [] };
  } catch (error) {
    return unasked(wire, toCniError(error));
  }
}

async function hasIpvlans(name: string, { edges }: DoctorView): Promise<boolean> {
  const { whole, broken } = await edges.records.everything();
  const plugins = whole.flatMap(({ attachments }) => attachments.flatMap((one) => one.plugins));
  return (
    broken.length > 0 ||
    plugins.some(
      (plugin) => typeOf(plugin) === 'ipvlan' && [undefined, '', name].includes(nameOf(record(plugin).master)),
    )
  );
}

const nameOf = (master: unknown): string | undefined => (typeof master === 'string' ? master : undefined);

/** The largest packet that a pod of these networks will send. */
function wantedMtu(uses: readonly Use[], link: Link): number {
  return Math.min(link.mtu, Math.max(...uses.map(({ mtu }) => mtu ?? link.mtu)));
}

const shortEcho = 100; // bytes

/** By echo requests where the asking link has an address for them and the gateway answers to a short one; else by questions. */
async function measure(
  gateway: Held,
  wanted: number,
  { netns, link, from }: Place & { readonly from: Ip | undefined },
): Promise<Way> {
  const there = async (size: number): Promise<boolean> =>
    (await netns.probe(link.index, [gateway[0]], { limit: wayPatience, size })).length > 0;
  const echo = from && ((size: number) => netns.echo(link.index, from, gateway, size));
  const andBack = echo !== undefined && (await echo(shortEcho));
  const carries = await largestPassing(wanted, andBack ? echo : there);
  return { gateway: gateway[0], wanted, carries, andBack };
}
