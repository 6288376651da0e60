/** What is wrong with network definitions and pods in manifests, found by the code that would attach them. Acts on a model only. */
import { toDefinition } from '../attach/definition';
import type { NetworkDefinition, Networks, Pod } from '../attach/ports';
import { parseConfig } from '../cni/config';
import { parseNetwork } from '../cni/network';
import { manifestsOf } from '../disk/manifests';
import { podsOf } from '../disk/pod-manifests';
import { mapSource, type Path, type Place, type SourceMap } from '../disk/source-map';
import { type CniError, type Reason, toCniError } from '../error';
import { isRecord, type Json, parseObject } from '../json';
import { findSharing, findTwice, type Holder, type Shape, staticAddresses } from '../pod/independence';
import { defaultNetworkAnnotation, networksAnnotation } from '../pod/networks';
import { mentionedPath } from './mentioned';
import { withOwn } from './own-networks';
import { attachmentsOf, type PlanSources, planPod } from './plan';
import { findUnknownKeys } from './unknown-keys';

/** One thing that is wrong, or odd, and where. */
export interface LintFinding extends Place {
  readonly level: 'error' | 'warning';
  readonly reason: Reason | 'Shared' | 'Odd';
  readonly file: string;
  /** Of the configuration or annotation, e.g. `ipam.subnet`. */
  readonly field: string | undefined;
  readonly message: string;
  readonly hint: string;
}

/** A file to be looked at. */
export interface LintFile {
  readonly path: string;
  readonly text: string;
}

/** What lint knows beside the files: the node's configuration, and networks that stand elsewhere. */
export interface LintSources extends PlanSources {
  /** Every network is among the files and sources: one that is missing is an error, not a warning. */
  readonly complete: boolean;
}

/** An object of the cluster as a file: it is called after kind, namespace and name. */
export function toObjectFile(object: Json): LintFile {
  const { namespace, name } = isRecord(object.metadata) ? object.metadata : {};
  const kind = object.kind === 'Pod' ? 'pod' : 'network';
  return { path: `${kind} ${namespace}/${name}`, text: JSON.stringify(object, undefined, 2) };
}

interface Unit {
  readonly file: string;
  readonly map: SourceMap;
  readonly document: number;
  readonly at: Path;
  readonly object: Json;
}

