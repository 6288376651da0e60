/** Finds what CNI directories the configuration of a host's container runtime names, with the files that it reads after its own. Reads the disk. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { mergeRuntimeDirs, parseRuntimeConfig, type RuntimeConfig, type RuntimeDirs } from '../cni/runtime-dirs';
import { readText } from './files';
import { inRoot } from './host-root';
import { ioUnlessMissing } from './io';

/** What was named, and the file that names it last. */
export interface NamedDirs extends RuntimeDirs {
  readonly source: string;
}

interface File extends RuntimeConfig {
  readonly path: string;
}

/** In those files of the host, and what they import; paths are the host's. `undefined`: they name none. */
export function findNamedDirs(root: string, patterns: readonly string[]): NamedDirs | undefined {
  const own = patterns.flatMap((pattern) => matches(root, pattern)).map((path) => read(root, path));
  const all = own.flatMap((file) => {
    const imported = file.imports.flatMap((pattern) => matches(root, resolve(dirname(file.path), pattern)));
    return [file, ...imported.map((path) => read(root, path))];
  });
  const source = all.findLast(({ confDir, binDirs }) => confDir !== undefined || binDirs.length > 0)?.path;
  return source === undefined ? undefined : { ...mergeRuntimeDirs(all), source };
}

function read(root: string, path: string): File {
  return { path, ...parseRuntimeConfig(ioUnlessMissing('read', path, () => readText(inRoot(root, path))) ?? '') };
}

/** Files of that path, whose last part may have `*`; in the order of their names. */
function matches(root: string, pattern: string): readonly string[] {
  const directory = dirname(pattern);
  const parts = basename(pattern)
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const name = new RegExp(`^${parts.join('.*')}$`);
  const there = ioUnlessMissing('read', directory, () => readdirSync(inRoot(root, directory))) ?? [];
  return there
    .filter((each) => name.test(each))
    .sort()
    .map((each) => join(directory, each));
}
