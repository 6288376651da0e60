/** From a manifest's text, YAML or JSON, to the NetworkAttachmentDefinitions in it. Pure. */
import type { DefinitionObject } from '../attach/definition';
import { fail } from '../error';
import { isRecord, jsonMistake } from '../json';

/** What a NetworkAttachmentDefinition calls itself. */
export const definitionApiVersion = 'k8s.cni.cncf.io/v1';
export const definitionKind = 'NetworkAttachmentDefinition';

/**
 * The NetworkAttachmentDefinitions of a file, in order: several YAML documents, lists, or one JSON object. Other kinds are ignored.
 * @throws CniError NetworkInvalid with file, line and column when the text is neither YAML nor JSON.
 */
export async function parseManifests(text: string, source: string): Promise<readonly DefinitionObject[]> {
  return (await parseDocuments(text, source)).flatMap((document) => manifestsOf(document, source));
}

/** Every document of a manifest, in order, lists taken apart by nobody. NetworkInvalid as parseManifests. */
export async function parseDocuments(text: string, source: string): Promise<readonly unknown[]> {
  return source.endsWith('.json') ? parseJson(text, source) : await parseYaml(text, source);
}

/** The definitions in a document, lists of them included; other kinds are ignored. */
export function manifestsOf(value: unknown, source: string): readonly DefinitionObject[] {
  if (!isRecord(value)) return [];
  if (value.kind === 'List' || value.kind === `${definitionKind}List`)
    return Array.isArray(value.items) ? value.items.flatMap((item) => manifestsOf(item, source)) : [];
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  if (value.apiVersion !== definitionApiVersion || value.kind !== definitionKind || typeof metadata.name !== 'string')
    return [];
  const namespace =
    typeof metadata.namespace === 'string' && metadata.namespace !== '' ? metadata.namespace : 'default';
  return [{ namespace, name: metadata.name, object: value, source }];
}

function parseJson(text: string, source: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (cause) {
    return fail('NetworkInvalid', `Cannot read ${source}: ${jsonMistake(text, cause)}`, { cause });
  }
}

/** The runtime's parser, the yaml package in the lean engine, does not say alike where a mistake is. */
async function parseYaml(text: string, source: string): Promise<readonly unknown[]> {
  try {
    const documents: unknown = Bun.YAML.parse(outdented.test(text) ? indentQuoted(text) : text);
    return Array.isArray(documents) ? documents : [documents]; // an array: one item a document
  } catch (cause) {
    return fail('NetworkInvalid', `Cannot read ${source}: invalid YAML ${await yamlMistake(text, cause)}`, { cause });
  }
}

/** Where and what the mistake is, by the yaml package: it takes 30 ms to load, so only now. */
async function yamlMistake(text: string, cause: unknown): Promise<string> {
  const { parseAllDocuments } = await import('yaml');
  const mistake = [...parseAllDocuments(indentQuoted(text))].flatMap(({ errors }) => errors)[0];
  const [{ line, col }] = mistake?.linePos ?? [{ line: 1, col: 1 }];
  const words = mistake?.message.replace(/ at line \d+, column \d+:?[\s\S]*$/, '') ?? String(cause);
  return `at line ${line}, column ${col}: ${words}`;
}

/** A line that begins with the end of a quoted JSON text, as in most NetworkAttachmentDefinitions ever published. */
const outdented = /^[ \t]*[}\]]+['"]/m;

/**
 * YAML wants every line of a quoted text further right than its key; libyaml, and with it kubectl, does not look, and
 * people write `  }'`. Blanks at the start of such a line mean nothing, so more of them change nothing.
 */
export function indentQuoted(text: string): string {
  let open: { readonly quote: string; readonly indent: string } | undefined;
  return text
    .split('\n')
    .map((line) => {
      const [, indent = '', quote, rest = ''] = /^(\s*)(?:- +)*[\w."/-]+:\s+(['"])(.*)$/s.exec(line) ?? [];
      const here = open ?? (quote === undefined ? undefined : { quote, indent });
      if (here === undefined) return line;
      const shifted = open === undefined ? line : `${here.indent}    ${line.trimStart()}`;
      open = closes(open === undefined ? rest : line, here.quote) ? undefined : here;
      return shifted;
    })
    .join('\n');
}

/** Whether the quoted text ends on this line; an escaped quote does not end it. */
function closes(line: string, quote: string): boolean {
  return line.replace(quote === "'" ? /''/g : /\\./g, '').includes(quote);
}
