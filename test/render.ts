/** conf/base, its overlays and the chart as objects, rendered by few words of our own. Reads conf/ only. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const conf = join(import.meta.dirname, '../conf');

/** A Kubernetes object. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export const read = (file: string): string => readFileSync(join(conf, file), 'utf8');

/** The documents of a YAML text. */
export function parse(text: string): readonly Manifest[] {
  const documents: unknown = Bun.YAML.parse(text);
  return (Array.isArray(documents) ? documents : [documents]) as readonly Manifest[];
}

/** A tree of values: what values.yaml is, and an object while it is patched. */
type Tree = Record<string, unknown>;

/** values.yaml of the chart, with some values in the place of its own, by their paths. */
export function chartValues(changes: Readonly<Record<string, unknown>> = {}): Tree {
  const [values] = parse(read('chart/values.yaml')) as unknown as [Tree];
  for (const [path, value] of Object.entries(changes)) replace(values, path.split('.'), value);
  return values;
}

/** A value of a tree by its path. */
export function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Tree)[key], values);
}

/** A template of the chart with values put in. Only what this chart uses: a value as JSON, perhaps quoted, and the namespace. */
function filled(template: string, values: Tree): string {
  const text = template
    .replaceAll('{{ .Release.Namespace }}', 'kube-system')
    .replace(/\{\{ \.Values\.([\w.]+) \| toJson( \| quote)? \}\}/g, (_, path: string, quote?: string) => {
      const json = JSON.stringify(valueAt(values, path.split('.')));
      return quote === undefined ? json : JSON.stringify(json);
    });
  if (text.includes('{{')) throw new Error(`a template has more than the words known here:\n${text}`);
  return text;
}

/** The objects of one template. */
export function renderTemplate(name: string, values = chartValues()): readonly Manifest[] {
  return parse(filled(read(`chart/templates/${name}.yaml`), values));
}

/** All that the chart gives, its definitions first. */
export function renderChart(values = chartValues()): readonly Manifest[] {
  const templates = globSync('chart/templates/*.yaml', { cwd: conf }).map(
    (file) => /(\w+)\.yaml$/.exec(file)?.[1] ?? '',
  );
  return [
    ...parse(read('chart/crds/network-attachment-definition.yaml')),
    ...templates.flatMap((name) => renderTemplate(name, values)),
  ];
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

/** One operation of a JSON patch (RFC 6902), of the kind that the overlays use. */
interface Replace {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

export function kustomizationOf(folder: string): Kustomization {
  return (parse(read(`${folder}/kustomization.yaml`)) as unknown as [Kustomization])[0];
}

export function renderBase(): readonly Manifest[] {
  return kustomizationOf('base').resources.flatMap((file) => parse(read(`base/${file}`)));
}

/** conf/base with the patches of an overlay. */
export function renderOverlay(name: string): readonly Manifest[] {
  const objects = structuredClone(renderBase());
  for (const { target, patch } of kustomizationOf(`overlays/${name}`).patches ?? []) {
    const found = objects.find(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
    for (const { op, path, value } of Bun.YAML.parse(patch) as readonly Replace[]) {
      if (op !== 'replace') throw new Error(`the patch of ${name} has ${op}: only replace is known here`);
      replace(found, path.split('/').slice(1), value);
    }
  }
  return objects;
}

/** Puts the value where the path leads, which must be there. */
function replace(object: unknown, path: readonly string[], value: unknown): void {
  const parent = valueAt(object, path.slice(0, -1)) as Tree | undefined;
  const last = path.at(-1) ?? '';
  if (parent?.[last] === undefined) throw new Error(`nothing is at ${path.join('/')}`);
  parent[last] = value;
}