/** The findings, in the order of files and lines. */
export async function lintFiles(files: readonly LintFile[], sources: LintSources): Promise<readonly LintFinding[]> {
  const read = files.map((file) => ({ ...file, map: mapSource(file.text) }));
  const units = read.flatMap(({ path, map }) =>
    map.documents.flatMap((value, document) => unitsOf(value, { file: path, map, document, at: [] })),
  );
  const networks = units.reduce((rest, { object, file }) => withOwn([object], file, rest), sources.networks);
  const broken = read.flatMap(({ path, map }) => (map.mistake === undefined ? [] : [toMistake(path, map.mistake)]));
  const found: LintFinding[] = [];
  for (const unit of units) found.push(...(await lintUnit(unit, { ...sources, networks })));
  const all = [...broken, ...found, ...sharing(units), ...(await askedTwice(units, { ...sources, networks }))];
  const order = files.map(({ path }) => path);
  return all.toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** The objects of a document, lists taken apart. */
function unitsOf(value: unknown, place: Omit<Unit, 'object'>): readonly Unit[] {
  if (!isRecord(value)) return [];
  const { items } = value;
  if (typeof value.kind !== 'string' || !value.kind.endsWith('List') || !Array.isArray(items))
    return [{ ...place, object: value }];
  return items.flatMap((item, index) => unitsOf(item, { ...place, at: [...place.at, 'items', index] }));
}

async function lintUnit(unit: Unit, sources: LintSources): Promise<readonly LintFinding[]> {
  const { object, file } = unit;
  if (isRecord(object) && object.kind === undefined) return lintConfig(unit, sources);
  const [definition] = manifestsOf(object, file);
  if (definition !== undefined) {
    const { namespace, name } = definition;
    const found = await planned(unit, toNetworkPlace(unit), askingFor(`${namespace}/${name}`, namespace), sources);
    return [...found, ...unknownInText(unit)];
  }
  const pods = podsOf([object], 'default');
  const found: LintFinding[] = [];
  for (const pod of pods) found.push(...(await planned(unit, toAnnotationPlace(unit), pod, sources)));
  return found;
}

/** A CNI configuration file: Braid's own, or a network's. */
async function lintConfig(unit: Unit, sources: LintSources): Promise<readonly LintFinding[]> {
  const { object } = unit;
  const own = Array.isArray(object.plugins)
    ? object.plugins.find((each) => isRecord(each) && each.type === 'braid')
    : object;
  const where = (message: string) => placeOf(unit, [], message, object);
  if (own === undefined || own.type !== 'braid') {
    if (typeof object.type !== 'string' && !Array.isArray(object.plugins)) return [];
    const networks: Networks = { ...sources.networks, find: async () => toDefinitionOf(unit) };
    const found = await planned(unit, where, askingFor('default/lint', 'default'), { ...sources, networks });
    return [...found, ...unknownIn(unit, 'network.json')];
  }
  try {
    const { name = object.name, cniVersion = object.cniVersion } = own;
    const { warnings } = parseConfig(JSON.stringify({ ...own, name, cniVersion }));
    const unknown = unknownIn(unit, 'braid.json');
    const others = warnings.filter((warning) => !unknown.some(({ message }) => message === warning));
    return [...others.map((warning) => toFinding(unit, where(warning), 'Odd', warning)), ...unknown];
  } catch (error) {
    return [toErrorFinding(unit, where, toCniError(error), 'error'), ...unknownIn(unit, 'braid.json')];
  }
}

/** Keys that no table has, in a configuration that is a document of its own. */
function unknownIn(unit: Unit, schema: string): readonly LintFinding[] {
  return findUnknownKeys(unit.object, schema).map(({ path, message }) => {
    const place = unit.map.place(unit.document, [...unit.at, ...path]);
    return toUnknown(unit, { ...place, field: shownPath(path) }, message);
  });
}

/** The same in the text of `spec.config`. */
function unknownInText(unit: Unit): readonly LintFinding[] {
  const at = [...unit.at, 'spec', 'config'];
  const config = valueAt(unit.object, ['spec', 'config']);
  const value = typeof config === 'string' ? parsedOr(config) : undefined;
  return findUnknownKeys(value, 'network.json').map(({ path, message }) => {
    const place = unit.map.placeInside(unit.document, at, path);
    return toUnknown(unit, { ...place, field: shownPath(path) }, message);
  });
}

function toDefinitionOf({ object, file }: Unit): NetworkDefinition {
  return { namespace: 'default', name: 'lint', config: JSON.stringify(object), source: file, resourceName: undefined };
}

/** Runs ADD on the model; what it refuses is an error, what it warns of a warning. */
async function planned(unit: Unit, where: Where, pod: Pod, sources: LintSources): Promise<readonly LintFinding[]> {
  try {
    const { warnings } = await planPod(pod, sources);
    return warnings.map((warning) => toFinding(unit, where(warning), 'Odd', warning));
  } catch (error) {
    const known = toCniError(error);
    if (known.reason === 'Internal') throw error;
    const elsewhere = known.reason === 'NetworkMissing' && !sources.complete;
    const perhaps = elsewhere || known.reason === 'AddressMissing'; // a pod may ask for its own address
    return [toErrorFinding(unit, where, known, perhaps ? 'warning' : 'error')];
  }
}

type Where = (message: string, error?: CniError) => Place & { readonly field: string | undefined };

/** In the configuration that stands in `spec.config`. */
function toNetworkPlace(unit: Unit): Where {
  const spec = isRecord(unit.object.spec) ? unit.object.spec : {};
  const at = [...unit.at, 'spec', 'config'];
  return (message, error) => {
    const { config } = spec;
    if (typeof config !== 'string') return { ...unit.map.place(unit.document, at), field: 'spec.config' };
    const value = parsedOr(config);
    if (value === undefined && error !== undefined)
      return { ...unit.map.placeInside(unit.document, at, 'mistake'), field: 'spec.config' };
    const path = mentionedPath(message, value);
    return { ...unit.map.placeInside(unit.document, at, path), field: shownPath(path) };
  };
}

/** In the annotation of the pod, or of the template. */
function toAnnotationPlace(unit: Unit): Where {
  return (message) => {
    const key = message.includes(defaultNetworkAnnotation) ? defaultNetworkAnnotation : networksAnnotation;
    const templates: readonly Path[] = [[], ['spec', 'template'], ['spec', 'jobTemplate', 'spec', 'template']];
    const holder = templates.find((path) => isRecord(valueAt(unit.object, [...path, 'metadata', 'annotations']))) ?? [];
    const at = [...holder, 'metadata', 'annotations', key];
    const text = valueAt(unit.object, at);
    const whole = [...unit.at, ...at];
    if (typeof text !== 'string') return { ...unit.map.place(unit.document, whole), field: key };
    const list = parsedOr(`{"${key}":${text}}`);
    const path = list === undefined ? [] : mentionedPath(message, list).slice(1);
    const inner = list === undefined && /^\s*[[{]/.test(text) ? 'mistake' : path;
    return { ...unit.map.placeInside(unit.document, whole, inner), field: `${key}${shownPath(path) ?? ''}` };
  };
}

function placeOf(unit: Unit, at: Path, message: string, value: unknown): ReturnType<Where> {
  const path = mentionedPath(message, value);
  return { ...unit.map.place(unit.document, [...unit.at, ...at, ...path]), field: shownPath(path) };
}

function toErrorFinding(unit: Unit, where: Where, error: CniError, level: LintFinding['level']): LintFinding {
  const { reason, problem, hint } = error;
  return { level, reason, file: unit.file, ...where(problem, error), message: problem, hint };
}

function toFinding(unit: Unit, place: ReturnType<Where>, reason: LintFinding['reason'], message: string): LintFinding {
  return { level: 'warning', reason, file: unit.file, ...place, message, hint: 'odd, but usable; "strict" refuses it' };
}

function toUnknown(unit: Unit, place: ReturnType<Where>, message: string): LintFinding {
  return { ...toFinding(unit, place, 'Odd', message), hint: 'Braid does not read it: fix its name, or take it out' };
}

function toMistake(file: string, { place, problem }: NonNullable<SourceMap['mistake']>): LintFinding {
  const hint = 'the file must be YAML or JSON';
  return { level: 'error', reason: 'DecodeFailed', file, ...place, field: undefined, message: problem, hint };
}

/** What two networks share that should be independent; told at the later one. */
function sharing(units: readonly Unit[]): readonly LintFinding[] {
  const shapes = units.flatMap((unit) => shapeOf(unit).map((shape) => ({ unit, shape })));
  return shapes.flatMap(({ unit, shape }, at) =>
    shapes.slice(0, at).flatMap((other) =>
      findSharing([other.shape, shape]).map(
        (message): LintFinding => ({
          level: 'warning',
          reason: 'Shared',
          file: unit.file,
          ...unit.map.place(unit.document, [...unit.at, 'metadata', 'name']),
          field: undefined,
          message,
          hint: 'fine when it is meant; else give each its own VLAN, bridge, subnet or name',
        }),
      ),
    ),
  );
}

/** Static addresses that two of the pods ask for on one network; told at the later pod. A template's pods are one pod here. */
async function askedTwice(units: readonly Unit[], sources: LintSources): Promise<readonly LintFinding[]> {
  const holders: { readonly unit: Unit; readonly holder: Holder }[] = [];
  for (const unit of units)
    for (const pod of podsOf([unit.object], 'default')) {
      const attachments = await attachmentsOf(pod, sources).catch(() => []); // told where it is looked at on its own
      const held = attachments.map((one) => ({ ...one, addresses: staticAddresses(one) }));
      holders.push({ unit, holder: { pod: `pod ${pod.namespace}/${pod.name}`, attachments: held } });
    }
  return holders.flatMap(({ unit, holder }, at) =>
    holders.slice(0, at).flatMap((other) =>
      findTwice([other.holder, holder]).map(
        (message): LintFinding => ({
          level: 'warning',
          reason: 'Shared',
          file: unit.file,
          ...toAnnotationPlace(unit)(message),
          message,
          hint: 'on one node the second pod is refused; give each pod an address of its own',
        }),
      ),
    ),
  );
}

function shapeOf({ object, file }: Unit): readonly Shape[] {
  const [definition] = manifestsOf(object, file);
  if (definition === undefined) return [];
  try {
    const { config, name, namespace } = toDefinition(definition);
    const network = parseNetwork(config, name);
    return [{ network: `${namespace}/${name}`, name: network.name, plugins: network.plugins, isDefault: false }];
  } catch {
    return []; // told where it is looked at on its own
  }
}

/** A pod that asks for that one network. */
function askingFor(network: string, namespace: string): Pod {
  return { namespace, name: 'lint', uid: undefined, annotations: { [networksAnnotation]: network } };
}

function parsedOr(text: string): Json | undefined {
  try {
    return parseObject(text, 'text');
  } catch {
    return undefined;
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), value);
}

function shownPath(path: Path): string | undefined {
  if (path.length === 0) return undefined;
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}
