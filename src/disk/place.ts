/** Places files so that they are whole after a power failure and while the old copy runs. Touches the files it is given. */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../error';
import { io, ioUnlessMissing } from './io';

/** Text to write, or a file to copy. */
export type Content = { readonly text: string } | { readonly copyOf: string };

/** A symbolic link to that name. */
export interface Link {
  readonly linkTo: string;
}

/**
 * Writes beside the path, syncs, renames, syncs the directory: whoever runs the old file keeps it (no ETXTBSY), and a
 * full disk leaves it as it was. The temporary name begins with a dot, so no runtime reads it; what a killed
 * installer left is removed. Missing directories are made, mode 0755.
 * @throws CniError IoFailed with path and errno.
 */
export function place(path: string, content: Content, mode: number): void {
  io('write', path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    deleteTemporaries(path);
    const temporary = join(dirname(path), `${prefixOf(path)}${randomBytes(4).toString('hex')}`);
    try {
      if ('text' in content) writeFileSync(temporary, content.text, { mode: 0o600, flag: 'wx' });
      else copyFileSync(content.copyOf, temporary);
      chmodSync(temporary, 0o600);
      const fd = openSync(temporary, 'r+');
      try {
        fchmodSync(fd, mode);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } finally {
      ioUnlessMissing('delete', temporary, () => unlinkSync(temporary)); // after a rename there is none
    }
    syncDirectory(dirname(path));
  });
}

/** Makes the link, or puts it in the place of what is there, and syncs the directory. IoFailed. */
export function placeLink(path: string, { linkTo }: Link): void {
  io('link', path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    deleteTemporaries(path);
    const temporary = join(dirname(path), `${prefixOf(path)}${randomBytes(4).toString('hex')}`);
    symlinkSync(linkTo, temporary);
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  });
}

/** Where a symbolic link leads, as it is written; '' for anything else that is there, `undefined` for nothing. */
export function findLink(path: string): string | undefined {
  return ioUnlessMissing('read', path, () => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : ''));
}

/** Deletes the file for good; already gone is success. */
export function remove(path: string): void {
  const gone = ioUnlessMissing('delete', path, () => {
    unlinkSync(path);
    return true;
  });
  if (gone === true) syncDirectory(dirname(path));
}

/** The file's permission bits; `undefined` when there is no file. */
export function findMode(path: string): number | undefined {
  return ioUnlessMissing('read', path, () => statSync(path).mode & 0o7777);
}

/** SHA-256 of the file in hexadecimal, read piece by piece: the executable has 100 MB; `undefined` when there is no file. */
export function findDigest(path: string): string | undefined {
  return ioUnlessMissing('read', path, () => {
    const fd = openSync(path, 'r');
    try {
      const hash = createHash('sha256');
      const piece = Buffer.alloc(1 << 20);
      for (let length = readSync(fd, piece); length > 0; length = readSync(fd, piece)) {
        hash.update(piece.subarray(0, length));
      }
      return hash.digest('hex');
    } finally {
      closeSync(fd);
    }
  });
}

/** The same of what is to be written. */
export function digestOf(content: Content): string {
  if ('text' in content) return createHash('sha256').update(content.text).digest('hex');
  return findDigest(content.copyOf) ?? fail('IoFailed', `Cannot read ${content.copyOf}: there is no such file`);
}

const prefixOf = (path: string): string => `.${basename(path)}.new-`;

function deleteTemporaries(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefixOf(path))) ioUnlessMissing('delete', name, () => unlinkSync(join(dirname(path), name)));
  }
}

function syncDirectory(path: string): void {
  io('sync', path, () => {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
