/** Standard input and output of a CNI call: read whole, written in one write. */

import { ioFailed } from '../disk/io';
import { CniError, fail } from '../error';
import { errnoOf } from '../kernel/errno';
import { readFileSync, writeSync } from '../kernel/fs';

const longestInput = 16 * 1024 * 1024; // bytes; a configuration is a few kilobytes

let text = '';

/** What was read, for who begins the call anew. */
export const inputRead = (): string => text;

/** All of standard input as text. IoFailed when it cannot be read. */
export function readInput(): string {
  try {
    text = readFileSync(0);
  } catch (cause) {
    return fail(
      'IoFailed',
      `Cannot read the configuration from standard input: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return text.length <= longestInput
    ? text
    : fail('DecodeFailed', `Cannot use a configuration of ${text.length} characters: at most ${longestInput}`);
}

/** Writes the text to standard output with plain writes: nothing is left in a buffer when the process ends. */
export function writeOutput(text: string): void {
  try {
    writeAll(Buffer.from(text));
  } catch (error) {
    if (!(error instanceof CniError) || error.reason !== 'Internal') throw error;
    (require('node:fs') as typeof import('node:fs')).writeSync(1, text); // no C library: the error object says so
  }
}

function writeAll(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes.subarray(at));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') continue; // a full pipe: its reader is behind
      throw error instanceof CniError ? error : ioFailed('write', 'standard output', error);
    }
  }
}
