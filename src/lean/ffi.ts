/** The part of bun:ffi that src/kernel uses, by the functions that the lean engine's process is linked with. */
import { host } from './host';

const errnoLocation = '__errno_location';

/** The library is part of the process: its name says nothing. Throws for a function that is not offered. */
export function dlopen(_: string, signatures: Readonly<Record<string, object>>) {
  const names = Object.keys(signatures);
  return { symbols: Object.fromEntries(names.map((name) => [name, name === errnoLocation ? () => 0 : bound(name)])) };
}

function bound(name: string) {
  const found = host.bind(name);
  if (found === undefined) throw new Error(`The lean engine offers no ${name}`);
  return found;
}

/** Reads of memory: there is one place that is read, the number of the last error. */
export const read = { i32: () => host.errno() };

/** Where bytes lie. */
export const ptr = (bytes: Uint8Array): number => host.address(bytes);
