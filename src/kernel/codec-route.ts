/** Addresses and routes as rtnetlink messages (linux/if_addr.h, linux/rtnetlink.h). Pure. */
import {
  addressOf,
  type Cidr,
  type Family,
  familyOf,
  type Ip,
  ipBytes,
  ipFrom,
  lastOf,
  lengthOf,
  toCidr,
  widthOf,
} from '../net/ip';
import { type Address, mainTable, type Route, type RouteFilter } from '../net/route';
import { AttributeStream, type Parts, plainBytes } from './attribute-stream';
import { afOf, eachAttribute, familyOfAf, findAddress, type Message, onlyTypes, u16 } from './codec';
import { ifAddrH as ifa, netlinkH as nl, rtnetlinkH as rt, socketH } from './headers';

const addressLength = 8; // struct ifaddrmsg
const routeLength = 12; // struct rtmsg
const hopLength = 8; // struct rtnexthop

/** Asks for addresses. A kernel with strict checks answers for that link only; others must be filtered. */
export function getAddresses(family: Family | undefined, index: number): Message {
  return {
    type: rt.RTM_GETADDR,
    flags: 0,
    parts: [plainBytes, addressHeader(family === undefined ? socketH.AF_UNSPEC : afOf(family), 0, 0, index)],
  };
}

/** Adds an address, without label, as the reference does. */
export function newAddress(index: number, address: Cidr, noDad: boolean): Message {
  const bytes = ipBytes(addressOf(address));
  const out = new AttributeStream();
  out.emit(addressHeader(afOf(familyOf(address)), lengthOf(address), noDad ? ifa.IFA_F_NODAD : 0, index));
  out.push(ifa.IFA_LOCAL, bytes);
  out.push(ifa.IFA_ADDRESS, bytes);
  if (familyOf(address) === 4 && lengthOf(address) < 31) out.push(ifa.IFA_BROADCAST, ipBytes(lastOf(address)));
  return { type: rt.RTM_NEWADDR, flags: nl.NLM_F_CREATE | nl.NLM_F_EXCL, parts: out.parts };
}

/** Takes an address away. */
export function deleteAddress(index: number, address: Cidr): Message {
  const bytes = ipBytes(addressOf(address));
  const out = new AttributeStream();
  out.emit(addressHeader(afOf(familyOf(address)), lengthOf(address), 0, index));
  out.push(ifa.IFA_LOCAL, bytes);
  out.push(ifa.IFA_ADDRESS, bytes);
  return { type: rt.RTM_DELADDR, flags: 0, parts: out.parts };
}

/** RTM_NEWADDR as the kernel sends it; `undefined` for families other than IPv4 and IPv6. */
export function decodeAddress(data: Buffer): Address | undefined {
  const family = familyOfAf(data.readUInt8(0));
  let flags = data.readUInt8(2);
  let local: Buffer | undefined;
  let address: Buffer | undefined;
  eachAttribute(data, addressLength, (type, value) => {
    if (type === ifa.IFA_LOCAL) local = value;
    if (type === ifa.IFA_ADDRESS) address = value;
    if (type === ifa.IFA_FLAGS) flags = value.readUInt32LE(0);
  });
  const own = findAddress(local ?? address);
  if (family === undefined || own === undefined || familyOf(own) !== family) return undefined;
  const remote = local !== undefined && address !== undefined && !local.equals(address); // point to point: the prefix is the other end's
  return {
    index: data.readUInt32LE(4),
    address: toCidr(own, remote ? widthOf(own) : data.readUInt8(1)),
    tentative: (flags & ifa.IFA_F_TENTATIVE) !== 0,
    dadFailed: (flags & ifa.IFA_F_DADFAILED) !== 0,
    scope: data.readUInt8(3),
  };
}

/** Asks for routes. A kernel with strict checks answers for that table and link only; others must be filtered. */
export function getRoutes(filter: RouteFilter): Message {
  const table = filter.table ?? mainTable;
  const out = new AttributeStream();
  out.emit(routeHeader({ family: filter.family }));
  if (table !== 'all') out.u32(rt.RTA_TABLE, table);
  if (filter.index !== undefined) out.u32(rt.RTA_OIF, filter.index);
  return { type: rt.RTM_GETROUTE, flags: 0, parts: out.parts };
}

