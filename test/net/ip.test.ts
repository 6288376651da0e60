/** IP addresses and subnets in one canonical text form. */
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  cidr,
  contains,
  everything,
  familyOf,
  findCidr,
  findIp,
  hostCidr,
  ip,
  ipBytes,
  ipFrom,
  ipFromNumber,
  ipNumber,
  ipPlus,
  isDefault,
  lastOf,
  lengthOf,
  networkOf,
  overlaps,
} from '../../src/net/ip';
import { failing } from '../failing';

const address = (text: string) => ip(text, 'address');
const subnet = (text: string) => cidr(text, 'subnet');

describe('findIp', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80::1', 'fe80::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8:0000:0001:0000:0000:0000:0001', '2001:db8:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::ffff:a00:5', '10.0.0.5'],
    ['64:ff9b::10.0.0.5', '64:ff9b::a00:5'],
    ['::10.0.0.5', '::a00:5'],
  ])('reads %s as %s', (text, expected) => {
    expect(findIp(text)).toBe(expected);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.05',
    '10.0.0.5.',
    '.10.0.0.5',
    '10.0.0.5.6',
    ' 10.0.0.5',
    '10.0.0.5\n',
    '10.0.0.0x5',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '10.0.0.5::',
    '::10.0.0.5:1',
    '::10.0.0',
    'fe80::1%eth0',
    'junk:1.2.3.4',
    '<nil>',
    7,
    null,
    undefined,
  ])('refuses %j', (text) => {
    expect(findIp(text)).toBeUndefined();
  });

  it('agrees with node:net on twenty thousand random texts', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const pieces = ['::', ':', ':', ':', '0', '1', 'ff', 'ffff', 'fe80', '10.0.0.1', '.', '255', '00', 'g', '12345'];
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + random(17) }, () => pieces[random(pieces.length)]).join('');
      expect([text, findIp(text) !== undefined]).toEqual([text, isIP(text) !== 0]);
    }
  });
});

describe('findCidr', () => {
  it.each([
    ['192.168.0.20/24', '192.168.0.20/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::0/0', '::/0'],
    ['::/0', '::/0'],
    ['2001:DB8::5/64', '2001:db8::5/64'],
    ['10.0.0.1/32', '10.0.0.1/32'],
    ['::ffff:10.0.0.1/120', '10.0.0.1/24'],
  ])('reads %s as %s', (text, expected) => {
    expect(findCidr(text)).toBe(expected);
  });

  it.each([
    '10.0.0.1',
    '10.0.0.1/',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/024',
    '10.0.0.1/2 4',
    '10.0.0.1/2.5',
    '10.0.0.1/1e1',
    '10.0.0.1/0x8',
    '10.0.0.1/NaN',
    '::/129',
    '/24',
    '::ffff:10.0.0.1/24',
    'junk:1.2.3.4/24',
    24,
  ])('refuses %j', (text) => {
    expect(findCidr(text)).toBeUndefined();
  });
});

it('names the field of what is no address', () => {
  expect(() => ip('10.0.0', 'gateway')).toThrow(
    failing('ConfigInvalid', 'Cannot use "10.0.0" as gateway: need an IP address'),
  );
  expect(() => cidr('10.0.0.1', 'subnet')).toThrow(failing('ConfigInvalid', 'as subnet', 'prefix length'));
});

it.each([
  ['10.0.0.5/24', '10.0.0.5', 24, 4, '10.0.0.0/24', '10.0.0.255'],
  ['10.0.0.5/31', '10.0.0.5', 31, 4, '10.0.0.4/31', '10.0.0.5'],
  ['10.0.0.5/32', '10.0.0.5', 32, 4, '10.0.0.5/32', '10.0.0.5'],
  ['10.0.0.5/0', '10.0.0.5', 0, 4, '0.0.0.0/0', '255.255.255.255'],
  ['2001:db8::5/64', '2001:db8::5', 64, 6, '2001:db8::/64', '2001:db8::ffff:ffff:ffff:ffff'],
  ['::1/128', '::1', 128, 6, '::1/128', '::1'],
])('takes %s apart', (text, first, length, family, network, last) => {
  const whole = subnet(text);
  expect([addressOf(whole), lengthOf(whole), familyOf(whole)]).toEqual([first, length, family]);
  expect([networkOf(whole), lastOf(whole)]).toEqual([network, last]);
});

it.each(['10.0.0.5', '255.255.255.255', '::', '2001:db8::5', 'fe80::ffff:ffff:ffff:ffff'])(
  '%s is its bytes and its number',
  (text) => {
    const whole = address(text);
    expect(ipFrom(ipBytes(whole))).toBe(text);
    expect(ipFromNumber(ipNumber(whole), familyOf(whole))).toBe(text);
    expect(hostCidr(whole)).toBe(`${text}/${familyOf(whole) === 4 ? 32 : 128}`);
  },
);

it.each([
  ['10.0.0.255', 1, '10.0.1.0'],
  ['10.0.0.0', -1, '9.255.255.255'],
  ['255.255.255.255', 1, undefined],
  ['0.0.0.0', -1, undefined],
  ['2001:db8::ffff', 1, '2001:db8::1:0'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 1, undefined],
])('%s plus %d is %s', (text, steps, expected) => {
  expect(ipPlus(address(text), steps)).toBe(expected);
});

it.each([
  ['10.0.0.0/24', '10.0.0.200', true],
  ['10.0.0.0/24', '10.0.1.0', false],
  ['0.0.0.0/0', '10.0.1.0', true],
  ['0.0.0.0/0', '::1', false],
  ['2001:db8::/64', '2001:db8::1', true],
])('whether %s holds %s: %s', (whole, one, expected) => {
  expect(contains(subnet(whole), address(one))).toBe(expected);
});

it.each([
  ['10.0.0.0/8', '10.1.0.0/16', true],
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.1.0.0/16', '10.2.0.0/16', false],
  ['0.0.0.0/0', '::/0', false],
])('whether %s and %s overlap: %s', (a, b, expected) => {
  expect(overlaps(subnet(a), subnet(b))).toBe(expected);
});

it('knows the default routes', () => {
  expect([isDefault(everything(4)), isDefault(everything(6)), isDefault(subnet('10.0.0.0/8'))]).toEqual([
    true,
    true,
    false,
  ]);
});
