/** DHCPv6 messages to bytes and back, and what hostile bytes do. Pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Client6, toAnswer6 } from '../../src/dhcp/lease6';
import { decode6, encode6, type Message6, type Type6, type6 } from '../../src/dhcp/message6';
import {
  addressList6,
  decodeOptions6,
  domainList,
  encodeIdentity6,
  findIdentity6,
  findNumber6,
  findOnly,
  type Options6,
  opt6,
  statusOf,
} from '../../src/dhcp/option6';
import { ip } from '../../src/net/ip';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((each) => Buffer.from(each));
const slow = { timeout: 120_000 }; // many cases, on a machine that others use
const codes = [1, 2, 3, 5, 6, 7, 8, 13, 14, 23, 24, 82, 65_535];
const anyMessage: fc.Arbitrary<Message6> = fc.record({
  type: fc.constantFrom(...(Object.keys(type6) as Type6[])),
  xid: fc.integer({ min: 0, max: 0xff_ffff }),
  options: fc
    .array(fc.tuple(fc.constantFrom(...codes), fc.array(bytes(300), { minLength: 1, maxLength: 3 })), { maxLength: 9 })
    .map((pairs) => new Map(pairs)),
});
const one = (code: number, text: string): Options6 => new Map([[code, [hex(text)]]]);
const address = ip('2001:db8::57', 'test');
/** IA Address: 2001:db8::57, preferred for 60 s, valid for 90 s. */
const iaAddress = '0005 0018 20010db8000000000000000000000057 0000003c 0000005a';
const duid = hex('0004 000102030405860708090a0b0c0d0e0f');
const client: Client6 = { duid, identity: 1, asked: [] };

