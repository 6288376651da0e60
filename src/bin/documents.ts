/** Manifests as the command line names them. Reads files, and standard input for `-`. */
import { readFileSync } from 'node:fs';
import { parseDocuments } from '../disk/manifests';

/** The text of that file. */
export function readNamed(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8');
}

/** The documents of a manifest. Errors name the file. */
export async function readDocuments(file: string): Promise<readonly unknown[]> {
  return parseDocuments(readNamed(file), file === '-' ? 'standard input' : file);
}
