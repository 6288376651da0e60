/** Files below /proc/sys as the calling thread sees them. Touches those files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { CniError } from '../error';
import { errnoOf } from './errno';

/** The value without white space around it; `undefined` when there is no such key. */
export function readSysctl(key: string): string | undefined {
  try {
    return readFileSync(file(key), 'utf8').trim();
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return undefined;
    throw denied(`read sysctl ${key}`, cause);
  }
}

/** Writes, and reads back: some keys take a value and keep another. */
export function writeSysctl(key: string, value: string): void {
  try {
    writeFileSync(file(key), value, { flag: 'r+' }); // no O_CREAT: /proc would answer a missing key with EACCES
  } catch (cause) {
    throw denied(`set sysctl ${key} to ${JSON.stringify(value)}`, cause);
  }
  const now = readSysctl(key);
  if (now === undefined || words(now) !== words(value))
    throw new CniError(
      'SysctlRefused',
      `Cannot set sysctl ${key} to ${JSON.stringify(value)}: the kernel keeps ${JSON.stringify(now)}`,
    );
}

/** Writes what differs; false when there is no such key. */
export function ensureSysctl(key: string, value: string): boolean {
  const now = readSysctl(key);
  if (now !== undefined && words(now) !== words(value)) writeSysctl(key, value);
  return now !== undefined;
}

function file(key: string): string {
  if (key === '' || key.startsWith('/') || key.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw new CniError('SysctlRefused', `Cannot use ${JSON.stringify(key)} as a sysctl: need a path below /proc/sys`);
  return `/proc/sys/${key}`;
}

function words(value: string): string {
  return value.trim().split(/\s+/).join(' '); // the kernel separates by tabs
}

function denied(action: string, cause: unknown): CniError {
  const errno = errnoOf(cause);
  const why = errno === 'ENOENT' ? 'this kernel has no such key' : (errno ?? String(cause));
  return new CniError('SysctlRefused', `Cannot ${action}: ${why}`, { errno, cause });
}
