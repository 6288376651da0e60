/**
 * A DHCPv6 server for tests, whose leases may be as short as a test wants: runs under Bun in a namespace of its own, on the
 * link eth1. Argv: a Told as JSON. A line of stdin changes what it does: a Mode. Stdout: a line for each message that it hears.
 */
import dgram from 'node:dgram';
import { createInterface } from 'node:readline';
import { decode6, encode6, type Message6, type Type6 } from '../../src/dhcp/message6';
import { number32 } from '../../src/dhcp/option4';
import { encodeOptions6, findIdentity6, findOnly, type Options6, opt6, status6 } from '../../src/dhcp/option6';
import { type Ip, ip, ipBytes, ipPlus } from '../../src/net/ip';

/** The first address that it gives, and times in seconds. */
export interface Told {
  readonly first: string;
  readonly renewal: number;
  readonly valid: number;
}

/** `forgetful`: knows no lease, and has no address. */
export type Mode = 'well' | 'silent' | 'forgetful';

const told = JSON.parse(process.argv[2] ?? '{}') as Told;
const own = Buffer.from('00030001020000000afe', 'hex');
const leases = new Map<string, Ip>();
let next = ip(told.first, 'first');
let mode = 'well' as Mode;

function answer({ type, xid, options }: Message6): Message6 | undefined {
  const client = findOnly(options, opt6.clientId);
  if (client === undefined || mode === 'silent') return undefined;
  const key = client.toString('hex');
  if (type === 'release' || type === 'decline') leases.delete(key);
  const isAsked = type === 'solicit' || type === 'request';
  const given = mode === 'well' ? (leases.get(key) ?? (isAsked ? take(key) : undefined)) : undefined;
  const status = isAsked ? status6.noAddresses : status6.noBinding;
  const reply: readonly (readonly [number, Buffer])[] = [
    [opt6.clientId, client],
    [opt6.serverId, own],
    ...(type === 'confirm' ? [] : [[opt6.identity, identity(given, status)] as const]),
  ];
  const kind: Type6 = type === 'solicit' ? 'advertise' : 'reply';
  return { type: kind, xid, options: new Map(reply.map(([code, value]) => [code, [value]])) };
}

function take(key: string): Ip {
  const given = next;
  next = ipPlus(next, 1) ?? next;
  leases.set(key, given);
  return given;
}

function identity(given: Ip | undefined, status: number): Buffer {
  const { renewal, valid } = told;
  const inner: Options6 =
    given === undefined
      ? new Map([[opt6.status, [Buffer.from([0, status])]]])
      : new Map([[opt6.address, [Buffer.concat([ipBytes(given), number32(valid), number32(valid)])]]]);
  return Buffer.concat([number32(1), number32(renewal), number32(2 * renewal), encodeOptions6(inner)]);
}

const socket = dgram.createSocket({ type: 'udp6', reuseAddr: true });
socket.on('message', (bytes, from) => {
  const message = decode6(bytes);
  if (message === undefined) return;
  console.log(message.type, findIdentity6(message.options, 1)?.addresses[0]?.address ?? '');
  const reply = answer(message);
  if (reply !== undefined) socket.send(encode6(reply), from.port, from.address);
});
socket.on('error', () => {}); // a client that has what it wants hears no more
socket.bind(547, '::', () => {
  socket.addMembership('ff02::1:2', '::%eth1');
  console.log('ready');
});
createInterface({ input: process.stdin }).on('line', (line) => {
  mode = line as Mode;
});
