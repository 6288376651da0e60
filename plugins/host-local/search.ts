/** The order in which host-local offers the addresses of a range set. Pure. */
import { familyOf, type Ip, ipFromNumber, ipNumber } from '../../src/net/ip';
import { inRange, isGateway, type RangeSet } from './ranges';

/**
 * The first address that `takes` takes. It is offered every address of the set but its gateways, once: round robin from the
 * one after `last`, so that an address just given back rests as long as it can. Without a usable `last` from the start of
 * the first range. One at a time: a set may be a whole /64.
 */
export function findCandidate(set: RangeSet, last: Ip | undefined, takes: (address: Ip) => boolean): Ip | undefined {
  for (const { from, to, family } of turn(set, last)) {
    for (let number = from; number <= to; number++) {
      const address = ipFromNumber(number, family);
      if (address !== undefined && !isGateway(set, address) && takes(address)) return address;
    }
  }
  return undefined;
}

interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  readonly family: 4 | 6;
}

/** One turn through the ranges: behind `last`, the ranges after, those before, and up to `last`. */
function turn(set: RangeSet, last: Ip | undefined): readonly Stretch[] {
  const whole = set.map(({ start, end }) => ({ from: ipNumber(start), to: ipNumber(end), family: familyOf(start) }));
  const within = last === undefined ? undefined : set.find((range) => inRange(range, last));
  if (last === undefined || within === undefined) return whole;
  const at = set.indexOf(within);
  const split = whole[at] as Stretch;
  const number = ipNumber(last);
  return [{ ...split, from: number + 1n }, ...whole.slice(at + 1), ...whole.slice(0, at), { ...split, to: number }];
}
