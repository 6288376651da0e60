/** The `ipam` section of type dhcp: which daemon is asked, and what the server is told and asked for. Pure. */
import { type CniArgs, findArg } from '../cni/args';
import { fail } from '../error';
import { boolean, type Fields, list, optionalInt, optionalString, record, shown } from '../json';
import { type Options4, opt4 } from './option4';
import { defaultSocket } from './rpc';

/** What the configuration says, parsed by whoever asks and by the daemon alike. */
export interface DhcpConfig {
  readonly socket: string;
  /** Metric of the routes. */
  readonly priority: number | undefined;
  /** Told to the server (`provide`) and asked of it (`request`, option 55). */
  readonly options: Options4;
}

/** Names that dhcp-options(5) has for options, as far as the reference daemon knows them. */
const names: Readonly<Record<string, number>> = {
  'dhcp-client-identifier': opt4.clientId,
  'subnet-mask': opt4.subnetMask,
  routers: opt4.router,
  'host-name': opt4.hostName,
  'user-class': opt4.userClass,
  'vendor-class-identifier': opt4.vendorClass,
};

/** Needed for an address and a way out; asked for unless one `request` has `skipDefault`. */
const usual: readonly number[] = [opt4.router, opt4.subnetMask];

/** Parses the section. ConfigInvalid names the field. */
export function parseDhcp(ipam: Fields, args: CniArgs): DhcpConfig {
  const provided = list(ipam.provide, 'ipam.provide').flatMap((each, at) =>
    parseProvided(each, `ipam.provide[${at}]`, args),
  );
  const requested = parseRequested(ipam);
  return {
    socket: parseSocket(ipam),
    priority: optionalInt(ipam.priority, 'ipam.priority', 0, 0x7fffffff) || undefined, // 0 says nothing
    options: new Map([
      ...provided,
      ...(requested.length > 0 ? [[opt4.parameterList, Buffer.from(requested)] as const] : []),
    ]),
  };
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

function parseRequested(ipam: Fields): readonly number[] {
  const entries = list(ipam.request, 'ipam.request').map((each, at) => {
    const one = record(each, `ipam.request[${at}]`);
    const option = optionalString(one.option, `ipam.request[${at}].option`);
    return {
      skips: boolean(one.skipDefault, `ipam.request[${at}].skipDefault`),
      code: option ? parseCode(option, `ipam.request[${at}].option`) : undefined,
    };
  });
  const codes = entries.flatMap(({ code }) => code ?? []);
  return [...new Set(entries.some(({ skips }) => skips) ? codes : [...codes, ...usual])];
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