describe('a message', () => {
  it('is the same after it went as bytes', slow, () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decode6(encode6(message))).toEqual(message);
      }),
    );
  });

  it('has the form of RFC 8415, sections 8, 21.2, 21.4, 21.6 and 21.9', () => {
    const options: Options6 = new Map([
      [opt6.clientId, [duid]],
      [opt6.identity, [encodeIdentity6(1, [address])]],
      [opt6.elapsed, [hex('0064')]],
    ]);
    expect(encode6({ type: 'solicit', xid: 0x123456, options }).toString('hex')).toBe(
      hex(
        `01 123456
        0001 0012 0004 000102030405860708090a0b0c0d0e0f
        0003 0028 00000001 00000000 00000000 0005 0018 20010db8000000000000000000000057 00000000 00000000
        0008 0002 0064`.replace(/\s/g, ''),
      ).toString('hex'),
    );
  });

  it('never breaks whoever reads it, whatever it holds', slow, () => {
    const damaged = fc
      .tuple(anyMessage, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat())
      .map(([m, at, by, cut]) => {
        const encoded = encode6(m);
        encoded.writeUInt8(by, at % encoded.length);
        return encoded.subarray(0, cut % (encoded.length + 1));
      });
    fc.assert(
      fc.property(fc.oneof(damaged, bytes(700)), fc.integer({ min: 0, max: 5 }), (given, identity) => {
        const read = decode6(given);
        if (read === undefined) return;
        const { options } = read;
        toAnswer6(read, { ...client, identity, asked: [23, 24] }, 0);
        for (const { address: each } of findIdentity6(options, identity)?.addresses ?? []) expect(each).toContain(':');
        for (const name of domainList(options, opt6.domainSearch)) expect(name).toMatch(/^[\w.-]+$/);
        addressList6(options, opt6.dnsServers);
        expect(statusOf(options).said).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, Buffer]>([
    ['is cut in its head', hex('01 1234')],
    ['is of a relay', hex('0c 00 20010db8000000000000000000000001')],
    ['is of no known type', hex('63 123456')],
    ['ends within an option’s head', hex('07 123456 0001 00')],
    ['has an option longer than what is left', hex('07 123456 0001 0013 0004 000102030405860708090a0b0c0d0e0f')],
  ])('that %s is none', (_, given) => {
    expect(decode6(given)).toBeUndefined();
  });
});

describe('an identity association', () => {
  const head = '00000001 00000014 00000028'; // renewal 20 s, rebinding 40 s
  const find = (text: string) => findIdentity6(one(opt6.identity, text), 1);

  it('tells addresses and times', () => {
    expect(find(head + iaAddress)).toEqual({
      renewal: 20,
      rebinding: 40,
      addresses: [{ address, preferred: 60, valid: 90 }],
      status: { code: 0, said: '' },
    });
  });

  it('that ran out of addresses says so', () => {
    expect(find(`${head} 000d 0006 0002 66756c6c`)).toMatchObject({ addresses: [], status: { code: 2, said: 'full' } });
  });

  it.each<[string, string]>([
    ['is another one', `00000002 00000014 00000028 ${iaAddress}`],
    ['is cut', '00000001 00000014 0000'],
    ['is to be renewed after it is to be rebound', `00000001 00000029 00000028 ${iaAddress}`],
    ['has an option longer than itself', `${head} 0005 0019 20010db8000000000000000000000057 0000003c 0000005a`],
  ])('that %s is none', (_, text) => {
    expect(find(text)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['is cut', '0005 0017 20010db8000000000000000000000057 0000003c 000000'],
    ['is preferred for longer than it is valid', '0005 0018 20010db8000000000000000000000057 0000005b 0000005a'],
    ['is refused by itself', '0005 001e 20010db8000000000000000000000057 0000003c 0000005a 000d 0002 0004'],
    ['holds an option longer than itself', '0005 001d 20010db8000000000000000000000057 0000003c 0000005a 000d 0002 00'],
    ['is of the link', '0005 0018 fe800000000000000000000000000057 0000003c 0000005a'],
    ['is of a group', '0005 0018 ff020000000000000000000000000057 0000003c 0000005a'],
    ['is nobody’s', '0005 0018 00000000000000000000000000000000 0000003c 0000005a'],
    ['is the loopback’s', '0005 0018 00000000000000000000000000000001 0000003c 0000005a'],
    ['is one of IPv4', '0005 0018 00000000000000000000ffff0a090039 0000003c 0000005a'],
  ])('has no address that %s', (_, text) => {
    expect(find(head + text)?.addresses ?? []).toEqual([]);
  });
});

describe('options', () => {
  it('that may come once count for nothing when they come twice', () => {
    const twice = decodeOptions6(hex('0007 0001 05 0007 0001 06')) as Options6;
    expect([findOnly(twice, opt6.preference), findNumber6(twice, opt6.preference, 1)]).toEqual([undefined, undefined]);
    expect(findNumber6(one(opt6.preference, 'ff'), opt6.preference, 1)).toBe(255);
    expect(findNumber6(one(opt6.preference, 'ffff'), opt6.preference, 1)).toBeUndefined();
  });

  it('tell name servers', () => {
    const two = one(opt6.dnsServers, '20010db8000000000000000000000053 fd000000000000000000000000000053 00');
    expect(addressList6(two, opt6.dnsServers)).toEqual(['2001:db8::53', 'fd00::53']);
  });

  it.each<[string, string, readonly string[]]>([
    ['two names', '03 6c616e 07 6578616d706c65 00 01 61 00', ['lan.example', 'a']],
    ['the root, which is no domain', '00', []],
    ['a name without end', '03 6c616e', []],
    ['a label longer than what is left', '09 6c616e 00', []],
    ['a pointer', '03 6c616e c0 00', []],
    ['a terminal’s command', '03 1b5b48 00', []],
  ])('tell domains: %s', (_, text, names) => {
    expect(domainList(one(opt6.domainSearch, text), opt6.domainSearch)).toEqual(names);
  });

  it('tell a status in words that no terminal obeys', () => {
    expect(statusOf(one(opt6.status, '0001 1b5b324a 68690000'))).toEqual({ code: 1, said: '?[2Jhi' });
    expect(statusOf(one(opt6.status, '0003'))).toEqual({ code: 3, said: 'it does not know the lease' });
    expect(statusOf(one(opt6.status, '00'))).toEqual({ code: 0, said: '' });
  });
});
