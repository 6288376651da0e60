/** Names that the kernel, CNI and Kubernetes allow, each a type of its own. Pure. */
import type { Brand } from '../brand';
import { fail, type Reason } from '../error';
import { shown } from '../json';

/** A network interface name: 1 to 15 bytes (IFNAMSIZ in linux/if.h), not `.` or `..`, no slash, colon or space. */
export type IfName = Brand<string, 'IfName'>;
/** An absolute path of a network namespace file, as the runtime gave it. */
export type NetnsPath = Brand<string, 'NetnsPath'>;
/** CNI_CONTAINERID: safe as a file name part (CNI specification 1.1, "Parameters"). */
export type ContainerId = Brand<string, 'ContainerId'>;
/** The `name` of a network configuration: safe as a directory name (CNI specification 1.1, section 1). */
export type NetworkName = Brand<string, 'NetworkName'>;

const safe = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Parses an interface name, e.g. `net1`. */
export function ifName(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): IfName {
  const problem = ifNameProblem(value);
  return problem === undefined ? (value as IfName) : fail(reason, `Cannot use ${shown(value)} as ${field}: ${problem}`);
}

/** What makes the value unusable as an interface name; `undefined` when nothing does. */
export function ifNameProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return 'need an interface name';
  if (!value.isWellFormed()) return 'an interface name has whole characters'; // half of one changes on its way to the kernel or a file
  if (Buffer.byteLength(value) > 15) return 'an interface name has at most 15 bytes';
  if (value === '.' || value === '..') return 'an interface name is not . or ..';
  if (!/^[!-.0-9;-~]+$/.test(value) && /[/:\s\p{Cc}]/u.test(value))
    return 'an interface name has no slash, colon, space or control character';
  return undefined;
}

/** Parses CNI_CONTAINERID. */
export function containerId(value: string): ContainerId {
  const problem = unsafe(value, 'in containerID');
  if (problem === undefined) return value as ContainerId;
  return fail('EnvironmentInvalid', `Cannot use ${shown(value)} as CNI_CONTAINERID: ${problem}`);
}

/** Parses the `name` of a network configuration. */
export function networkName(value: unknown, field = 'name', reason: Reason = 'ConfigInvalid'): NetworkName {
  if (value === undefined || value === null || value === '') {
    return fail(reason, `Cannot use an empty ${field}: missing network name`);
  }
  const problem = unsafe(value, 'found in network name');
  return problem === undefined
    ? (value as NetworkName)
    : fail(reason, `Cannot use ${shown(value)} as ${field}: ${problem}`);
}

/** Parses a network namespace path. */
export function netnsPath(value: string): NetnsPath {
  const usable = value.startsWith('/') && !value.includes('\u0000');
  return usable
    ? (value as NetnsPath)
    : fail('EnvironmentInvalid', `Cannot use ${shown(value)} as CNI_NETNS: need an absolute path`);
}

/** A link name of `prefix` and hexadecimal digits, the same for the same parts: it can be found again without a record. */
export function derivedName(prefix: string, ...parts: readonly string[]): IfName {
  const digest = new Bun.CryptoHasher('sha256').update(parts.join('\0')).digest('hex');
  return `${prefix}${digest.slice(0, Math.min(8, 15 - prefix.length))}` as IfName;
}

/** File names end at 255 bytes, and ours add to the value. */
function unsafe(value: unknown, where: string): string | undefined {
  if (typeof value !== 'string' || !safe.test(value)) return `invalid characters ${where}`;
  return value.length > 200 ? 'need at most 200 characters' : undefined;
}
