/** The frames that ask who holds an address, and those that answer, as tcpdump showed them on a wire. */
import { describe, expect, it } from 'vitest';
import { neighbourAdvertisement } from '../../src/kernel/announce';
import { type Echo, echoRequest, isReply } from '../../src/kernel/echo';
import { arpAnnouncement, arpProbe, filled, findHolder, neighbourProbe } from '../../src/kernel/probe';
import { ip } from '../../src/net/ip';
import { mac } from '../../src/net/mac';

const own = mac('02:00:00:00:00:01', 'test');
const [four, six] = [ip('192.0.2.5', 'test'), ip('2001:db8::1:2', 'test')];

describe('questions', () => {
  it('are asked by nobody, of everybody (IPv4)', () => {
    const frame = arpProbe(four, own).toString('hex');
    const head = '0001080006040001'; // Ethernet, IPv4, a request
    expect(frame).toBe(`ffffffffffff0200000000010806${head}02000000000100000000000000000000c0000205`);
  });

  it('are answered to everybody by an announcement', () => {
    const frame = arpAnnouncement(four, own);
    expect(findHolder(frame)).toEqual([four, own]);
    expect([frame.subarray(0, 6).toString('hex'), frame.subarray(38).toString('hex')]).toEqual([
      'ffffffffffff',
      'c0000205',
    ]);
  });

  it('are asked of the group of that address, with a checksum (IPv6)', () => {
    const frame = neighbourProbe(six, own);
    expect(frame.subarray(0, 6).toString('hex')).toBe('3333ff010002');
    const length = frame.readUInt16BE(18);
    expect(frame.length).toBe(54 + length);
    const tail = Buffer.from([0, 0, 0, length, 0, 0, 0, 58]);
    const pseudo = Buffer.concat([frame.subarray(22, 54), tail, frame.subarray(54)]);
    let sum = 0;
    for (let at = 0; at < pseudo.length; at += 2) sum += pseudo.readUInt16BE(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff); // RFC 1071: over everything, checksum included
    expect(frame.readUInt8(21)).toBe(255); // a hop limit of less would be thrown away (RFC 4861, 7.1.1)
  });

  it('tell in an announcement the MAC that counts from now on (IPv6)', () => {
    const message = neighbourAdvertisement(six, own).toString('hex'); // type, override, target, option
    expect(message).toBe('8800000020000000' + '20010db8000000000000000000010002' + '0201020000000001');
  });
});

describe('who holds an address', () => {
  const them = '0a0000000099';
  const arp = (operation: string, sender: string, target: string): Buffer =>
    Buffer.from(`020000000001${them}08060001080006040${operation}${them}${sender}020000000001${target}`, 'hex');
  const icmp = (type: string, source: string): Buffer =>
    Buffer.from(
      `333300000001${them}86dd6000000000183aff${source}ff020000000000000000000000000001${type}000000a000000020010db8000000000000000000010002`,
      'hex',
    );
  const nobody = '0'.repeat(32);

  it.each([
    ['an answer', arp('002', 'c0000205', '00000000'), four],
    ['any question of its own', arp('001', 'c0000205', 'c0000207'), four],
    ['the same question at the same moment', arp('001', '00000000', 'c0000205'), four],
    ['an advertisement', icmp('88', '20010db8000000000000000000010002'), six],
    ['duplicate address detection at the same moment', icmp('87', nobody), six],
  ])('is told by %s', (_, frame, address) => {
    expect(findHolder(frame)).toEqual([address, '0a:00:00:00:00:99']);
  });

  it.each([
    ['a question by somebody else', icmp('87', '20010db8000000000000000000010009')],
    ['a router', icmp('86', nobody)],
    ['a frame cut short', arp('002', 'c0000205', '00000000').subarray(0, 41)],
    ['an advertisement cut short', icmp('88', nobody).subarray(0, 70)],
    ['anything else', Buffer.alloc(60)],
  ])('is not told by %s', (_, frame) => {
    expect(findHolder(frame)).toBeUndefined();
  });
});

it.each([
  ['arp', arpProbe(four, own)],
  ['neighbour', neighbourProbe(six, own)],
])('a question is filled up to the size of the packet asked for, and says the same (%s)', (_, frame) => {
  const large = filled(frame, 1500);
  expect(large.length).toBe(14 + 1500);
  expect(large.subarray(0, frame.length)).toEqual(frame);
  expect(large.subarray(frame.length).every((byte) => byte === 0)).toBe(true);
  expect(filled(frame, 10)).toEqual(frame);
});

describe('an echo request', () => {
  const [me, them] = [own, mac('02:00:00:00:00:02', 'test')];
  const pairs: readonly Echo[] = [
    { from: [ip('192.0.2.9', 'test'), me], to: [four, them], size: 1500, id: 0x1234 },
    { from: [ip('2001:db8::9', 'test'), me], to: [six, them], size: 1501, id: 0x1234 },
  ];

  it('is a packet of that size that nobody may fragment, with its checksums', () => {
    const [frame4, frame6] = pairs.map(echoRequest) as [Buffer, Buffer];
    expect(frame4.subarray(0, 34).toString('hex')).toBe(
      '02000000000202000000000108004500' + '05dc000040004001b112' + 'c0000209c0000205',
    );
    expect(frame4.length).toBe(14 + 1500);
    expect(onesSum(frame4.subarray(14, 34))).toBe(0xffff);
    expect(onesSum(frame4.subarray(34))).toBe(0xffff);
    expect(frame6.length).toBe(14 + 1501);
    expect(frame6.readUInt16BE(18)).toBe(1461);
    const pseudo = Buffer.concat([frame6.subarray(22, 54), Buffer.from([0, 0, 1461 >> 8, 1461 & 0xff, 0, 0, 0, 58])]);
    expect(onesSum(Buffer.concat([pseudo, frame6.subarray(54), Buffer.alloc(1)]))).toBe(0xffff);
  });

  /** The reply that the other end makes of it. */
  const replyTo = (echo: Echo): Buffer => {
    const frame = echoRequest({ ...echo, from: echo.to, to: echo.from });
    frame.writeUInt8(frame.readUInt16BE(12) === 0x800 ? 0 : 129, frame.readUInt16BE(12) === 0x800 ? 34 : 54);
    return frame;
  };

  it.each(pairs)('knows its reply, though the end is cut off, and no other: $size bytes', (echo) => {
    const reply = replyTo(echo);
    expect(isReply(reply.subarray(0, 100), echo)).toBe(true);
    expect(isReply(echoRequest(echo), echo)).toBe(false);
    expect(isReply(reply, { ...echo, id: 7 })).toBe(false);
    expect(isReply(reply, { ...echo, size: echo.size - 1 })).toBe(false);
    expect(isReply(reply, { ...echo, to: echo.from })).toBe(false);
    expect(isReply(reply.subarray(0, 40), { ...echo })).toBe(false);
  });
});

function onesSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
