/** What the dhcp plugin and its daemon say to each other: Go's net/rpc over gob, with the types of plugins/ipam/dhcp 1.9. Pure. */
import type { Dns, IpConfig, Result, ResultRoute } from '../cni/result';
import { emptyResult } from '../cni/result';
import { addressOf, type Cidr, familyOf, findIp, type Ip, ipBytes, ipFrom, lengthOf, toCidr, widthOf } from '../net/ip';
import { bytes, type GobType, type GobValue, GobWriter, int, text, uint } from './gob';
import { GobError, type GobReader } from './gob-reader';

/** The daemon's socket where a configuration names none. */
export const defaultSocket = '/run/cni/dhcp.sock';

/** What opens a connection: net/rpc's HTTP CONNECT, and its answer. */
export const greeting = 'CONNECT /_goRPC_ HTTP/1.0\n\n';
export const welcome = 'HTTP/1.0 200 Connected to Go RPC\n\n';

/** Allocate: the lease of that container, network and interface, an old one or a new one. Release: gives it back. */
export type Method = 'DHCP.Allocate' | 'DHCP.Release';

/** Go's skel.CmdArgs: a plugin's environment and standard input. */
export interface CmdArgs {
  readonly containerId: string;
  readonly netns: string;
  readonly ifName: string;
  readonly args: string; // CNI_ARGS
  readonly path: string; // CNI_PATH
  readonly stdin: string; // the configuration of the plugin above
}

export interface Call {
  readonly method: string;
  readonly seq: number;
  readonly args: CmdArgs;
}

/** The outcome of a call: an error's text, or what it gives (nothing, when released). */
export interface Reply {
  readonly method: string;
  readonly seq: number;
  readonly outcome: { readonly error: string } | { readonly result: Result | undefined };
}

type Fields = { readonly [name: string]: GobValue | undefined };

const struct = (name: string, ...fields: readonly (readonly [string, GobType])[]): GobType => ({
  kind: 'struct',
  name,
  fields,
});
const list = (name: string, of: GobType): GobType => ({ kind: 'list', name, of });

const requestType = struct('Request', ['ServiceMethod', text], ['Seq', uint]);
const responseType = struct('Response', ['ServiceMethod', text], ['Seq', uint], ['Error', text]);
const argsType = struct(
  'CmdArgs',
  ...['ContainerID', 'Netns', 'IfName', 'Args', 'Path', 'NetnsOverride'].map((name) => [name, text] as const),
  ['StdinData', bytes],
);
const netType = struct('IPNet', ['IP', bytes], ['Mask', bytes]);
const ipType = struct('IPConfig', ['Interface', int], ['Address', netType], ['Gateway', bytes]);
const routeType = struct(
  'Route',
  ['Dst', netType],
  ['GW', bytes],
  ...['MTU', 'AdvMSS', 'Priority', 'Table', 'Scope'].map((name) => [name, int] as const),
);
const textsType = list('[]string', text);
const dnsType = struct(
  'DNS',
  ['Nameservers', textsType],
  ['Domain', text],
  ['Search', textsType],
  ['Options', textsType],
);
const resultType = struct(
  'Result',
  ['CNIVersion', text],
  ['IPs', list('[]*types100.IPConfig', ipType)],
  ['Routes', list('[]*types.Route', routeType)],
  ['DNS', dnsType],
);
const nothingType = struct('');

/** The bytes of a call, the first one of its connection. */
export function encodeCall({ method, seq, args }: Call): Buffer {
  const writer = new GobWriter();
  const request = writer.encode(requestType, { ServiceMethod: method, Seq: seq });
  const value = {
    ContainerID: args.containerId,
    Netns: args.netns,
    IfName: args.ifName,
    Args: args.args,
    Path: args.path,
    StdinData: Buffer.from(args.stdin),
  };
  return Buffer.concat([request, writer.encode(argsType, value)]);
}

/** The bytes of a reply; the writer is the connection's. */
export function encodeReply({ method, seq, outcome }: Reply, writer: GobWriter): Buffer {
  const error = 'error' in outcome ? outcome.error || 'failed' : '';
  const response = writer.encode(responseType, { ServiceMethod: method, Seq: seq, Error: error });
  const result = 'result' in outcome ? outcome.result : undefined;
  const body = result === undefined ? writer.encode(nothingType, {}) : writer.encode(resultType, fromResult(result));
  return Buffer.concat([response, body]);
}

/** Calls in a connection's bytes: each is two values, which may come apart. */
export class CallReader {
  #head: Fields | undefined;

  constructor(readonly values: GobReader) {}

