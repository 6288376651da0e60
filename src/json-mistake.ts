/** What is wrong with a text that is not JSON, and where: the same words whatever the engine says. Pure. */

/** What may come next. */
type Expect = keyof typeof needs;

const needs = {
  value: 'need a value',
  firstOrClose: 'need a value or ]',
  key: 'need a field name in double quotes',
  firstKeyOrClose: 'need a field name in double quotes or }',
  colon: 'need a colon',
  commaOrClose: 'need a comma or the closing bracket',
  end: 'need the end of the text',
  string: 'need \\ and a letter for it in a string',
} as const;

/** The mistake with line and column, the first ones being 1. `cause` is what the engine threw, for what is no mistake of grammar. */
export function jsonMistake(text: string, cause?: unknown): string {
  const found = findMistake(text);
  if (found === undefined) return `invalid JSON: ${cause instanceof Error ? cause.message : 'not readable'}`;
  const { at, expect } = found;
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return `invalid JSON at line ${line}, column ${column}: ${describe(text, at, expect)}`;
}

/** Offset of the first mistake; `undefined` when the text is JSON. */
export function mistakeOffset(text: string): number | undefined {
  return findMistake(text)?.at;
}

function describe(text: string, at: number, expect: Expect): string {
  const code = text.codePointAt(at);
  if (code === undefined) return 'the text ends too early';
  const character = String.fromCodePoint(code);
  const codePoint = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  if (text.startsWith('//', at) || text.startsWith('/*', at)) return 'comments are not allowed in JSON';
  if (code === 0xfeff) return `byte order mark ${codePoint}, save the text without it`;
  if ('“”„‟‘’'.includes(character)) return `typographic quote ${codePoint}, need "`;
  if (character === "'") return "single quote ', need double quotes";
  if ('}]'.includes(character) && (expect === 'value' || expect === 'key') && /,\s*$/.test(text.slice(0, at))) {
    return `comma with nothing after it before ${character}`;
  }
  const printable = code > 0x20 && code < 0x7f;
  return `unexpected ${printable ? character : `character ${codePoint}`}, ${needs[expect]}`;
}

/** Walks the grammar of RFC 8259; `undefined` when the text is JSON. */
function findMistake(text: string): { readonly at: number; readonly expect: Expect } | undefined {
  const open: string[] = [];
  let expect = 'value' as Expect;
  for (let at = skipBlank(text, 0); ; at = skipBlank(text, at)) {
    const character = text[at];
    if (character === undefined) return expect === 'end' ? undefined : { at, expect };
    const takesValue = expect === 'value' || expect === 'firstOrClose';
    const takesKey = expect === 'key' || expect === 'firstKeyOrClose';
    const takesClose = open.at(-1) === '{' ? 'firstKeyOrClose' : 'firstOrClose';
    const closes = open.length > 0 && character === (open.at(-1) === '{' ? '}' : ']');
    if (closes && (expect === 'commaOrClose' || expect === takesClose)) {
      open.pop();
      expect = open.length === 0 ? 'end' : 'commaOrClose';
      at += 1;
    } else if (takesValue && (character === '{' || character === '[')) {
      open.push(character);
      expect = character === '{' ? 'firstKeyOrClose' : 'firstOrClose';
      at += 1;
    } else if (expect === 'colon' && character === ':') {
      expect = 'value';
      at += 1;
    } else if (expect === 'commaOrClose' && character === ',') {
      expect = open.at(-1) === '{' ? 'key' : 'value';
      at += 1;
    } else if ((takesValue || takesKey) && character === '"') {
      const end = stringEnd(text, at + 1);
      if (text[end] !== '"') return { at: end, expect: 'string' };
      at = end + 1;
      if (takesKey) expect = 'colon';
      else expect = open.length === 0 ? 'end' : 'commaOrClose';
    } else {
      const end = takesValue ? wordEnd(text, at) : at;
      if (end === at) return { at, expect };
      at = end;
      expect = open.length === 0 ? 'end' : 'commaOrClose';
    }
  }
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length && '\t\n\r '.includes(text[at] ?? '')) at++;
  return at;
}

/** Offset of the closing quote, or of the first character that a string may not have. */
function stringEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"' || character < ' ') return at;
    if (character !== '\\') continue;
    if (!/^(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/.test(text.slice(at + 1, at + 6))) return at + 1;
    at += 1;
  }
  return text.length;
}

/** End of a number, true, false or null; `from` itself when there is none. */
function wordEnd(text: string, from: number): number {
  const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
  word.lastIndex = from;
  return word.test(text) ? word.lastIndex : from;
}
