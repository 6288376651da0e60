/** A tar archive whose bytes depend on its contents only: sorted as given, no times, owner root. Pure. */

/** A file or, without bytes, a directory; `path` without a slash in front, directories before what is in them. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly bytes?: Uint8Array;
}

const block = 512;

/** The archive in ustar format. Paths have at most 100 bytes. */
export function toTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, mode, bytes }) => {
    const size = bytes?.length ?? 0;
    const padding = Buffer.alloc((block - (size % block)) % block);
    return [header(path, mode, size, bytes === undefined), bytes ?? Buffer.alloc(0), padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(path: string, mode: number, size: number, isDirectory: boolean): Buffer {
  const name = isDirectory ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new Error(`Cannot put ${name} into a tar: at most 100 bytes`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number): number =>
    bytes.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  bytes.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  bytes.write('        ', 148, 'latin1'); // the checksum counts as blanks
  bytes.write(isDirectory ? '5' : '0', 156, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
