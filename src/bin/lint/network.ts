/** A network's definition, or a CNI configuration file: a network's, or Braid's own. Acts on the model only. */
import type { DefinitionObject } from '../../attach/definition';
import type { NetworkDefinition, Networks } from '../../attach/ports';
import { parseConfig } from '../../cni/config';
import type { Path } from '../../disk/source-map';
import { toCniError } from '../../error';
import { isRecord, type Json } from '../../json';
import { findUnknownKeys } from '../unknown-keys';
import { hints, type LintFinding, toError, toOdd, type Unit, type UnitSources } from './finding';
import { findOddities } from './oddities';
import { inDefinition, mentionedSpot, spotAt } from './place';
import { askingFor, planned } from './planned';

export async function lintDefinition(
  unit: Unit,
  { namespace, name }: DefinitionObject,
  sources: UnitSources,
): Promise<readonly LintFinding[]> {
  return withOddities(
    unit,
    await planned(unit, inDefinition(unit), askingFor(`${namespace}/${name}`, namespace), sources),
  );
}

export async function lintConfig(unit: Unit, sources: UnitSources): Promise<readonly LintFinding[]> {
  const { object } = unit;
  const plugins: readonly unknown[] = Array.isArray(object.plugins) ? object.plugins : [];
  const index = plugins.findIndex((each) => isRecord(each) && each.type === 'braid');
  const listed = plugins[index];
  if (isRecord(listed)) return lintOwn(unit, ['plugins', index], listed, sources);
  if (object.type === 'braid') return lintOwn(unit, [], object, sources);
  if (typeof object.type !== 'string' && !Array.isArray(object.plugins)) return [];
  const networks: Networks = { ...sources.networks, find: async () => toDefinitionOf(unit) };
  const where = (message: string) => mentionedSpot(unit, [], message);
  return withOddities(unit, await planned(unit, where, askingFor('default/lint', 'default'), { ...sources, networks }));
}

/** The node's configuration, with the networks that it gives to every pod. */
async function lintOwn(unit: Unit, at: Path, own: Json, sources: UnitSources): Promise<readonly LintFinding[]> {
  const unknown = findUnknownKeys(unit.object, 'braid.json').map(({ path, message }) =>
    toOdd(unit, spotAt(unit, path), message, hints.unknown),
  );
  const { name = unit.object.name, cniVersion = unit.object.cniVersion } = own;
  try {
    const conf = parseConfig(JSON.stringify({ ...own, name, cniVersion }));
    const warnings = conf.warnings.map((warning) => toOdd(unit, mentionedSpot(unit, [], warning), warning));
    const odd = withoutThoseOf(unknown, warnings);
    if (conf.defaultNetwork.from !== 'delegates') return [...odd, ...unknown];
    const { networks } = conf.defaultNetwork;
    const pod = { namespace: 'default', name: 'lint', uid: undefined, annotations: {} };
    const found = await planned(
      unit,
      (message, error) => {
        const index = networks.findIndex((network) => network.name === error?.where.network);
        return mentionedSpot(unit, index < 0 ? at : [...at, 'delegates', index], message);
      },
      pod,
      { ...sources, conf: { ...conf, strict: false, warnings: [] } },
    );
    return [...odd, ...unknown, ...found];
  } catch (error) {
    const known = toCniError(error);
    return [toError(unit, mentionedSpot(unit, [], known.problem), known), ...unknown];
  }
}

function withOddities(unit: Unit, found: readonly LintFinding[]): readonly LintFinding[] {
  const oddities = findOddities(unit);
  return [...withoutThoseOf(oddities, found), ...oddities];
}

/** The same thing is told once, where it stands. */
export function withoutThoseOf(others: readonly LintFinding[], found: readonly LintFinding[]): readonly LintFinding[] {
  return found.filter(
    ({ reason, message }) => !others.some((other) => other.reason === reason && other.message === message),
  );
}

function toDefinitionOf({ object, file }: Unit): NetworkDefinition {
  return { namespace: 'default', name: 'lint', config: JSON.stringify(object), source: file, resourceName: undefined };
}
