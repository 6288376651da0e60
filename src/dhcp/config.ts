/** The `ipam` section of type dhcp: which daemon is asked, and what the server is told and asked for. Pure. */
import { type CniArgs, findArg } from '../cni/args';
import { fail } from '../error';
import { boolean, type Fields, list, oneOf, optionalInt, optionalString, record, shown } from '../json';
import type { Family } from '../net/ip';
import { type Options4, opt4 } from './option4';
import { opt6 } from './option6';
import { defaultSocket } from './rpc';

/** What the configuration says, parsed by whoever asks and by the daemon alike. */
export interface DhcpConfig {
  readonly socket: string;
  /** Metric of the routes. */
  readonly priority: number | undefined;
  /** What the servers of each family are told (`provide`) and asked for (`request`), IPv4 first. */
  readonly told: readonly Told[];
  /** Of IPv6 addresses: DHCPv6 tells none. */
  readonly prefixLength: number;
}

/** What the servers of a family are told and asked for. */
export type Told =
  | { readonly family: 4; readonly options: Options4 } // option 55 among them
  | { readonly family: 6; readonly asked: readonly number[] };

/** Names that dhcp-options(5) has for options, as far as the reference daemon knows them. */
const names: Readonly<Record<string, number>> = {
  'dhcp-client-identifier': opt4.clientId,
  'subnet-mask': opt4.subnetMask,
  routers: opt4.router,
  'host-name': opt4.hostName,
  'user-class': opt4.userClass,
  'vendor-class-identifier': opt4.vendorClass,
};

/** The same names of DHCPv6's options: those that are of use to a result. */
const names6: Readonly<Record<string, number>> = {
  'dhcp6.name-servers': opt6.dnsServers,
  'dhcp6.domain-search': opt6.domainSearch,
};

/** Values of `family`; the reference daemon knows the first one only. */
const families = { ipv4: [4], ipv6: [6], dual: [4, 6] } as const;

/** Needed for an address and a way out; asked for unless one `request` has `skipDefault`. */
const usual: readonly number[] = [opt4.router, opt4.subnetMask];

/** Parses the section. ConfigInvalid names the field. */
export function parseDhcp(ipam: Fields, args: CniArgs): DhcpConfig {
  const wanted: readonly Family[] = parseFamilies(ipam);
  const provided = list(ipam.provide, 'ipam.provide').flatMap((each, at) =>
    parseProvided(each, `ipam.provide[${at}]`, args),
  );
  const requested = parseRequested(ipam);
  const asks = requested.codes4.length > 0 ? [[opt4.parameterList, Buffer.from(requested.codes4)] as const] : [];
  if (requested.codes6.length > 0 && !wanted.includes(6))
    fail('ConfigInvalid', 'Cannot use dhcp6 options in ipam.request: need "family" ipv6 or dual');
  const told: Readonly<Record<Family, Told>> = {
    4: { family: 4, options: new Map([...provided, ...asks]) },
    6: { family: 6, asked: requested.codes6 },
  };
  return {
    socket: parseSocket(ipam),
    priority: optionalInt(ipam.priority, 'ipam.priority', 0, 0x7fffffff) || undefined, // 0 says nothing
    told: wanted.map((family) => told[family]),
    prefixLength: optionalInt(ipam.prefixLength, 'ipam.prefixLength', 1, 128) ?? 128,
  };
}

/** Which families are leased: `family`, IPv4 unless it says otherwise. */
export function parseFamilies(ipam: Fields): readonly Family[] {
  return families[oneOf(ipam.family, 'ipam.family', ['ipv4', 'ipv6', 'dual'], 'ipv4')];
}

/** `daemonSocketPath`; the reference's own when it names none. */
export function parseSocket(ipam: Fields): string {
  const path = optionalString(ipam.daemonSocketPath, 'ipam.daemonSocketPath') || defaultSocket;
  if (!path.startsWith('/') || path.includes('\0') || Buffer.byteLength(path) > 107)
    fail(
      'ConfigInvalid',
      `Cannot use ${shown(path)} as ipam.daemonSocketPath: need an absolute path of at most 107 bytes`,
    );
  return path;
}

/** A value that is written there, then one that CNI_ARGS has under that key: the last one counts. */
function parseProvided(input: unknown, field: string, args: CniArgs): readonly (readonly [number, Buffer])[] {
  const one = record(input, field);
  const code = parseCode(one.option, `${field}.option`);
  const key = optionalString(one.fromArg, `${field}.fromArg`);
  const values = [optionalString(one.value, `${field}.value`), key ? findArg(args, key) : undefined];
  return values.filter(Boolean).map((value) => {
    const bytes = Buffer.from(value as string);
    if (bytes.length > 255)
      fail('ConfigInvalid', `Cannot use ${shown(value)} as value of ${field}: value too long, at most 255 bytes`);
    return [code, bytes] as const;
  });
}

function parseRequested(ipam: Fields): { readonly codes4: readonly number[]; readonly codes6: readonly number[] } {
  const entries = list(ipam.request, 'ipam.request').map((each, at) => {
    const one = record(each, `ipam.request[${at}]`);
    const option = optionalString(one.option, `ipam.request[${at}].option`) ?? '';
    const code6 = Object.hasOwn(names6, option) ? names6[option] : undefined;
    return {
      skips: boolean(one.skipDefault, `ipam.request[${at}].skipDefault`),
      code4: option && code6 === undefined ? parseCode(option, `ipam.request[${at}].option`) : undefined,
      code6,
    };
  });
  const codes = entries.flatMap(({ code4 }) => code4 ?? []);
  return {
    codes4: [...new Set(entries.some(({ skips }) => skips) ? codes : [...codes, ...usual])],
    codes6: [...new Set(entries.flatMap(({ code6 }) => code6 ?? []))],
  };
}

/** A name, or a number as text. */
function parseCode(value: unknown, field: string): number {
  const text = optionalString(value, field) ?? '';
  const code = Object.hasOwn(names, text) ? names[text] : /^\d{1,3}$/.test(text) ? Number(text) : undefined;
  if (code !== undefined && code <= 255) return code;
  return fail(
    'ConfigInvalid',
    `Cannot use ${shown(value)} as ${field}: Can not parse option, need a number from 0 to 255 as text, or one of ${Object.keys(names).join(', ')}`,
  );
}
