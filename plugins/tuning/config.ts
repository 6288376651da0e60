/** What a tuning network's configuration says. Pure. */
import { optionalMac, runtimeMac } from '../../src/attach/mac';
import { fail } from '../../src/error';
import { boolean, type Fields, isRecord, optionalInt, record, shown, string } from '../../src/json';
import type { Mac } from '../../src/net/mac';
import type { IfName } from '../../src/net/names';

/** Keys of the reference plugin; `args.cni` has the last word on each. */
export interface TuningConfig {
  readonly sysctls: ReadonlyMap<string, string>; // as written, e.g. net.ipv4.conf.IFNAME.arp_filter
  readonly mac: Mac | undefined; // of the configuration: CNI_ARGS has the next word
  readonly runtimeMac: Mac | undefined; // stronger than CNI_ARGS
  readonly lastMac: { readonly mac: Mac | undefined } | undefined; // args.cni; an empty one: none at all
  readonly promisc: boolean; // false: left as it is
  readonly mtu: number | undefined; // bytes
  readonly allMulti: boolean | undefined;
  readonly txQueueLength: number | undefined; // packets
  readonly dataDir: string; // where what was there before is kept
}

const defaultDataDir = '/run/cni/tuning';
const roots = ['/run/cni', '/var/run/cni', '/var/lib/cni'];

/** Bytes only. */
export function parse(input: unknown): TuningConfig {
  const c = record(input);
  const args = record(record(c.args ?? {}, 'args').cni ?? {}, 'args.cni');
  return {
    sysctls: new Map([...parseSysctls(c.sysctl, 'sysctl'), ...parseSysctls(args.sysctl, 'args.cni.sysctl')]),
    mac: optionalMac(c.mac, 'mac'),
    runtimeMac: runtimeMac(c),
    lastMac: args.mac === undefined ? undefined : { mac: optionalMac(args.mac, 'args.cni.mac') },
    promisc: optionalBoolean(args.promisc, 'args.cni.promisc') ?? boolean(c.promisc, 'promisc'),
    mtu: length(args, c, 'mtu') || undefined, // 0 on the wire means unset
    allMulti: optionalBoolean(args.allmulti, 'args.cni.allmulti') ?? optionalBoolean(c.allmulti, 'allmulti'),
    txQueueLength: length(args, c, 'txQLen'),
    dataDir: parseDataDir(string(c.dataDir, 'dataDir') || defaultDataDir),
  };
}

/** The path below /proc/sys of a key as it is written: dots become slashes, which may be too many, IFNAME the interface. ConfigInvalid unless it is one of net. */
export function sysctlPath(key: string, ifName: IfName): string {
  const path = key.replaceAll('.', '/').replaceAll('IFNAME', ifName);
  const parts = path.split('/').filter((part) => part !== '');
  if (parts[0] !== 'net' || parts.length === 1 || parts.includes('..'))
    fail('ConfigInvalid', `Cannot set ${shown(key)}: invalid net sysctl key, need one like net.core.somaxconn`);
  return parts.join('/');
}

/** The file in which what was there before is kept: the reference plugin's own. */
export function backupPath({ dataDir }: TuningConfig, containerId: string, ifName: string): string {
  return `${dataDir}/${containerId}_${ifName}.json`;
}

function parseSysctls(value: unknown, field: string): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (!isRecord(value)) return fail('ConfigInvalid', `Cannot use ${shown(value)} as ${field}: need a JSON object`);
  return Object.entries(value).map(([key, text]) => [key, string(text, `${field}[${shown(key)}]`)]);
}

function length(args: Fields, c: Fields, key: string): number | undefined {
  return optionalInt(args[key], `args.cni.${key}`, 0, 2 ** 31 - 1) ?? optionalInt(c[key], key, 0, 2 ** 31 - 1);
}

function optionalBoolean(value: unknown, field: string): boolean | undefined {
  return value === undefined || value === null ? undefined : boolean(value, field);
}

/** Whoever may write a NetworkAttachmentDefinition chooses it, and Braid is root. */
function parseDataDir(path: string): string {
  const isPlain = !path.split('/').some((part, at) => part === '.' || part === '..' || (part === '' && at > 0));
  if (isPlain && roots.some((root) => path === root || path.startsWith(`${root}/`))) return path;
  return fail('ConfigInvalid', `Cannot use ${shown(path)} as dataDir: need a directory below ${roots.join(', ')}`);
}
