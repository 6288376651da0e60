/** Paths of files as text: what node:path says of absolute ones, for calls, whose engine has none. Pure. */

/** The parts with one slash between them; `.` and `..` stay. */
export function join(...parts: readonly string[]): string {
  const joined = parts.join('/');
  return joined.includes('//') ? joined.replace(/\/{2,}/g, '/') : joined;
}

/** The directory that holds it; the root's is the root. */
export function dirname(path: string): string {
  const bare = withoutSlashes(path);
  const end = bare.lastIndexOf('/');
  return end > 0 ? withoutSlashes(bare.slice(0, end)) || '/' : path.startsWith('/') ? '/' : '.';
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The last extension with its dot, empty when there is none: a name that begins with the dot has none. */
export function extname(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot) : '';
}

/** An absolute path without `..`, the empty parts and `.` left out; a slash at the end goes, too. */
export function normalize(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}
