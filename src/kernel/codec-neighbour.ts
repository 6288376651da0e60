/** Neighbours as rtnetlink messages (linux/neighbour.h). Pure. */
import { AttrStream } from 'netlink/dist/structs.js';
import { familyOf, type Ip, ipBytes } from '../net/ip';
import { type Mac, macBytes } from '../net/mac';
import { afOf, type Message } from './codec';
import { neighbourH as nd, netlinkH as nl, rtnetlinkH as rt } from './headers';

/** Enters a neighbour for good, in place of what was known of it. */
export function setNeighbour(index: number, address: Ip, mac: Mac): Message {
  const out = neighbour(index, address, nd.NUD_PERMANENT, 0);
  out.push(nd.NDA_LLADDR, macBytes(mac));
  return { type: rt.RTM_NEWNEIGH, flags: nl.NLM_F_CREATE | nl.NLM_F_REPLACE, body: out.bufs };
}

/** Has the network asked for that address, at once and as if a packet to it waited. */
export function useNeighbour(index: number, address: Ip): Message {
  return { type: rt.RTM_NEWNEIGH, flags: nl.NLM_F_CREATE, body: neighbour(index, address, 0, nd.NTF_USE).bufs };
}

/** Forgets a neighbour, and asks no more for it. */
export function forgetNeighbour(index: number, address: Ip): Message {
  return { type: rt.RTM_DELNEIGH, flags: 0, body: neighbour(index, address, 0, 0).bufs };
}

function neighbour(index: number, address: Ip, state: number, flags: number): AttrStream {
  const header = Buffer.alloc(12); // struct ndmsg: family, pad, ifindex, state, flags, type
  header.writeUInt8(afOf(familyOf(address)), 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(state, 8);
  header.writeUInt8(flags, 10);
  const out = new AttrStream();
  out.emit(header);
  out.push(nd.NDA_DST, ipBytes(address));
  return out;
}