const modeFlags = {
  create: nl.NLM_F_CREATE | nl.NLM_F_EXCL,
  append: nl.NLM_F_CREATE, // IPv4: in front of its like; IPv6: one more next hop
  replace: nl.NLM_F_CREATE | nl.NLM_F_REPLACE,
} as const;

/** Enters a route. */
export function newRoute(route: Route, mode: keyof typeof modeFlags): Message {
  const natural = familyOf(route.dst) === 4 && route.gateway === undefined ? rt.RT_SCOPE_LINK : rt.RT_SCOPE_UNIVERSE;
  return {
    type: rt.RTM_NEWROUTE,
    flags: modeFlags[mode],
    parts: routeParts(route, { scope: route.scope ?? natural, protocol: route.protocol ?? rt.RTPROT_BOOT }),
  };
}

/** Takes a route out. What the route leaves open matches any. */
export function deleteRoute(route: Route): Message {
  const scope = route.scope ?? (familyOf(route.dst) === 4 ? rt.RT_SCOPE_NOWHERE : rt.RT_SCOPE_UNIVERSE);
  const { mtu: _mtu, advmss: _advmss, ...key } = route;
  return { type: rt.RTM_DELROUTE, flags: 0, parts: routeParts(key, { scope, protocol: route.protocol ?? 0 }) };
}

function routeParts(route: Route, head: { scope: number; protocol: number }): Parts {
  const family = familyOf(route.dst);
  const table = route.table ?? mainTable;
  const flags = route.onlink === true ? rt.RTNH_F_ONLINK : 0;
  const out = new AttributeStream();
  out.emit(
    routeHeader({
      family,
      dstLength: lengthOf(route.dst),
      table: table < 256 ? table : rt.RT_TABLE_UNSPEC,
      type: rt.RTN_UNICAST,
      flags,
      ...head,
    }),
  );
  out.push(rt.RTA_DST, ipBytes(addressOf(route.dst)));
  if (route.source !== undefined) out.push(rt.RTA_PREFSRC, ipBytes(route.source));
  if (route.gateway !== undefined && familyOf(route.gateway) === family)
    out.push(rt.RTA_GATEWAY, ipBytes(route.gateway));
  if (route.gateway !== undefined && familyOf(route.gateway) !== family)
    out.push(rt.RTA_VIA, Buffer.concat([Buffer.from([afOf(familyOf(route.gateway)), 0]), ipBytes(route.gateway)])); // struct rtvia
  if (table >= 256) out.u32(rt.RTA_TABLE, table);
  if (route.metric) out.u32(rt.RTA_PRIORITY, route.metric);
  if (route.mtu !== undefined || route.advmss !== undefined)
    out.nest(rt.RTA_METRICS, (metrics) => {
      if (route.mtu !== undefined) metrics.u32(rt.RTAX_MTU, route.mtu);
      if (route.advmss !== undefined) metrics.u32(rt.RTAX_ADVMSS, route.advmss);
    });
  if (route.index !== undefined) out.u32(rt.RTA_OIF, route.index);
  return out.parts;
}

/** Those that decodeRoute reads. */
const routeAttributes = onlyTypes(
  rt.RTA_DST,
  rt.RTA_OIF,
  rt.RTA_GATEWAY,
  rt.RTA_VIA,
  rt.RTA_TABLE,
  rt.RTA_PRIORITY,
  rt.RTA_PREFSRC,
  rt.RTA_MULTIPATH,
  rt.RTA_METRICS,
);