  /** The next one; `undefined` when not all of it is there. GobError when it is none. */
  next(): Call | undefined {
    this.#head ??= this.values.next() as Fields | undefined;
    if (this.#head === undefined) return undefined;
    const value = this.values.next() as Fields | undefined;
    if (value === undefined) return undefined;
    const head = this.#head;
    this.#head = undefined;
    const args = {
      containerId: textOf(value.ContainerID),
      netns: textOf(value.Netns),
      ifName: textOf(value.IfName),
      args: textOf(value.Args),
      path: textOf(value.Path),
      stdin: bytesOf(value.StdinData).toString('utf8'),
    };
    return { method: textOf(head.ServiceMethod), seq: numberOf(head.Seq), args };
  }
}

/** The reply in a connection's bytes, as CallReader. */
export class ReplyReader {
  #head: Fields | undefined;

  constructor(readonly values: GobReader) {}

  next(): Reply | undefined {
    this.#head ??= this.values.next() as Fields | undefined;
    if (this.#head === undefined) return undefined;
    const value = this.values.next() as Fields | undefined;
    if (value === undefined) return undefined;
    const { ServiceMethod, Seq, Error: error } = this.#head;
    const told = textOf(error);
    const method = textOf(ServiceMethod);
    return { method, seq: numberOf(Seq), outcome: told === '' ? { result: toResult(value) } : { error: told } };
  }
}

function fromResult({ ips, routes, dns }: Result): GobValue {
  return {
    IPs: ips.map(({ address, gateway }) => ({
      Address: netOf(address),
      ...(gateway && { Gateway: ipBytes(gateway) }),
    })),
    Routes: routes.map(({ dst, gw, mtu, advmss, priority, table, scope }) => ({
      Dst: netOf(dst),
      ...(gw && { GW: ipBytes(gw) }),
      MTU: mtu,
      AdvMSS: advmss,
      Priority: priority,
      Table: table,
      Scope: scope,
    })),
    DNS: { Nameservers: dns.nameservers, Domain: dns.domain, Search: dns.search, Options: dns.options },
  };
}

function netOf(subnet: Cidr): GobValue {
  const mask = Buffer.alloc(widthOf(subnet) / 8);
  for (let bit = 0; bit < lengthOf(subnet); bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return { IP: ipBytes(addressOf(subnet)), Mask: mask };
}

function toResult(value: Fields): Result {
  return {
    ...emptyResult,
    ips: listOf(value.IPs).map(({ Address, Gateway }): IpConfig => {
      const gateway = ipOf(Gateway);
      return { address: cidrOf(Address), ...(gateway !== undefined && { gateway }) };
    }),
    routes: listOf(value.Routes).map(({ Dst, GW, MTU, AdvMSS, Priority, Table, Scope }): ResultRoute => {
      const gw = ipOf(GW);
      const numbers = { mtu: MTU, advmss: AdvMSS, priority: Priority, table: Table, scope: Scope };
      const given = Object.entries(numbers).filter(([, number]) => typeof number === 'number');
      return { dst: cidrOf(Dst), ...(gw !== undefined && { gw }), ...Object.fromEntries(given) };
    }),
    dns: toDns(value.DNS),
  };
}

/** Go leaves out what is empty. */
function toDns(value: GobValue | undefined): Dns {
  const { Nameservers, Domain, Search, Options } = (value ?? {}) as Fields;
  const fields = {
    nameservers: textsOf(Nameservers),
    domain: textOf(Domain),
    search: textsOf(Search),
    options: textsOf(Options),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, given]) => given.length > 0));
}

function cidrOf(value: GobValue | undefined): Cidr {
  const { IP, Mask } = (value ?? {}) as Fields;
  const address = ipOf(IP) ?? refuse('an address without bytes');
  const mask = bytesOf(Mask);
  const own = familyOf(address) === 4 && mask.length === 16 ? mask.subarray(12) : mask;
  const bits = [...own].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (bits.length !== widthOf(address) || bits.includes('01')) return refuse('an address without a mask');
  return toCidr(address, bits.indexOf('0') < 0 ? bits.length : bits.indexOf('0'));
}

function ipOf(value: GobValue | undefined): Ip | undefined {
  const given = bytesOf(value);
  if (given.length === 0) return undefined;
  return given.length === 4 || given.length === 16
    ? findIp(ipFrom(given))
    : refuse(`an address of ${given.length} bytes`);
}

const textOf = (value: GobValue | undefined): string => (typeof value === 'string' ? value : '');
const numberOf = (value: GobValue | undefined): number => (typeof value === 'number' ? value : 0);
const bytesOf = (value: GobValue | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));
const textsOf = (value: GobValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
const listOf = (value: GobValue | undefined): readonly Fields[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) : [];

function refuse(why: string): never {
  throw new GobError(why);
}
