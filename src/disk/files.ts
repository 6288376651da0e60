/** Files that a configuration names. Touches the disk. */

import type { Files } from '../attach/ports';
import { fail } from '../error';
import { closeSync, constants, existsSync, fstatSync, openIfThere, readdirSync, readSync } from '../kernel/fs';
import { deleteAtomic, writeAtomic } from './atomic';
import { io, ioUnlessMissing } from './io';

/** Longest text that is read: 1 MiB, the API server's limit for an object, too. */
export const longestFile = 1024 * 1024;

/** Files of this node. */
export const files: Files = {
  readText: async (path) => readText(path),
  exists: async (path) => existsSync(path),
  list: async (path) => ioUnlessMissing('list', path, () => readdirSync(path)) ?? [],
  writeText: async (path, text) => writeAtomic(path, text),
  delete: async (path) => deleteAtomic(path),
};

/**
 * The text of a regular file of at most `most` bytes; `undefined` when there is none. Symbolic links are followed, as mounted ConfigMaps need.
 * Devices and pipes are refused without waiting on them.
 * @throws CniError IoFailed when it is no regular file, larger, or unreadable.
 */
export function readText(path: string, most = longestFile): string | undefined {
  return readBytes(path, most)?.toString();
}

/** As readText, undecoded. */
export function readBytes(path: string, most: number): Buffer | undefined {
  return io('read', path, () => {
    const fd = openIfThere(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (fd === undefined) return undefined;
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) fail('IoFailed', `Cannot read ${path}: need a regular file`);
      if (stat.size > most) fail('IoFailed', `Cannot read ${path}: ${stat.size} bytes, at most ${most} are read`);
      return readAll(fd, stat.size, path, most);
    } finally {
      closeSync(fd);
    }
  });
}

/** Reads to the end, which a file with a size has reached when it gives less than asked: files of /proc say they have 0 bytes. */
function readAll(fd: number, size: number, path: string, most: number): Buffer {
  let bytes = Buffer.allocUnsafe(Math.max(size, 4095) + 1); // one more, to see the end
  let length = 0;
  for (;;) {
    const asked = bytes.length - length;
    const read = readSync(fd, bytes, length, asked, null);
    length += read;
    if (length > most) fail('IoFailed', `Cannot read ${path}: at most ${most} bytes are read`);
    if (read === 0 || (size > 0 && read < asked)) return bytes.subarray(0, length);
    if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(length)]);
  }
}