/** RTM_NEWROUTE as the kernel sends it, one route for each next hop; none for what is no unicast route. */
export function decodeRoute(data: Buffer): readonly Route[] {
  const family = familyOfAf(data.readUInt8(0));
  const flags = data.readUInt32LE(8);
  if (family === undefined || data.readUInt8(7) !== rt.RTN_UNICAST || (flags & rt.RTM_F_CLONED) !== 0) return [];
  const length = data.readUInt8(1);
  let dst: Ip = ipFrom(Buffer.alloc(family === 4 ? 4 : 16));
  let table = data.readUInt8(4);
  let metric: number | undefined;
  let source: Ip | undefined;
  let mtu: number | undefined;
  let advmss: number | undefined;
  let hops: Buffer | undefined;
  let hop: Hop = { index: undefined, gateway: undefined };
  eachAttribute(
    data,
    routeLength,
    (type, value) => {
      if (type === rt.RTA_GATEWAY || type === rt.RTA_VIA) hop = hopWith(hop, type, value);
      if (type === rt.RTA_DST) dst = ipFrom(value);
      if (type === rt.RTA_OIF) hop = { ...hop, index: value.readUInt32LE(0) };
      if (type === rt.RTA_TABLE) table = value.readUInt32LE(0);
      if (type === rt.RTA_PRIORITY) metric = value.readUInt32LE(0);
      if (type === rt.RTA_PREFSRC) source = findAddress(value);
      if (type === rt.RTA_MULTIPATH) hops = value;
      if (type === rt.RTA_METRICS)
        eachAttribute(value, 0, (item, amount) => {
          if (item === rt.RTAX_MTU) mtu = amount.readUInt32LE(0);
          if (item === rt.RTAX_ADVMSS) advmss = amount.readUInt32LE(0);
        });
    },
    routeAttributes,
  );
  if (familyOf(dst) !== family) return []; // ::ffff:0:0/96 has no form of its own here, and no delegate's business
  const kernels = table === rt.RT_TABLE_LOCAL && data.readUInt8(5) === rt.RTPROT_KERNEL;
  if (kernels) return []; // ff00::/8 is unicast for older kernels
  const common = {
    dst: toCidr(dst, length),
    source,
    table,
    metric,
    scope: data.readUInt8(6),
    protocol: data.readUInt8(5),
    mtu,
    advmss,
  };
  const onlink = (of: number): true | undefined => ((of & rt.RTNH_F_ONLINK) !== 0 ? true : undefined);
  if (hops === undefined) return [{ ...common, ...hop, onlink: onlink(flags) }];
  return decodeHops(hops).map(({ flags: own, ...each }) => ({ ...common, ...each, onlink: onlink(own) }));
}

interface Hop {
  readonly index: number | undefined;
  readonly gateway: Ip | undefined;
}

function hopWith(hop: Hop, type: number, value: Buffer): Hop {
  if (type === rt.RTA_GATEWAY) return { ...hop, gateway: findAddress(value) };
  if (type === rt.RTA_VIA) return { ...hop, gateway: findAddress(value.subarray(2)) }; // struct rtvia: family, address
  return hop;
}

/** RTA_MULTIPATH: struct rtnexthop {len, flags, hops, ifindex} with attributes, one after the other. */
function decodeHops(data: Buffer): readonly (Hop & { readonly flags: number })[] {
  const hops: (Hop & { flags: number })[] = [];
  for (let at = 0; at + hopLength <= data.length; ) {
    const size = u16(data, at);
    if (size < hopLength || at + size > data.length) break;
    let hop: Hop = { index: data.readInt32LE(at + 4), gateway: undefined };
    eachAttribute(data.subarray(at, at + size), hopLength, (type, value) => {
      hop = hopWith(hop, type, value);
    });
    hops.push({ ...hop, flags: data[at + 2] ?? 0 });
    at += (size + 3) & ~3;
  }
  return hops;
}

function addressHeader(af: number, length: number, flags: number, index: number): Buffer {
  const header = Buffer.alloc(addressLength);
  header.writeUInt8(af, 0);
  header.writeUInt8(length, 1);
  header.writeUInt8(flags, 2);
  header.writeUInt32LE(index, 4);
  return header;
}

interface RouteHead {
  readonly family: Family | undefined; // undefined: all
  readonly dstLength?: number;
  readonly table?: number;
  readonly protocol?: number;
  readonly scope?: number;
  readonly type?: number;
  readonly flags?: number;
}

function routeHeader(head: RouteHead): Buffer {
  const header = Buffer.alloc(routeLength);
  header.writeUInt8(head.family === undefined ? socketH.AF_UNSPEC : afOf(head.family), 0);
  header.writeUInt8(head.dstLength ?? 0, 1);
  header.writeUInt8(head.table ?? 0, 4);
  header.writeUInt8(head.protocol ?? 0, 5);
  header.writeUInt8(head.scope ?? 0, 6);
  header.writeUInt8(head.type ?? 0, 7);
  header.writeUInt32LE(head.flags ?? 0, 8);
  return header;
}
