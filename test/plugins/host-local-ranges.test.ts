/** host-local's ranges: what a configuration may say, and in which order addresses are offered. */
import { describe, expect, it } from 'vitest';
import { parseRangeSets, shownSet } from '../../plugins/host-local/ranges';
import { findCandidate } from '../../plugins/host-local/search';
import { record } from '../../src/json';
import { type Ip, ip } from '../../src/net/ip';

const setsOf = (ipam: unknown, rest: object = {}) => parseRangeSets(record({ cniVersion: '1.0.0', ...rest, ipam }));
const order = (ranges: readonly object[], last?: string, most = 12): readonly string[] => {
  const [set = []] = setsOf({ ranges: [ranges] });
  const addresses: Ip[] = [];
  findCandidate(set, last === undefined ? undefined : ip(last, 'last'), (address) => addresses.push(address) === most);
  return addresses;
};

describe('ranges', () => {
  it.each([
    ['IPv4 leaves out network and broadcast', '10.0.0.0/24', '10.0.0.1-10.0.0.254', '10.0.0.1'],
    ['IPv6 goes to the last address', 'fd00::/120', 'fd00::1-fd00::ff', 'fd00::1'],
    ['the smallest IPv4 subnet', '10.0.0.4/30', '10.0.0.5-10.0.0.6', '10.0.0.5'],
    ['the smallest IPv6 subnet', 'fd00::/126', 'fd00::1-fd00::3', 'fd00::1'],
    ['everything', '0.0.0.0/0', '0.0.0.1-255.255.255.254', '0.0.0.1'],
  ])('have defaults: %s', (_, subnet, shown, gateway) => {
    const [set = []] = setsOf({ subnet });
    expect(shownSet(set)).toBe(shown);
    expect(set[0]?.gateway).toBe(gateway);
  });

  it('take start, end and gateway as given; the gateway may lie elsewhere', () => {
    const range = { subnet: '10.0.0.0/24', rangeStart: '10.0.0.5', rangeEnd: '10.0.0.9', gateway: '10.9.9.9' };
    expect(setsOf({ ranges: [[range]] })).toEqual([
      [{ subnet: '10.0.0.0/24', start: '10.0.0.5', end: '10.0.0.9', gateway: '10.9.9.9' }],
    ]);
    expect(setsOf(range)).toEqual(setsOf({ ranges: [[range]] }));
  });

  it('come from the runtime, then inline, then from the list', () => {
    const ipam = { subnet: '10.2.0.0/24', ranges: [[{ subnet: '10.3.0.0/24' }], [{ subnet: 'fd00::/64' }]] };
    const sets = setsOf(ipam, { RuntimeConfig: { ipRanges: [[{ subnet: '10.1.0.0/24' }]] } });
    expect(sets.map(([first]) => first?.subnet)).toEqual(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', 'fd00::/64']);
  });

  it.each<[string, object, RegExp]>([
    ['no range at all', {}, /no IP ranges specified, need ipam.ranges or ipam.subnet/],
    ['an inline start without subnet', { rangeStart: '10.0.0.5' }, /no IP ranges specified/],
    [
      'a start that is none, beside a list',
      { ranges: [[{ subnet: '10.0.0.0/24' }]], rangeStart: 'x' },
      /Cannot use "x" as ipam.rangeStart: need an IP address/,
    ],
    ['ranges of the wrong type', { ranges: {} }, /Cannot use {} as ipam.ranges: need a list/],
    ['a range outside of a set', { ranges: [{ subnet: '10.0.0.0/24' }] }, /as ipam.ranges\[0\]: need a list/],
    ['an empty set', { ranges: [[]] }, /Cannot use \[\] as ipam.ranges\[0\]: empty range set/],
    ['a range without subnet', { ranges: [[{ rangeStart: '10.0.0.5' }]] }, /nothing as ipam.ranges\[0\]\[0\].subnet/],
    ['a bad subnet', { subnet: '10.0.0.0/33' }, /Cannot use "10.0.0.0\/33" as ipam.subnet/],
    ['a subnet without length', { subnet: '10.0.0.0' }, /as ipam.subnet: need an address with prefix length/],
    ['host bits', { subnet: '10.0.0.5/24' }, /Network has host bits set, the network address is 10.0.0.0\/24/],
    ['a /31', { subnet: '10.0.0.0/31' }, /Network 10.0.0.0\/31 too small to allocate from/],
    ['a /127', { subnet: 'fd00::/127' }, /Network fd00::\/127 too small to allocate from/],
    [
      'a start elsewhere',
      { subnet: '10.0.0.0/24', rangeStart: '10.0.1.5' },
      /"?10.0.1.5"? as ipam.rangeStart: RangeStart 10.0.1.5 not in network 10.0.0.0\/24/,
    ],
    [
      'an end elsewhere',
      { subnet: '10.0.0.0/24', rangeEnd: 'fd00::1' },
      /as ipam.rangeEnd: RangeEnd fd00::1 not in network 10.0.0.0\/24/,
    ],
    [
      'an end before the start',
      { subnet: '10.0.0.0/24', rangeStart: '10.0.0.9', rangeEnd: '10.0.0.5' },
      /10.0.0.5 as ipam.rangeEnd: it lies before rangeStart 10.0.0.9/,
    ],
    ['a bad gateway', { subnet: '10.0.0.0/24', gateway: 'gw' }, /Cannot use "gw" as ipam.gateway: need an IP address/],
    ['leading zeros', { subnet: '10.0.0.0/24', rangeStart: '10.0.0.010' }, /as ipam.rangeStart: need an IP address/],
    [
      'both families in a set',
      { ranges: [[{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }]] },
      /10.0.0.0\/24 and fd00::\/64 in ipam.ranges\[0\]: mixed address families/,
    ],
    [
      'overlap within a set',
      { ranges: [[{ subnet: '10.0.0.0/24' }, { subnet: '10.0.0.0/25' }]] },
      /subnets 10.0.0.1-10.0.0.254 and 10.0.0.1-10.0.0.126 overlap/,
    ],
    [
      'overlap between sets',
      { ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: '10.1.0.0/24' }], [{ subnet: '10.0.0.0/25' }]] },
      /range set 0 overlaps with 2/,
    ],
  ])('refuse %s', (_, ipam, problem) => {
    expect(() => setsOf(ipam)).toThrow(
      expect.objectContaining({ reason: 'ConfigInvalid', problem: expect.stringMatching(problem) }),
    );
  });

  it('may share a subnet when they share no address', () => {
    const half = (rangeStart: string, rangeEnd: string) => ({ subnet: '10.0.0.0/24', rangeStart, rangeEnd });
    expect(setsOf({ ranges: [[half('10.0.0.5', '10.0.0.9')], [half('10.0.0.10', '10.0.0.19')]] })).toHaveLength(2);
  });

  it.each(['0.1.0', '0.2.0', ''])('give one address of each family in version %j', (cniVersion) => {
    const ranges = [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/64' }]];
    expect(setsOf({ ranges }, { cniVersion })).toHaveLength(2);
    expect(() => setsOf({ ranges: [...ranges, [{ subnet: '10.1.0.0/24' }]] }, { cniVersion })).toThrow(
      `CNI version ${cniVersion || '0.1.0'} does not support more than 1 address per family`,
    );
  });
});

