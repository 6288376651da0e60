/** Files in memory. Touches nothing. */
import type { Files } from '../attach/ports';

/** The given texts by path; every other path does not exist. `paths` tells which there are. */
export function fakeFiles(texts: Readonly<Record<string, string>> = {}): Files & { paths(): readonly string[] } {
  const held = new Map(Object.entries(texts));
  return {
    readText: async (path) => held.get(path),
    exists: async (path) => [...held.keys()].some((each) => each === path || each.startsWith(`${path}/`)),
    list: async (path) => [
      ...new Set(
        [...held.keys()].flatMap((each) =>
          each.startsWith(`${path}/`) ? (each.slice(path.length + 1).split('/')[0] ?? []) : [],
        ),
      ),
    ],
    writeText: async (path, text) => void held.set(path, text),
    delete: async (path) => void held.delete(path),
    paths: () => [...held.keys()],
  };
}
