/** DHCPv4 messages and frames to bytes and back, and what hostile bytes do. Pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everybody, findDatagram4, onesComplement, toFrame4 } from '../../src/dhcp/frame4';
import { decode4, encode4, type Message4, nobody, type Type4, type4 } from '../../src/dhcp/message4';
import {
  addressList,
  classlessRoutes,
  findAddress,
  findPrefixLength,
  findText,
  opt4,
  staticRoutes,
} from '../../src/dhcp/option4';
import { type Ip, ipFrom } from '../../src/net/ip';
import { macFrom } from '../../src/net/mac';

const bytes = (most: number, least = 0) =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((each) => Buffer.from(each));
const slow = { timeout: 120_000 }; // many cases, on a machine that others use
const anyIp = bytes(4, 4).map(ipFrom);
const anyMac = bytes(6, 6).map(macFrom);
const anyMessage: fc.Arbitrary<Message4> = fc.record({
  isReply: fc.boolean(),
  type: fc.constantFrom(...(Object.keys(type4) as Type4[])),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  seconds: fc.integer({ min: 0, max: 0xffff }),
  broadcast: fc.boolean(),
  client: anyIp,
  yours: anyIp,
  relay: anyIp,
  mac: anyMac,
  options: fc
    .array(fc.tuple(fc.constantFrom(1, 3, 6, 12, 15, 26, 33, 50, 51, 54, 55, 57, 58, 59, 60, 61, 121), bytes(300)), {
      maxLength: 9,
    })
    .map((pairs) => new Map(pairs)),
});

/** A server's ACK. */
const example: Message4 = {
  isReply: true,
  type: 'ack',
  xid: 0x12345678,
  seconds: 0,
  broadcast: false,
  client: nobody,
  yours: '10.9.0.57' as Ip,
  relay: nobody,
  mac: macFrom(Buffer.from('020000000001', 'hex')),
  options: new Map([[opt4.serverId, Buffer.from([10, 9, 0, 1])]]),
};
const optionsOf = (code: number, hex: string) => new Map([[code, Buffer.from(hex, 'hex')]]);

describe('a message', () => {
  it('is the same after it went as bytes', slow, () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decode4(encode4(message))).toEqual(message);
      }),
    );
  });

  it('has the form of RFC 2131', () => {
    const encoded = encode4(example);
    expect(encoded.length).toBe(300);
    expect(encoded.subarray(0, 8).toString('hex')).toBe('0201060012345678');
    expect(encoded.subarray(16, 20).toString('hex')).toBe('0a090039');
    expect(encoded.subarray(236, 250).toString('hex')).toBe('638253633501053604' + '0a090001' + 'ff');
  });

  it('may have options in the places of server name and file (option 52)', () => {
    const encoded = encode4({ ...example, options: new Map([[opt4.overload, Buffer.from([3])]]) });
    Buffer.from([opt4.router, 4, 10, 9, 0, 1, 255]).copy(encoded, 108);
    Buffer.from([opt4.subnetMask, 4, 255, 255, 255, 0, 255]).copy(encoded, 44);
    const { options } = decode4(encoded) as Message4;
    expect([findAddress(options, opt4.router), findPrefixLength(options)]).toEqual(['10.9.0.1', 24]);
  });

  it('never breaks whoever reads it, whatever it holds', slow, () => {
    const damaged = fc
      .tuple(anyMessage, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat())
      .map(([m, at, by, cut]) => {
        const encoded = encode4(m);
        encoded.writeUInt8(by, at % encoded.length);
        return encoded.subarray(0, cut % (encoded.length + 1));
      });
    fc.assert(
      fc.property(fc.oneof(damaged, bytes(700)), (given) => {
        const read = decode4(given);
        if (read === undefined) return;
        for (const { dst } of [...classlessRoutes(read.options), ...staticRoutes(read.options)])
          expect(dst).toMatch(/^[\d.]+\/\d+$/);
        for (const code of read.options.keys()) {
          addressList(read.options, code);
          expect(findText(read.options, code)).not.toMatch(/\p{Cc}/u);
        }
        const length = findPrefixLength(read.options);
        if (length !== undefined) expect(length).toBeLessThanOrEqual(32);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['is cut in its fixed part', encode4(example).subarray(0, 200)],
    ['has no cookie', Buffer.alloc(300)],
    ['has no type', encode4(example).fill(0, 240)],
    [
      'has an option longer than what is left',
      Buffer.concat([encode4(example).subarray(0, 249), Buffer.from([12, 9, 65])]),
    ],
  ])('that %s is none', (_, given) => {
    expect(decode4(given)).toBeUndefined();
  });
});

describe('an option', () => {
  it.each([
    ['18c0a80a0a090001', [{ dst: '192.168.10.0/24', gateway: '10.9.0.1' }]],
    ['000a090001', [{ dst: '0.0.0.0/0', gateway: '10.9.0.1' }]],
    [
      '20a9fea9fe00000000' + '080a0a0a0a0a',
      [
        { dst: '169.254.169.254/32', gateway: undefined },
        { dst: '10.0.0.0/8', gateway: '10.10.10.10' },
      ],
    ],
    ['18c0a80a' + '0a0900', []],
    ['210a0a0a0a0a0a0a0a0a', []],
  ])('121 %s reads as the routes it has', (hex, routes) => {
    expect(classlessRoutes(optionsOf(opt4.classlessRoutes, hex))).toEqual(routes);
  });

  it('33 has routes by class, and no default route', () => {
    const told = optionsOf(
      opt4.staticRoutes,
      '0a0000000a090001' + 'ac1000000a090002' + 'c0a801000a090003' + '000000000a090004',
    );
    expect(staticRoutes(told)).toEqual([
      { dst: '10.0.0.0/8', gateway: '10.9.0.1' },
      { dst: '172.16.0.0/16', gateway: '10.9.0.2' },
      { dst: '192.168.1.0/24', gateway: '10.9.0.3' },
    ]);
  });

  it.each([
    ['ffffff00', 24],
    ['ffffffff', 32],
    ['00000000', 0],
    ['ff00ff00', undefined],
    ['ffffff', undefined],
  ])('1 %s is the prefix length %s', (hex, length) => {
    expect(findPrefixLength(optionsOf(opt4.subnetMask, hex))).toBe(length);
  });
});

describe('a frame', () => {
  const from = { mac: example.mac, ip: nobody };

  it('has right checksums, and brings what was put in', slow, () => {
    fc.assert(
      fc.property(bytes(1000), (payload) => {
        const frame = toFrame4(payload, from, everybody);
        expect(onesComplement(frame.subarray(14, 34))).toBe(0);
        const pseudo = Buffer.concat([frame.subarray(26, 34), Buffer.from([0, 17]), frame.subarray(38, 40)]);
        expect(onesComplement(Buffer.concat([pseudo, frame.subarray(34)]))).toBe(0);
        frame.writeUInt16BE(68, 36); // as if it came from a server
        expect(findDatagram4(frame)).toEqual({ payload, from });
      }),
    );
  });

  it('of hostile bytes never breaks whoever reads it', slow, () => {
    const head = toFrame4(Buffer.alloc(300), from, everybody);
    head.writeUInt16BE(68, 36);
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 0, max: 255 }), fc.nat(head.length), (at, by, cut) => {
        const frame = Buffer.from(head.subarray(0, cut));
        if (at < frame.length) frame.writeUInt8(by, at);
        expect(findDatagram4(frame)?.payload.length ?? 0).toBeLessThanOrEqual(300);
      }),
      { numRuns: 1000 },
    );
  });
});
