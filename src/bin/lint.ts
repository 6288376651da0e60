/** What is wrong with network definitions and pods in manifests, found by the code that would attach them. Acts on a model only. */
import { manifestsOf } from '../disk/manifests';
import { isRecord, type Json } from '../json';
import type { LintFile, LintFinding, LintSources, Unit, UnitSources } from './lint/finding';
import { lintConfig, lintDefinition, withoutThoseOf } from './lint/network';
import { findObjectMistake } from './lint/object';
import { lintPod } from './lint/pod';
import { readFile } from './lint/read';
import { findAskedTwice, findDefinedTwice, findShared, namesOf } from './lint/together';
import { withOwn } from './own-networks';

export type { LintFile, LintFinding, LintSources };

/** An object of the cluster as a file: it is called after kind, namespace and name. */
export function toObjectFile(object: Json): LintFile {
  const { namespace, name } = isRecord(object.metadata) ? object.metadata : {};
  const kind = object.kind === 'Pod' ? 'pod' : 'network';
  return { path: `${kind} ${namespace}/${name}`, text: JSON.stringify(object, undefined, 2) };
}

/** The findings, in the order of files and lines. */
export async function lintFiles(files: readonly LintFile[], given: LintSources): Promise<readonly LintFinding[]> {
  const read = files.map(readFile);
  const units = read.flatMap((file) => file.units);
  const networks = units.reduce((rest, { object, file }) => withOwn([object], file, rest), given.networks);
  const sources = { ...given, networks, defined: units.flatMap(namesOf) };
  const ofNetworks: LintFinding[] = [];
  const ofPods: LintFinding[] = [];
  for (const unit of units) {
    ofNetworks.push(...(await lintNetwork(unit, sources)));
    ofPods.push(...(await lintPod(unit, sources)));
  }
  const found = [
    ...read.flatMap(({ broken }) => broken),
    ...ofNetworks,
    ...withoutThoseOf(ofNetworks, ofPods), // a pod meets what is wrong with its network, too
    ...findDefinedTwice(units),
    ...findShared(units),
    ...(await findAskedTwice(units, sources)),
  ];
  const order = files.map(({ path }) => path);
  return found.toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

async function lintNetwork(unit: Unit, sources: UnitSources): Promise<readonly LintFinding[]> {
  const mistake = findObjectMistake(unit);
  if (mistake !== undefined) return [mistake];
  if (unit.object.kind === undefined) return await lintConfig(unit, sources);
  const [definition] = manifestsOf(unit.object, unit.file);
  return definition === undefined ? [] : await lintDefinition(unit, definition, sources);
}
