/** Ranges of host-local: which addresses a network may hand out. Pure. */
import { optionalIp, requireRoom } from '../../src/cni/ipam';
import { fail } from '../../src/error';
import { type Fields, list, record } from '../../src/json';
import {
  addressOf,
  type Cidr,
  cidr,
  contains,
  familyOf,
  type Ip,
  ipNumber,
  ipPlus,
  isBefore,
  lastOf,
  lengthOf,
  networkOf,
  widthOf,
} from '../../src/net/ip';

/** Addresses from `start` to `end`, both included; gateways among them are not handed out. */
export interface Range {
  readonly subnet: Cidr;
  readonly start: Ip;
  readonly end: Ip;
  readonly gateway: Ip;
}

/** Ranges of one family; a pod gets one address of each set. */
export type RangeSet = readonly Range[];

/** All sets in their order, which is the order of the result: the runtime's, the inline one, then `ranges`. */
export function parseRangeSets(c: Fields): readonly RangeSet[] {
  const ipam = record(c.ipam, 'ipam');
  for (const key of ['rangeStart', 'rangeEnd', 'gateway'] as const) optionalIp(ipam[key], `ipam.${key}`); // without subnet, too
  const runtime = list(record(c.runtimeConfig ?? {}, 'runtimeConfig').ipRanges, 'runtimeConfig.ipRanges');
  const sets = [
    ...runtime.map((set, index) => parseSet(set, `runtimeConfig.ipRanges[${index}]`)),
    ...(ipam.subnet === undefined || ipam.subnet === '' ? [] : [[parseRange(ipam, 'ipam')]]),
    ...list(ipam.ranges, 'ipam.ranges').map((set, index) => parseSet(set, `ipam.ranges[${index}]`)),
  ];
  if (sets.length === 0)
    fail('ConfigInvalid', 'Cannot lease an address: no IP ranges specified, need ipam.ranges or ipam.subnet');
  refuseOverlap(sets);
  requireRoom(
    c.cniVersion,
    sets.flatMap(([first]) => first?.subnet ?? []),
  );
  return sets;
}

/** Whether the range may hand the address out, gateways aside. */
export function inRange({ subnet, start, end }: Range, address: Ip): boolean {
  if (!contains(subnet, address)) return false;
  return !isBefore(address, start) && !isBefore(end, address);
}

/** The set's range that holds the address. */
export function rangeOf(set: RangeSet, address: Ip): Range | undefined {
  return set.find((range) => inRange(range, address));
}

/** Whether the address is a gateway of the set, which no pod may have. */
export function isGateway(set: RangeSet, address: Ip): boolean {
  return set.some(({ gateway }) => gateway === address);
}

/** How many addresses the sets may hand out together, gateways aside. */
export function sizeOfSets(sets: readonly RangeSet[]): number {
  const sizes = sets.flat().map((range) => {
    const gateway = inRange(range, range.gateway) ? 1n : 0n;
    return ipNumber(range.end) - ipNumber(range.start) + 1n - gateway;
  });
  return Number(sizes.reduce((sum, size) => sum + size, 0n));
}

/** As messages show a set: `10.0.0.1-10.0.0.9,10.0.0.20-10.0.0.29`. */
export function shownSet(set: RangeSet): string {
  return set.map(shownRange).join(',');
}

function shownRange({ start, end }: Range): string {
  return `${start}-${end}`;
}

function parseSet(input: unknown, field: string): RangeSet {
  const ranges = list(input, field).map((range, index) =>
    parseRange(record(range, `${field}[${index}]`), `${field}[${index}]`),
  );
  const [first, ...others] = ranges;
  if (first === undefined)
    return fail('ConfigInvalid', `Cannot use [] as ${field}: empty range set, need at least one range`);
  const stranger = others.find(({ subnet }) => familyOf(subnet) !== familyOf(first.subnet));
  if (stranger !== undefined)
    fail(
      'ConfigInvalid',
      `Cannot use ${first.subnet} and ${stranger.subnet} in ${field}: mixed address families, need a set for each`,
    );
  for (const [a, b] of pairs(ranges))
    if (rangesOverlap(a, b))
      fail('ConfigInvalid', `Cannot use ${field}: subnets ${shownRange(a)} and ${shownRange(b)} overlap`);
  return ranges;
}

function parseRange(c: Fields, field: string): Range {
  const subnet = cidr(c.subnet, `${field}.subnet`);
  const [network, last] = [networkOf(subnet), lastOf(subnet)];
  if (lengthOf(subnet) > widthOf(subnet) - 2)
    fail('ConfigInvalid', `Cannot use ${subnet} as ${field}.subnet: Network ${subnet} too small to allocate from`);
  if (subnet !== network)
    fail(
      'ConfigInvalid',
      `Cannot use ${subnet} as ${field}.subnet: Network has host bits set, the network address is ${network}`,
    );
  const first = ipPlus(addressOf(network), 1) ?? last;
  const usable = familyOf(last) === 4 ? (ipPlus(last, -1) ?? last) : last; // IPv4 ends before the broadcast address
  const gateway = optionalIp(c.gateway, `${field}.gateway`) ?? first;
  const [from, to] = [optionalIp(c.rangeStart, `${field}.rangeStart`), optionalIp(c.rangeEnd, `${field}.rangeEnd`)];
  if (from === undefined && to === undefined) return { subnet, start: first, end: usable, gateway };
  const [start, end] = [from ?? first, to ?? usable];
  if (!contains(subnet, start))
    fail('ConfigInvalid', `Cannot use ${start} as ${field}.rangeStart: RangeStart ${start} not in network ${subnet}`);
  if (!contains(subnet, end))
    fail('ConfigInvalid', `Cannot use ${end} as ${field}.rangeEnd: RangeEnd ${end} not in network ${subnet}`);
  if (isBefore(end, start))
    fail('ConfigInvalid', `Cannot use ${end} as ${field}.rangeEnd: it lies before rangeStart ${start}`);
  return { subnet, start, end, gateway };
}

/** An address in two sets would be handed out twice. */
function refuseOverlap(sets: readonly RangeSet[]): void {
  if (sets.length < 2) return;
  for (const [a, b] of pairs([...sets.entries()]))
    if (a[1].some((range) => b[1].some((other) => rangesOverlap(range, other))))
      fail(
        'ConfigInvalid',
        `Cannot use ${shownSet(b[1])} beside ${shownSet(a[1])} in ipam.ranges: range set ${a[0]} overlaps with ${b[0]}`,
      );
}

function rangesOverlap(a: Range, b: Range): boolean {
  return inRange(a, b.start) || inRange(b, a.start);
}

/** Every two items, the earlier one first. */
function pairs<T>(items: readonly T[]): readonly (readonly [T, T])[] {
  return items.flatMap((a, at) => items.slice(at + 1).map((b) => [a, b] as const));
}
