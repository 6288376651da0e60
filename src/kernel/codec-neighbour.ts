/** Neighbours as rtnetlink messages (linux/neighbour.h). Pure. */
import { AttrStream } from 'netlink/dist/structs.js';
import { familyOf, type Ip, ipBytes } from '../net/ip';
import { type Mac, macBytes } from '../net/mac';
import { afOf, type Message } from './codec';
import { neighbourH as nd, netlinkH as nl, rtnetlinkH as rt } from './headers';

/** Enters a neighbour for good, in place of what was known of it. */
export function setNeighbour(index: number, address: Ip, mac: Mac): Message {
  const header = Buffer.alloc(12); // struct ndmsg: family, pad, ifindex, state, flags, type
  header.writeUInt8(afOf(familyOf(address)), 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(nd.NUD_PERMANENT, 8);
  const out = new AttrStream();
  out.emit(header);
  out.push(nd.NDA_DST, ipBytes(address));
  out.push(nd.NDA_LLADDR, macBytes(mac));
  return { type: rt.RTM_NEWNEIGH, flags: nl.NLM_F_CREATE | nl.NLM_F_REPLACE, body: out.bufs };
}
