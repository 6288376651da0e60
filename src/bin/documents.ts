/** Manifests as the command line names them. Reads files, and standard input for `-`. */
import { readFileSync } from 'node:fs';
import { io } from '../disk/io';
import { parseDocuments } from '../disk/manifests';

/** The text of that file. IoFailed names it. */
export function readNamed(file: string): string {
  return io('read', file === '-' ? 'standard input' : file, () => readFileSync(file === '-' ? 0 : file, 'utf8'));
}

/** The documents of a manifest. Errors name the file. */
export async function readDocuments(file: string): Promise<readonly unknown[]> {
  return parseDocuments(readNamed(file), file === '-' ? 'standard input' : file);
}
