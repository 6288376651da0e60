/** The order in which host-local offers the addresses of a range set. Pure. */
import { type Ip, ipPlus, isBefore } from '../../src/net/ip';
import { inRange, isGateway, type RangeSet } from './ranges';

/**
 * The first address that `takes` takes. It is offered every address of the set but its gateways, once: round robin from the
 * one after `last`, so that an address just given back rests as long as it can. Without a usable `last` from the start of
 * the first range. One at a time: a set may be a whole /64.
 */
export function findCandidate(set: RangeSet, last: Ip | undefined, takes: (address: Ip) => boolean): Ip | undefined {
  for (const { from, to } of turn(set, last)) {
    for (let at: Ip | undefined = from; at !== undefined && !isBefore(to, at); at = ipPlus(at, 1)) {
      if (!isGateway(set, at) && takes(at)) return at;
    }
  }
  return undefined;
}

/** Addresses from one to the other, both included; none when `from` is undefined or comes after. */
interface Stretch {
  readonly from: Ip | undefined;
  readonly to: Ip;
}

/** One turn through the ranges: behind `last`, the ranges after, those before, and up to `last`. */
function turn(set: RangeSet, last: Ip | undefined): readonly Stretch[] {
  const whole = set.map(({ start, end }) => ({ from: start, to: end }));
  const within = last === undefined ? undefined : set.find((range) => inRange(range, last));
  if (last === undefined || within === undefined) return whole;
  const at = set.indexOf(within);
  const split = { from: within.start, to: within.end };
  return [{ ...split, from: ipPlus(last, 1) }, ...whole.slice(at + 1), ...whole.slice(0, at), { ...split, to: last }];
}
