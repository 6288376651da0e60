/** Which value of a configuration a message speaks of: messages name the field as it is written. Pure. */
import { isRecord } from '../json';

type Path = readonly (string | number)[];

/**
 * The path whose text stands in the message, best as "… as PATH", else the longest one; a path within a plugin of a list may
 * be named without `plugins[0]`. A key of it that is quoted is meant itself. Without a path: the value that is spoken of.
 */
export function mentionedPath(message: string, value: unknown): Path {
  let best: { readonly path: Path; readonly score: number } = { path: [], score: 0 };
  for (const [path] of pathsOf(value, [])) {
    const inPlugin = path[0] === 'plugins' || path[0] === 'delegates' ? path.slice(2) : path;
    for (const [names, weight] of [
      [path, 3],
      [inPlugin, 2],
      [path.slice(-1), 1],
    ] as const) {
      const text = textOf(names);
      const meant = message.includes(` as ${text}:`) ? 1000 : 0;
      const score = text === '' || !stands(text, message) ? 0 : meant + text.length * 4 + weight;
      if (score > best.score) best = { path, score };
    }
  }
  const quoted = [...pathsOf(value, [])].find(
    ([path]) =>
      path.length === best.path.length + 1 && startsWith(path, best.path) && message.includes(`"${path.at(-1)}" in `),
  );
  if (quoted !== undefined) return quoted[0];
  return best.score > 0 ? best.path : pathOfValue(message, value);
}

/** The last one of the longest: what stands further in is closer. */
function pathOfValue(message: string, value: unknown): Path {
  let best: { readonly path: Path; readonly length: number } = { path: [], length: 2 };
  for (const [path, leaf] of pathsOf(value, []))
    if (typeof leaf === 'string' && leaf.length > best.length && message.includes(leaf))
      best = { path, length: leaf.length };
  return best.path;
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((step, at) => path[at] === step);
}

/** Every path of a value with what is there; of very long lists the beginning. */
function* pathsOf(value: unknown, at: Path): Generator<readonly [Path, unknown]> {
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((each, index) => [index, each] as const)
    : isRecord(value)
      ? Object.entries(value)
      : [];
  for (const [key, inner] of entries.slice(0, 200)) {
    if (at.length > 8) return;
    yield [[...at, key], inner];
    yield* pathsOf(inner, [...at, key]);
  }
}

function textOf(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return text.replace(/^\./, '');
}

/** As a word of its own; a number alone says nothing. */
function stands(text: string, message: string): boolean {
  if (text.startsWith('[')) return false;
  for (let at = message.indexOf(text); at >= 0; at = message.indexOf(text, at + 1)) {
    const [before = ' ', after = ' '] = [message[at - 1], message[at + text.length]];
    if (!/[\w.[-]/.test(before) && !/[\w[-]/.test(after)) return true;
  }
  return false;
}