describe('the order of addresses', () => {
  const small = { subnet: '10.0.0.0/29' }; // .1 to .6, gateway .1

  it.each<[string, readonly object[], string | undefined, readonly string[]]>([
    ['starts at the start', [small], undefined, ['2', '3', '4', '5', '6']],
    ['goes on behind the last one', [small], '10.0.0.3', ['4', '5', '6', '2', '3']],
    ['wraps behind the end', [small], '10.0.0.6', ['2', '3', '4', '5', '6']],
    ['forgets a last one out of the range', [small], '10.9.0.3', ['2', '3', '4', '5', '6']],
    ['counts a gateway as last', [small], '10.0.0.1', ['2', '3', '4', '5', '6']],
    ['leaves out a gateway in the middle', [{ ...small, gateway: '10.0.0.4' }], '10.0.0.2', ['3', '5', '6', '1', '2']],
    [
      'goes through the ranges in turn',
      [
        { ...small, rangeStart: '10.0.0.2', rangeEnd: '10.0.0.3' },
        { ...small, rangeStart: '10.0.0.5', rangeEnd: '10.0.0.6' },
      ],
      '10.0.0.5',
      ['6', '2', '3', '5'],
    ],
    [
      'never offers the gateway of a neighbour range',
      [
        { ...small, rangeStart: '10.0.0.1', rangeEnd: '10.0.0.3', gateway: '10.0.0.6' },
        { ...small, rangeStart: '10.0.0.5', rangeEnd: '10.0.0.6', gateway: '10.0.0.2' },
      ],
      undefined,
      ['1', '3', '5'],
    ],
    ['offers nothing when the gateway is all there is', [{ ...small, rangeEnd: '10.0.0.1' }], undefined, []],
  ])('%s', (_, ranges, last, expected) => {
    expect(order(ranges, last)).toEqual(expected.map((end) => `10.0.0.${end}`));
  });

  it('needs no list of a /64, nor of a /8', () => {
    expect(order([{ subnet: 'fd00::/64' }], 'fd00::ffff:ffff:ffff:ffff', 2)).toEqual(['fd00::2', 'fd00::3']);
    expect(order([{ subnet: '10.0.0.0/8' }], '10.0.255.255', 2)).toEqual(['10.1.0.0', '10.1.0.1']);
  });

  it('ends at the last address there is', () => {
    const ranges = [{ subnet: '255.255.255.0/24', rangeStart: '255.255.255.254', rangeEnd: '255.255.255.255' }];
    expect(order(ranges, '255.255.255.255')).toEqual(['255.255.255.254', '255.255.255.255']);
  });
});
