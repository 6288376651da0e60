/** Wraps node:fs so that nothing is written outside the allowed directories, and who tried is known. Touches what it is asked to. */
import type * as Fs from 'node:fs';
import { normalize } from 'node:path';

/** Every attempt to write elsewhere, as `mkdirSync /etc/x`. */
export const attempts: string[] = [];
let allowed: readonly string[] | undefined;

/** From now on only below these directories; `undefined`: anywhere. */
export function allowWrites(directories: readonly string[] | undefined): void {
  allowed = directories;
}

/** Functions that change what their first argument names; the second too, where there are two paths. */
const writers = [
  'writeFileSync',
  'appendFileSync',
  'mkdirSync',
  'rmdirSync',
  'unlinkSync',
  'rmSync',
  'renameSync',
  'symlinkSync',
  'linkSync',
  'copyFileSync',
  'chmodSync',
  'truncateSync',
  'createWriteStream',
] as const;
const ofTwo: readonly string[] = ['renameSync', 'symlinkSync', 'linkSync', 'copyFileSync'];

/** The module with its writers guarded. */
export function guarded(fs: typeof Fs): typeof Fs {
  const own: Record<string, unknown> = { ...fs };
  for (const name of writers) {
    own[name] = (...args: unknown[]) => {
      for (const path of args.slice(0, ofTwo.includes(name) ? 2 : 1)) requireAllowed(name, path);
      return (fs[name] as (...args: unknown[]) => unknown)(...args);
    };
  }
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants;
  own.openSync = (path: Fs.PathLike, flags: Fs.OpenMode = 'r', mode?: Fs.Mode) => {
    const writes = typeof flags === 'number' ? (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) !== 0 : flags !== 'r';
    if (writes) requireAllowed('openSync', path);
    return fs.openSync(path, flags, mode);
  };
  return { ...own, default: own } as unknown as typeof Fs;
}

function requireAllowed(name: string, path: unknown): void {
  if (allowed === undefined || typeof path === 'number') return; // a descriptor was asked for by its path before
  const plain = normalize(String(path));
  if (allowed.some((directory) => plain === directory || plain.startsWith(`${directory}/`))) return;
  attempts.push(`${name} ${plain}`);
  throw Object.assign(new Error(`EPERM: the fuzz allows no ${name} of ${plain}`), { code: 'EPERM' });
}
