/** Whole files: a reader sees the old text or the new one, never a part. Touches the files it is given. */

import { mkdirSync, renameSync, unlinkIfThere, unlinkSync, writeFileSync } from '../kernel/fs';
import { dirname } from '../path';
import { io, isMissing } from './io';

/**
 * The temporary name beside a path. It is always the same one, so whoever deletes the file also finds what a killed
 * writer left. Two writers of one path must therefore exclude each other, e.g. by a lock.
 */
export function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

/**
 * Writes the file by temporary name and rename, mode 0600; missing directories are made, mode 0700.
 * Against a killed process that is enough. There is no fsync, on purpose: it costs milliseconds per attachment, and
 * after a power failure every sandbox is gone anyway: readers refuse an empty file, and the boot id tells an old one.
 * @throws CniError IoFailed with path and errno; the old file is then untouched.
 */
export function writeAtomic(path: string, text: string): void {
  const temporary = temporaryOf(path);
  io('write', path, () => {
    try {
      writePlain(temporary, text);
      renameSync(temporary, path);
    } catch (error) {
      deleteIfPossible(temporary);
      throw error;
    }
  });
}

/** Deletes the file and what a killed writer left of it; already gone is success. */
export function deleteAtomic(path: string): void {
  for (const each of [path, temporaryOf(path)]) deletePlain(each);
}

/** Deletes a file that was written in place; already gone is success. IoFailed with path and errno. */
export function deletePlain(path: string): void {
  io('delete', path, () => unlinkIfThere(path));
}

/**
 * Writes the file in place, mode 0600; missing directories are made, mode 0700. For what may be torn by a kill.
 * Throws the system's error.
 */
export function writePlain(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
}

function deleteIfPossible(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The writer's own failure is the one to tell; GC finds the file by its name.
  }
}
