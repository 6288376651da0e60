/** Where in a manifest's text a value stands: line and column of a path, also inside JSON that stands in a string. Pure. */
import {
  isCollection,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument,
  type Scalar,
} from 'yaml';
import { mistakeOffset } from '../json-mistake';
import { indentQuoted } from './manifests';

/** Counted from 1, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A path into a document, e.g. ['spec', 'config'] or ['items', 0]. */
export type Path = readonly (string | number)[];

/** A manifest's documents, and where their values stand. */
export interface SourceMap {
  readonly documents: readonly unknown[];
  /** The first mistake of the text, in words. */
  readonly mistake: { readonly place: Place; readonly problem: string } | undefined;
  /** Where that value of that document begins; of what is not there, where its nearest parent does. */
  place(document: number, path: Path): Place;
  /** The same inside a string that holds JSON; `inner` 'mistake' is where it stops being JSON. */
  placeInside(document: number, path: Path, inner: Path | 'mistake'): Place;
}

/** Reads YAML and JSON alike. */
export function mapSource(text: string): SourceMap {
  const shifted = indentQuoted(text); // what kubectl takes, the yaml package does not
  const [before, after] = [text.split('\n'), shifted.split('\n')];
  const lines = new LineCounter();
  const parsed = parseAllDocuments(shifted, { lineCounter: lines, strict: false, uniqueKeys: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  const toPlace = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    const added = (after[line - 1]?.length ?? 0) - (before[line - 1]?.length ?? 0);
    return { line, column: Math.max(1, col - added) };
  };
  const [error] = documents.flatMap(({ errors }) => errors);
  const nodeAt = (document: number, path: Path) => findNode(documents[document]?.contents as Node | null, path);
  return {
    documents: documents.map((document) =>
      document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 }),
    ),
    mistake: error && {
      place: toPlace(error.pos[0]),
      problem: error.message.replace(/ at line \d+, column \d+:?[\s\S]*$/, ''),
    },
    place: (document, path) => toPlace(startOf(nodeAt(document, path))),
    placeInside(document, path, inner) {
      const node = nodeAt(document, path);
      if (!isScalar(node) || typeof node.value !== 'string') return toPlace(startOf(node));
      const offset =
        inner === 'mistake'
          ? (mistakeOffset(node.value) ?? 0)
          : startOf(findNode(parseDocument(node.value).contents as Node, inner));
      return toPlace(outerOffset(shifted, node as Scalar<string>, offset));
    },
  };
}

/** The node at that path, or the last one on the way. A key stands for its value: people look for the key. */
function findNode(root: Node | null | undefined, path: Path): Node | undefined {
  let node = root ?? undefined;
  let shown = node;
  for (const step of path) {
    if (!isCollection(node)) break;
    const key = typeof step === 'string' ? step.toLowerCase() : step;
    const item = node.items.find((each, at) =>
      isPair(each) ? String(isScalar(each.key) ? each.key.value : each.key).toLowerCase() === key : at === key,
    );
    if (item === undefined) break;
    node = (isPair(item) ? item.value : item) as Node | undefined;
    shown = node ?? (isPair(item) ? (item.key as Node) : shown);
  }
  return shown;
}

function startOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

/**
 * From an offset in a string's value to the text it was read from: both are walked along their characters that are not
 * blank, since folding and indentation change blanks only. Quotes and escapes take two characters in the text.
 */
function outerOffset(text: string, scalar: Scalar<string>, offset: number): number {
  const block = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const start = scalar.range?.[0] ?? 0;
  let outer = block ? text.indexOf('\n', start) + 1 : start + (scalar.type === 'PLAIN' ? 0 : 1);
  for (let inner = 0; ; inner++) {
    const character = scalar.value[inner];
    if (character === undefined) return outer;
    if (/\s/.test(character)) continue;
    for (let blank = blankAt(text, outer, scalar); blank > 0; blank = blankAt(text, outer, scalar)) outer += blank;
    if (inner >= offset) return outer;
    const pair =
      (scalar.type === 'QUOTE_SINGLE' && character === "'") || (scalar.type === 'QUOTE_DOUBLE' && text[outer] === '\\');
    outer += pair ? 2 : 1;
  }
}

/** How many characters of blank are written there; an escaped one takes two. */
function blankAt(text: string, at: number, { type }: Scalar): number {
  if (/\s/.test(text[at] ?? '')) return 1;
  return type === 'QUOTE_DOUBLE' && /^\\[nrt\n ]/.test(text.slice(at, at + 2)) ? 2 : 0;
}
