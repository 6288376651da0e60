/** A pod, or the template of one: what its annotations ask for, and whether anybody reads them. Acts on the model only. */
import { podsOf, templatePath } from '../../disk/pod-manifests';
import type { Path } from '../../disk/source-map';
import { CniError } from '../../error';
import { isRecord, shown } from '../../json';
import { findNearMiss } from '../../near';
import { defaultNetworkAnnotation, networksAnnotation } from '../../pod/networks';
import { type LintFinding, toError, type Unit, type UnitSources } from './finding';
import { annotationsPath, inAnnotation, shownPath, spotAt, valueAt } from './place';
import { planned } from './planned';

const keys: readonly string[] = [networksAnnotation, defaultNetworkAnnotation];

export async function lintPod(unit: Unit, sources: UnitSources): Promise<readonly LintFinding[]> {
  const template = templatePath(unit.object.kind);
  if (template === undefined) return [];
  const found = [...misspelt(unit), ...misplaced(unit), ...withoutNetworks(unit, template)];
  for (const pod of podsOf([unit.object], 'default'))
    found.push(...(await planned(unit, inAnnotation(unit), pod, sources)));
  return found;
}

/** Annotations whose key nobody reads, and values that Kubernetes refuses. */
function misspelt(unit: Unit): readonly LintFinding[] {
  const at = annotationsPath(unit);
  const annotations = valueAt(unit.object, at);
  if (!isRecord(annotations)) return [];
  return Object.entries(annotations).flatMap(([key, value]) => {
    const meant = keys.includes(key) ? undefined : meantKey(key);
    if (meant !== undefined)
      return refused(unit, [...at, key], `Cannot use ${shown(key)} in annotations: did you mean ${shown(meant)}?`);
    if (!keys.includes(key) || typeof value === 'string') return [];
    return refused(unit, [...at, key], `Cannot use ${shown(value)} as ${key}: need a string, put it in quotes`);
  });
}

/** Misspelt, or with a group that is left out. */
function meantKey(key: string): string | undefined {
  const loose = /\/networks$/.test(key) && /cncf|cni/.test(key) ? networksAnnotation : undefined;
  return findNearMiss(key, keys) ?? loose;
}

/** An annotation that stands where no pod gets it. */
function misplaced(unit: Unit): readonly LintFinding[] {
  const right = annotationsPath(unit);
  return keys.flatMap((key) => {
    const there = valueAt(unit.object, [...right, key]);
    const [wrong] = pathsTo(key, unit.object, []);
    if (there !== undefined || wrong === undefined) return [];
    const place = shownPath(wrong.slice(0, -1)) ?? 'the object itself';
    return refused(unit, wrong, `Cannot use ${key} in ${place}: no pod gets it there, need it in ${shownPath(right)}`);
  });
}

/** The runtime calls no CNI plugin for a pod in the node's network. */
function withoutNetworks(unit: Unit, template: Path): readonly LintFinding[] {
  const asked = valueAt(unit.object, [...annotationsPath(unit), networksAnnotation]);
  const path = [...template, 'spec', 'hostNetwork'];
  if (typeof asked !== 'string' || asked.trim() === '' || valueAt(unit.object, path) !== true) return [];
  const problem = `Cannot attach ${shown(asked)}: with hostNetwork the pod has the node's interfaces and no other`;
  return refused(unit, path, problem);
}

function refused(unit: Unit, path: Path, problem: string): readonly LintFinding[] {
  return [toError(unit, spotAt(unit, path), new CniError('AnnotationInvalid', problem))];
}

function pathsTo(key: string, value: unknown, at: Path): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => pathsTo(key, each, [...at, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key ? [[...at, name]] : pathsTo(key, inner, [...at, name]),
  );
}
