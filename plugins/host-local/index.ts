/** host-local: leases addresses from ranges of this node, in the reference plugin's own store. Leases and files through the context. */
import {
  type AddContext,
  type CheckContext,
  type DelContext,
  ipamDelegate,
  type StatusContext,
} from '../../src/attach/delegate';
import type { LeaseOwner, Leases } from '../../src/attach/ports';
import type { CniArgs } from '../../src/cni/args';
import { parseIpam, parseIpamRoutes, parseRequestedIps } from '../../src/cni/ipam';
import { type Dns, emptyResult, type IpConfig, type Result, type ResultRoute } from '../../src/cni/result';
import { fail } from '../../src/error';
import { isRecord, optionalString, record, shown } from '../../src/json';
import { addressOf, findCidr, findIp, type Ip, lengthOf, toCidr } from '../../src/net/ip';
import { isGateway, parseRangeSets, type RangeSet, rangeOf, shownSet, sizeOfSets } from './ranges';
import { parseResolvConf } from './resolv-conf';
import { findCandidate } from './search';

/** What all verbs need. The rest is parsed by ADD alone: addresses must come back when the ranges are no longer valid. */
export interface HostLocalConfig {
  readonly dataDir: string | undefined; // undefined: the store's own default
  readonly input: unknown;
}

/** What ADD is asked for. */
export interface Pool {
  readonly sets: readonly RangeSet[];
  readonly wanted: readonly (Ip | undefined)[]; // by set; undefined: any
  readonly routes: readonly ResultRoute[];
  readonly resolvConf: string | undefined; // path
}

export const hostLocal = ipamDelegate('host-local', parse, { add, del, check, status });

/** Refuses nothing, for DEL. */
export function parse(input: unknown): HostLocalConfig {
  const ipam = isRecord(input) ? record(input).ipam : undefined;
  const dataDir = isRecord(ipam) ? record(ipam).dataDir : undefined;
  return { dataDir: typeof dataDir === 'string' && dataDir !== '' ? dataDir : undefined, input };
}

/** The whole configuration, with the addresses asked for by CNI_ARGS `IP`, `args.cni.ips` and `runtimeConfig.ips`. */
export function parsePool(input: unknown, args: CniArgs): Pool {
  const c = record(input);
  const ipam = parseIpam(c);
  optionalString(ipam.dataDir, 'ipam.dataDir');
  const sets = parseRangeSets(c);
  const asked = parseRequestedIps(c, args);
  const requested = [...asked.env, ...asked.args, ...asked.runtime].map(parseRequested);
  return {
    sets,
    wanted: assign([...new Set(requested)], sets),
    routes: parseIpamRoutes(ipam),
    resolvConf: optionalString(ipam.resolvConf, 'ipam.resolvConf') || undefined,
  };
}

/** How many addresses the configuration's ranges may hand out, and which store remembers them. ConfigInvalid. */
export function poolSize(input: unknown): { readonly dataDir: string | undefined; readonly size: number } {
  return { dataDir: parse(input).dataDir, size: sizeOfSets(parseRangeSets(record(input))) };
}

/** A prefix length is allowed and says nothing: the range's counts. */
function parseRequested(text: string): Ip {
  const subnet = findCidr(text);
  const address = subnet === undefined ? findIp(text) : addressOf(subnet);
  return address ?? fail('ConfigInvalid', `Cannot use ${shown(text)} as a requested address: cannot understand ip`);
}

/** Each set takes the first requested address that it holds and no other has taken. */
function assign(requested: readonly Ip[], sets: readonly RangeSet[]): readonly (Ip | undefined)[] {
  const left = new Set(requested);
  const wanted = sets.map((set) => {
    const found = [...left].find((address) => rangeOf(set, address) !== undefined);
    if (found !== undefined) left.delete(found);
    return found;
  });
  if (left.size > 0)
    fail(
      'ConfigInvalid',
      `Cannot lease the requested addresses, one of each range set ${sets.map(shownSet).join(' and ')}: failed to allocate all requested IPs: ${[...left].join(' ')}`,
    );
  return wanted;
}

async function add(c: HostLocalConfig, context: AddContext): Promise<Result> {
  const { leases, network, containerId, ifName, args, undo, fresh } = context;
  const pool = parsePool(c.input, args);
  const dns = await readDns(pool, context);
  const ips = await leases.locked(c.dataDir, network, (held) => {
    if (!fresh) refuseSecond(held, { containerId, ifName });
    return leaseAll(pool, held, { containerId, ifName });
  });
  undo.push(() => giveBack(c, context, ips));
  return { ...emptyResult, ips, routes: pool.routes, dns };
}

