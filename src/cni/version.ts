/** CNI specification versions: which ones Braid speaks, what each allows. Pure. */
import { fail, type Reason } from '../error';
import { shown } from '../json';

/** Every version spoken, oldest first. */
export const supportedVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
/** A version that Braid speaks. */
export type CniVersion = (typeof supportedVersions)[number];
/** The newest version spoken. */
export const newestVersion: CniVersion = '1.1.0';

/**
 * Parses `cniVersion`; absent or empty is 0.1.0, as in libcni.
 * `reason` when it is no version, VersionIncompatible when Braid does not speak it (delegates.md 1.1, item 4).
 */
export function parseVersion(value: unknown, field = 'cniVersion', reason: Reason = 'DecodeFailed'): CniVersion {
  if (value === undefined || value === null || value === '') return '0.1.0';
  const spoken = supportedVersions.find((version) => version === value);
  if (spoken !== undefined) return spoken;
  if (typeof value !== 'string' || !isVersion(value)) {
    return fail(reason, `Cannot use ${shown(value)} as ${field}: need a version like "1.0.0"`);
  }
  return incompatible(value, field);
}

/** Whether the text is one to three numbers with dots between. */
export function isVersion(text: string): boolean {
  return /^\d{1,9}(\.\d{1,9}){0,2}$/.test(text);
}

/** Whether `version` is `minimum` or newer; absent parts count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  if (version === minimum) return true;
  const [have, need] = [version.split('.').map(Number), minimum.split('.').map(Number)];
  for (const part of [0, 1, 2]) {
    const difference = (have[part] ?? 0) - (need[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Whether a configuration of that version has the command: CHECK from 0.4.0 on, GC and STATUS from 1.1.0 on. */
export function versionAllows(version: string, command: string): boolean {
  if (command === 'CHECK') return isAtLeast(version, '0.4.0');
  if (command === 'GC' || command === 'STATUS') return isAtLeast(version, '1.1.0');
  return true;
}

/** Refuses a command that the configuration's version does not have; VersionIncompatible. */
export function requireAllowed(version: string, command: string): void {
  if (versionAllows(version, command)) return;
  fail(
    'VersionIncompatible',
    `Cannot serve ${command}: config version does not allow ${command}, cniVersion is ${version}`,
  );
}

/** What VERSION prints. */
export function toVersionAnswer(): string {
  return JSON.stringify({ cniVersion: newestVersion, supportedVersions });
}

function incompatible(version: string, field: string): never {
  const supported = supportedVersions.map((each) => `"${each}"`).join(' ');
  const problem = `Cannot use ${version} as ${field}: incompatible CNI versions, need one of ${supportedVersions.join(', ')}`;
  return fail('VersionIncompatible', problem, { details: `config is "${version}", plugin supports [${supported}]` });
}
