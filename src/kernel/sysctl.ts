/** Files below /proc/sys as the calling thread sees them. Touches those files. */

import { CniError } from '../error';
import { sysctlWords } from '../net/sysctl';
import { errnoOf } from './errno';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from './fs';

/** The value without white space around it; `undefined` when there is no such key. */
export function readSysctl(key: string): string | undefined {
  try {
    return readFileSync(file(key)).trim();
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
    throw denied(settingOf(key, value), cause);
  }
  const now = readSysctl(key);
  if (now === undefined || sysctlWords(now) !== sysctlWords(value)) throw notKept(key, value, now);
}

/** Writes what differs, and reads that back; false when there is no such key. Opened once: to find a key costs more than to use it. */
export function ensureSysctl(key: string, value: string): boolean {
  const fd = openToWrite(key, value);
  if (typeof fd === 'boolean') return fd;
  try {
    if (sysctlWords(textOf(fd)) === sysctlWords(value)) return true;
    writeSync(fd, value, 0);
    const now = textOf(fd);
    if (sysctlWords(now) !== sysctlWords(value)) throw notKept(key, value, now);
    return true;
  } catch (cause) {
    throw cause instanceof CniError ? cause : denied(settingOf(key, value), cause);
  } finally {
    closeSync(fd);
  }
}

/** The opened key; false when there is none, true when it cannot be written and need not be. */
function openToWrite(key: string, value: string): number | boolean {
  try {
    return openSync(file(key), 'r+'); // no O_CREAT: /proc would answer a missing key with EACCES
  } catch (cause) {
    const now = readSysctl(key);
    if (now === undefined) return false;
    if (sysctlWords(now) === sysctlWords(value)) return true;
    throw denied(settingOf(key, value), cause);
  }
}

const longest = Buffer.allocUnsafe(4096); // the kernel gives at most a page

function textOf(fd: number): string {
  return longest.toString('latin1', 0, readSync(fd, longest, 0, longest.length, 0)).trim();
}

function file(key: string): string {
  if (key === '' || key.startsWith('/') || key.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw new CniError('SysctlRefused', `Cannot use ${JSON.stringify(key)} as a sysctl: need a path below /proc/sys`);
  return `/proc/sys/${key}`;
}

function settingOf(key: string, value: string): string {
  return `set sysctl ${key} to ${JSON.stringify(value)}`;
}

function notKept(key: string, value: string, now: string | undefined): CniError {
  return new CniError('SysctlRefused', `Cannot ${settingOf(key, value)}: the kernel keeps ${JSON.stringify(now)}`);
}

function denied(action: string, cause: unknown): CniError {
  const errno = errnoOf(cause);
  const why = errno === 'ENOENT' ? 'this kernel has no such key' : (errno ?? String(cause));
  return new CniError('SysctlRefused', `Cannot ${action}: ${why}`, { errno, cause });
}
