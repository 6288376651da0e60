/** A pod's networks annotation, short form or JSON, as selections. Pure. */
import { fail } from '../error';
import { parseJson, shown } from '../json';
import { type Family, familyOf } from '../net/ip';
import { ifName } from '../net/names';
import { namespaceName, networkName, parseSelection, type Selection } from './selection';

/** The networks a pod asks for besides its default one. */
export const networksAnnotation = 'k8s.v1.cni.cncf.io/networks';
/** The network a pod asks for in place of the node's default one. */
export const defaultNetworkAnnotation = 'v1.multus-cni.io/default-network';

/** What an annotation says, and what in it is odd without being wrong. */
export interface Selections {
  readonly selections: readonly Selection[];
  readonly warnings: readonly string[];
}

const reason = 'AnnotationInvalid';
const longest = 262144; // characters: what Kubernetes allows all annotations of an object together

/**
 * Parses `k8s.v1.cni.cncf.io/networks` (multus-behaviour.md 2.1). Absent, empty and blank ask for nothing.
 * AnnotationInvalid tells the place; FieldUnsupported for a field that Braid knows but does not honour.
 */
export function parseNetworks(text: string | undefined, podNamespace: string): Selections {
  const parsed = parseText(text ?? '', networksAnnotation, podNamespace);
  requireOneDefaultRoute(parsed.selections);
  return parsed;
}

/**
 * Parses `v1.multus-cni.io/default-network`: exactly one network, by default one of `namespace` (`multusNamespace`);
 * `undefined` when the pod has no such annotation. Errors as parseNetworks.
 */
export function parseDefaultNetwork(
  text: string | undefined,
  namespace: string,
): { readonly selection: Selection; readonly warnings: readonly string[] } | undefined {
  if (text === undefined) return undefined;
  const { selections, warnings } = parseText(text, defaultNetworkAnnotation, namespace);
  const [selection, ...others] = selections;
  if (selection !== undefined && others.length === 0) return { selection, warnings };
  return fail(
    reason,
    `Cannot use ${shown(text)} as ${defaultNetworkAnnotation}: need exactly one network, got ${selections.length}`,
  );
}

function parseText(text: string, key: string, namespace: string): Selections {
  if (text.length > longest)
    fail(reason, `Cannot read ${key}: it has ${text.length} characters, need at most ${longest}`);
  const plain = trimmed(text);
  if (plain === '') return { selections: [], warnings: [] };
  requireBare(plain, key);
  const isJson = plain.includes('{') || plain.includes('[') || plain.includes('"');
  return isJson ? parseList(text, key, namespace) : parseShort(text, key, namespace);
}

function parseList(text: string, key: string, namespace: string): Selections {
  const value = parseJson(text, key, reason);
  if (!Array.isArray(value)) return fail(reason, `Cannot use ${shown(value)} as ${key}: need a list, [ … ]`);
  const warnings: string[] = [];
  const selections = value.map((element, index) => parseSelection(element, `${key}[${index}]`, namespace, warnings));
  return { selections, warnings };
}

/** `[namespace/]name[@interface]`, separated by commas. */
function parseShort(text: string, key: string, namespace: string): Selections {
  requireAscii(text, key);
  const warnings: string[] = [];
  const selections = text.split(',').map((item, index): Selection => {
    const place = `${key}[${index}]`;
    const whole = trimmed(item);
    if (whole === '')
      return fail(reason, `Cannot use ${shown(text)} as ${key}: item ${index + 1} is empty, remove a comma`);
    const path = whole.split('/').map(trimmed);
    const [name = '', wanted = '', ...more] = (path[path.length - 1] ?? '').split('@').map(trimmed);
    if (/[\s;|]/.test([...path.slice(0, -1), name].join('')))
      fail(reason, `Cannot use ${shown(whole)} as ${place}: need commas between networks, and a name without blanks`);
    if (path.length > 2 || more.length > 0) {
      return fail(reason, `Cannot use ${shown(whole)} as ${place}: need [namespace/]name[@interface]`);
    }
    if (whole.endsWith('@')) warnings.push(`${shown(whole)} in ${place} names no interface after @`);
    const from = path.length === 2 && path[0] !== '' ? (path[0] ?? '') : namespace;
    return {
      namespace: namespaceName(from, `namespace of ${place}`),
      name: networkName(name, `name of ${place}`),
      ...(wanted === '' ? {} : { ifName: ifName(wanted, `interface of ${place}`, reason) }),
    };
  });
  return { selections, warnings };
}

const quotes = '"\'`“”‘’';

/** A template that quotes twice: the value itself begins and ends with a quote. */
function requireBare(text: string, key: string): void {
  if (text.length > 1 && quotes.includes(text.charAt(0)) && quotes.includes(text.charAt(text.length - 1)))
    fail(reason, `Cannot use ${shown(text)} as ${key}: the value is wrapped in quotes, remove them`);
}

/** No name has other characters; a non-breaking space or a typographic quote comes from a word processor. */
function requireAscii(text: string, key: string): void {
  const at = text.search(/[^\t\n\v\f\r -~]/u);
  if (at < 0) return;
  const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  fail(reason, `Cannot use ${shown(text)} as ${key}: character U+${code} at offset ${at} is not allowed`);
}

/** Each family's default route can be asked of one network only; an empty list asks for both. */
function requireOneDefaultRoute(selections: readonly Selection[]): void {
  const takers = new Map<Family, Selection>();
  for (const selection of selections) {
    if (selection.defaultRoute === undefined) continue;
    const asked = new Set(selection.defaultRoute.map(familyOf));
    for (const family of asked.size === 0 ? ([4, 6] as const) : asked) {
      const other = takers.get(family);
      if (other !== undefined) {
        const names = [other, selection].map((each) => `${each.namespace}/${each.name}`).join(' and ');
        fail(reason, `Cannot use default-route of ${names}: need one network for the IPv${family} default route`);
      }
      takers.set(family, selection);
    }
  }
}

/** Without white space around, in one pass; a non-breaking space is none. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start++;
  while (start < end && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && '\t\n\v\f\r '.includes(character);
}
