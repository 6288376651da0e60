/** Files in memory. Touches nothing. */
import type { Files } from '../../src/attach/ports';

/** The given texts by path; every other path does not exist. */
export function fakeFiles(texts: Readonly<Record<string, string>> = {}): Files {
  return { readText: async (path) => texts[path], exists: async (path) => texts[path] !== undefined };
}
