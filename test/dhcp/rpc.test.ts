/** The dhcp plugin's calls and its daemon's replies, against bytes that Go's own net/rpc wrote with the types of the plugins 1.9.1. Pure. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyResult, type Result } from '../../src/cni/result';
import { GobWriter } from '../../src/dhcp/gob';
import { GobError, GobReader } from '../../src/dhcp/gob-reader';
import { type Call, CallReader, encodeCall, encodeReply, type Reply, ReplyReader } from '../../src/dhcp/rpc';
import { cidr, ip } from '../../src/net/ip';

type Captured = Readonly<Record<'allocate' | 'release' | 'error', { readonly call: string; readonly reply: string }>>;
const captured: Captured = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/dhcp-rpc.json'), 'utf8'));

const call: Call = {
  method: 'DHCP.Allocate',
  seq: 0,
  args: {
    containerId: 'c1',
    netns: '/run/netns/pod',
    ifName: 'net1',
    args: 'K8S_POD_NAME=web',
    path: '/opt/cni/bin',
    stdin: '{"name":"n"}',
  },
};
const result: Result = {
  ...emptyResult,
  ips: [{ address: cidr('10.9.0.57/24', 'test'), gateway: ip('10.9.0.1', 'test') }],
  routes: [
    { dst: cidr('0.0.0.0/0', 'test'), gw: ip('10.9.0.1', 'test'), priority: 100 },
    { dst: cidr('169.254.169.254/32', 'test'), gw: ip('0.0.0.0', 'test'), scope: 253 },
  ],
};

function readCalls(bytes: Uint8Array): CallReader {
  const values = new GobReader();
  values.push(bytes);
  return new CallReader(values);
}

function readReply(bytes: Uint8Array): Reply | undefined {
  const values = new GobReader();
  values.push(bytes);
  return new ReplyReader(values).next();
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('a call', () => {
  it.each([
    ['allocate', call],
    ['release', { ...call, method: 'DHCP.Release' }],
    ['error', { ...call, args: { ...call.args, containerId: 'bad' } }],
  ] as const)('of Go is understood: %s', (name, expected) => {
    expect(readCalls(bytesOf(captured[name].call)).next()).toEqual(expected);
  });

  it('has the very bytes that Go writes', () => {
    expect(encodeCall(call).toString('hex')).toBe(captured.allocate.call);
  });

  it('is understood however its bytes are cut', () => {
    const whole = bytesOf(captured.allocate.call);
    for (let cut = 0; cut < whole.length; cut++) {
      const values = new GobReader();
      const calls = new CallReader(values);
      values.push(whole.subarray(0, cut));
      expect(calls.next()).toBeUndefined();
      values.push(whole.subarray(cut));
      expect(calls.next()).toEqual(call);
    }
  });
});

describe('a reply', () => {
  it.each<[keyof Captured, Reply['outcome'], string]>([
    ['allocate', { result }, 'DHCP.Allocate'],
    ['release', { result: emptyResult }, 'DHCP.Release'],
    ['error', { error: 'no more tries' }, 'DHCP.Allocate'],
  ])('of Go is understood: %s', (name, outcome, method) => {
    expect(readReply(bytesOf(captured[name].reply))).toEqual({ method, seq: 0, outcome });
  });

  it.each<[string, Reply['outcome']]>([
    ['a result', { result }],
    ['a result of IPv6', { result: { ...emptyResult, ips: [{ address: cidr('2001:db8::57/128', 'test') }] } }],
    ['name servers', { result: { ...result, dns: { nameservers: ['2001:db8::53'], search: ['lan.example', 'a'] } } }],
    ['an error', { error: 'no offer' }],
  ])('is the same after it went as bytes: %s', (_, outcome) => {
    const reply = { method: 'DHCP.Allocate', seq: 7, outcome };
    expect(readReply(encodeReply(reply, new GobWriter()))).toEqual(reply);
  });

  it('describes its types once a connection', () => {
    const writer = new GobWriter();
    const [first, second] = [1, 2].map((seq) => encodeReply({ method: 'm', seq, outcome: { result } }, writer));
    expect(second?.length).toBeLessThan((first?.length ?? 0) / 2);
  });
});

it('never breaks, or reads on for ever, whatever the bytes are', { timeout: 120_000 }, () => {
  const seeds = Object.values(captured).flatMap((one) => [bytesOf(one.call), bytesOf(one.reply)]);
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }))
    .map(([seed, changes]) => {
      const bytes = Buffer.from(seed);
      for (const [at, to] of changes) bytes.writeUInt8(to, at % bytes.length);
      return bytes;
    });
  const read = (bytes: Uint8Array): void => {
    for (const reader of [readCalls(bytes), { next: () => readReply(bytes) }])
      try {
        reader.next();
      } catch (error) {
        expect(error).toBeInstanceOf(GobError);
      }
  };
  fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), read), { numRuns: 1000 });
});