/** The addresses go back whatever the ranges say now. */
async function del(c: HostLocalConfig, context: DelContext): Promise<void> {
  await giveBack(c, context, context.prevResult?.ips ?? []);
}

async function giveBack(
  c: HostLocalConfig,
  { leases, network, containerId, ifName }: Pick<DelContext, 'leases' | 'network' | 'containerId' | 'ifName'>,
  ips: readonly IpConfig[],
): Promise<void> {
  const recorded = ips.map(({ address }) => addressOf(address));
  await leases.locked(c.dataDir, network, (held) => held.release({ containerId, ifName }, recorded));
}

async function check(
  c: HostLocalConfig,
  { leases, network, containerId, ifName, prevResult }: CheckContext,
): Promise<void> {
  const recorded = prevResult.ips.map(({ address }) => addressOf(address));
  const owned = await leases.locked(c.dataDir, network, (held) => held.ownedBy({ containerId, ifName }, recorded));
  if (owned.length === 0)
    fail(
      'CheckFailed',
      `Cannot find an address of container ${containerId}, interface ${ifName} in network ${network}`,
    );
  const other = owned.find((address) => !recorded.includes(address));
  if (other !== undefined)
    fail('CheckFailed', `Address ${other} is reserved for ${ifName}: expected ${recorded.join(', ') || 'none'}`);
}

/** STATUS: every range set has an address left. PoolExhausted names the set. */
async function status(c: HostLocalConfig, { leases, network }: StatusContext): Promise<void> {
  const { sets } = parsePool(c.input, []);
  const held = await leases.locked(c.dataDir, network, (store) => store.addresses());
  const taken = new Set(held);
  for (const set of sets) if (!hasFree(set, taken)) exhausted(set, held);
}

function hasFree(set: RangeSet, taken: ReadonlySet<Ip>): boolean {
  return findCandidate(set, undefined, (address) => !taken.has(address)) !== undefined;
}

async function readDns({ resolvConf }: Pool, { files }: AddContext): Promise<Dns> {
  if (resolvConf === undefined) return {};
  const text = await files.readText(resolvConf);
  return parseResolvConf(text ?? fail('ConfigInvalid', `Cannot read ${resolvConf} as ipam.resolvConf: no such file`));
}

/** AddressTaken when the owner has an address already. */
function refuseSecond(held: Leases, owner: LeaseOwner): void {
  const [mine] = held.ownedBy(owner);
  if (mine !== undefined)
    fail(
      'AddressTaken',
      `Cannot lease another address: ${mine} has been allocated to ${owner.containerId}, duplicate allocation is not allowed`,
    );
}

/** One address of each set, or none at all. */
function leaseAll({ sets, wanted }: Pool, held: Leases, owner: LeaseOwner): readonly IpConfig[] {
  try {
    return sets.map((set, index) => leaseOne(set, index, wanted[index], held, owner));
  } catch (error) {
    held.release(owner);
    throw error;
  }
}

function leaseOne(set: RangeSet, index: number, wanted: Ip | undefined, held: Leases, owner: LeaseOwner): IpConfig {
  const address = wanted === undefined ? reserveNext(set, index, held, owner) : reserveWanted(set, wanted, held, owner);
  held.setLast(index, address);
  const range = rangeOf(set, address) ?? fail('Internal', `Cannot find the range of ${address} in ${shownSet(set)}`);
  return { address: toCidr(address, lengthOf(range.subnet)), gateway: range.gateway };
}

function reserveNext(set: RangeSet, index: number, held: Leases, owner: LeaseOwner): Ip {
  const found = findCandidate(set, held.last(index), (address) => held.reserve(address, owner));
  return found ?? exhausted(set, held.addresses());
}

function exhausted(set: RangeSet, held: readonly Ip[]): never {
  const used = held.filter((address) => rangeOf(set, address) !== undefined).length;
  fail(
    'PoolExhausted',
    `Cannot lease an address: no IP addresses available in range set: ${shownSet(set)} (${used} in use)`,
  );
}

function reserveWanted(set: RangeSet, wanted: Ip, held: Leases, owner: LeaseOwner): Ip {
  if (isGateway(set, wanted))
    fail('AddressTaken', `Cannot lease ${wanted}: requested ip ${wanted} is subnet's gateway`);
  if (held.reserve(wanted, owner)) return wanted;
  const holder = held.all().find(({ address }) => address === wanted);
  const who =
    holder === undefined ? 'somebody' : `container ${holder.containerId}, interface ${holder.ifName || 'unknown'}`;
  return fail(
    'AddressTaken',
    `Cannot lease ${wanted}: requested IP address ${wanted} is not available in range set ${shownSet(set)}, ${who} holds it`,
  );
}
