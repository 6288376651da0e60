/** Neighbours as rtnetlink messages (linux/neighbour.h). Pure. */
import { familyOf, type Ip, ipBytes } from '../net/ip';
import { type Mac, macBytes, macFrom } from '../net/mac';
import { AttributeStream } from './attribute-stream';
import { afOf, eachAttribute, findAddress, type Message } from './codec';
import { neighbourH as nd, netlinkH as nl, rtnetlinkH as rt } from './headers';

const headerLength = 12; // struct ndmsg: family, pad, ifindex, state, flags, type

/** Enters a neighbour for good, in place of what was known of it. */
export function setNeighbour(index: number, address: Ip, mac: Mac): Message {
  const out = neighbour(index, address, nd.NUD_PERMANENT, 0);
  out.push(nd.NDA_LLADDR, macBytes(mac));
  return { type: rt.RTM_NEWNEIGH, flags: nl.NLM_F_CREATE | nl.NLM_F_REPLACE, parts: out.parts };
}

/** Has the network asked for that address, at once and as if a packet to it waited. */
export function useNeighbour(index: number, address: Ip): Message {
  return { type: rt.RTM_NEWNEIGH, flags: nl.NLM_F_CREATE, parts: neighbour(index, address, 0, nd.NTF_USE).parts };
}

/** Forgets a neighbour, and asks no more for it. */
export function forgetNeighbour(index: number, address: Ip): Message {
  return { type: rt.RTM_DELNEIGH, flags: 0, parts: neighbour(index, address, 0, 0).parts };
}

function neighbour(index: number, address: Ip, state: number, flags: number): AttributeStream {
  const header = Buffer.alloc(headerLength);
  header.writeUInt8(afOf(familyOf(address)), 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(state, 8);
  header.writeUInt8(flags, 10);
  const out = new AttributeStream();
  out.emit(header);
  out.push(nd.NDA_DST, ipBytes(address));
  return out;
}

/** Asks for the neighbours of a link. */
export function getNeighbours(index: number): Message {
  const out = new AttributeStream();
  out.emit(Buffer.alloc(headerLength));
  out.u32(nd.NDA_IFINDEX, index);
  return { type: rt.RTM_GETNEIGH, flags: 0, parts: out.parts };
}

/** RTM_NEWNEIGH as the kernel sends it; `undefined` for one of another link, and for what the kernel found out itself. */
export function decodeNeighbour(data: Buffer, index: number): readonly [Ip, Mac] | undefined {
  if (data.readInt32LE(4) !== index || (data.readUInt16LE(8) & nd.NUD_PERMANENT) === 0) return undefined;
  let address: Ip | undefined;
  let mac: Mac | undefined;
  eachAttribute(data, headerLength, (type, value) => {
    if (type === nd.NDA_DST) address = findAddress(value);
    if (type === nd.NDA_LLADDR && value.length === 6) mac = macFrom(value);
  });
  return address === undefined || mac === undefined ? undefined : [address, mac];
}
