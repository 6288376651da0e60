/** Subnet arithmetic against a library that somebody else wrote: the same first and last address, the same members. */
import IPCIDR from 'ip-cidr';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  anyOverlap,
  type Cidr,
  cidr,
  contains,
  findIp,
  hostCidr,
  ipFromNumber,
  ipNumber,
  lastOf,
  networkOf,
  overlaps,
} from '../../src/net/ip';

/** The same numbers in every run (a linear congruential generator, constants of Numerical Recipes). */
function* numbers(): Generator<bigint, never> {
  for (let state = 20261121n; ; ) {
    let number = 0n;
    for (let word = 0; word < 4; word++) {
      state = (state * 1664525n + 1013904223n) % 2n ** 32n;
      number = (number << 32n) | state;
    }
    yield number;
  }
}

const subnets = [4, 6].flatMap((family) => {
  const source = numbers();
  const width = family === 4 ? 32 : 128;
  return Array.from({ length: 400 }, () => {
    const address = ipFromNumber(source.next().value % 2n ** BigInt(width), family as 4 | 6);
    return cidr(`${address}/${Number(source.next().value % BigInt(width + 1))}`, 'test');
  });
});

const same = (text: string) => findIp(text); // the library prints IPv6 unshortened

describe('subnets, as ip-cidr sees them', () => {
  it('begin and end at the same addresses', () => {
    for (const subnet of subnets) {
      const [first, last] = new IPCIDR(subnet).toRange<string>();
      expect([subnet, addressOf(networkOf(subnet)), lastOf(subnet)]).toEqual([subnet, same(first), same(last)]);
    }
  });

  it('hold the same addresses', () => {
    for (const [at, subnet] of subnets.entries()) {
      const other = addressOf(subnets[(at * 7 + 1) % subnets.length] ?? subnet);
      const edges = [
        lastOf(subnet),
        addressOf(networkOf(subnet)),
        ipFromNumber(ipNumber(lastOf(subnet)) + 1n, subnet.includes(':') ? 6 : 4),
      ];
      for (const address of [other, ...edges]) {
        if (address === undefined || address.includes(':') !== subnet.includes(':')) continue;
        expect([subnet, address, contains(subnet, address)]).toEqual([
          subnet,
          address,
          new IPCIDR(subnet).contains(address),
        ]);
      }
    }
  });

  it('overlap when one holds the other’s first address', () => {
    for (const [at, subnet] of subnets.entries()) {
      const other = subnets[(at * 13 + 5) % subnets.length] ?? subnet;
      if (other.includes(':') !== subnet.includes(':')) continue;
      const [a, b] = [new IPCIDR(subnet), new IPCIDR(other)];
      expect(overlaps(subnet, other)).toBe(a.contains(b.start<string>()) || b.contains(a.start<string>()));
    }
  });

  it('overlap in a list when two of them do', () => {
    const answers = subnets.map((_, at) => {
      const some = [at, at + 1, at + 400, at + 401].map((place) => subnets[place % subnets.length] as Cidr);
      const pairs = some.flatMap((one, place) => some.slice(place + 1).map((other) => overlaps(one, other)));
      expect(anyOverlap(some), some.join(', ')).toBe(pairs.includes(true));
      return pairs.includes(true);
    });
    expect(new Set(answers).size).toBe(2);
    for (const subnet of subnets) expect(anyOverlap([subnet, hostCidr(lastOf(subnet))])).toBe(true);
  });
});
