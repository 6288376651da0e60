/** What is wrong with an object that is meant to be a NetworkAttachmentDefinition, before its configuration is looked at. Pure. */
import { definitionApiVersion, definitionKind } from '../../disk/manifests';
import type { Path } from '../../disk/source-map';
import { CniError, toCniError } from '../../error';
import { isRecord, shown } from '../../json';
import { findNearMiss } from '../../near';
import { networkName } from '../../pod/selection';
import { type LintFinding, toError, type Unit } from './finding';
import { spotAt } from './place';

/** At most one: the first in the order of reading. Other kinds are nobody's business here. */
export function findObjectMistake(unit: Unit): LintFinding | undefined {
  const { apiVersion, kind, metadata } = unit.object;
  if (!isMeant(unit)) return undefined;
  if (apiVersion !== definitionApiVersion)
    return refused(unit, ['apiVersion'], `Cannot use ${shown(apiVersion)} as apiVersion: need ${definitionApiVersion}`);
  if (kind !== definitionKind)
    return refused(unit, ['kind'], `Cannot use ${shown(kind)} as kind: need ${definitionKind}`);
  const { name, generateName } = isRecord(metadata) ? metadata : {};
  if (name === undefined && generateName !== undefined) return undefined; // it gets its name when it is made
  if (typeof name !== 'string')
    return refused(
      unit,
      ['metadata', 'name'],
      `Cannot use ${shown(name)} as metadata.name: pods ask for a network by it`,
    );
  try {
    networkName(name, 'metadata.name');
    return undefined;
  } catch (error) {
    return refused(unit, ['metadata', 'name'], toCniError(error).problem);
  }
}

function refused(unit: Unit, path: Path, problem: string): LintFinding {
  return toError(unit, spotAt(unit, path), new CniError('NetworkInvalid', problem));
}

/** By its kind, also a misspelt one or the short name of kubectl; by the group when there is no kind; or by what only it has. */
function isMeant({ object: { apiVersion, kind, metadata, spec } }: Unit): boolean {
  if (apiVersion === definitionApiVersion && !String(kind).endsWith('List')) return true; // that version has one kind
  if (typeof kind === 'string')
    return findNearMiss(kind, [definitionKind]) !== undefined || /^net-?attach-?def/i.test(kind);
  const [group = ''] = definitionApiVersion.split('/');
  const ofGroup = typeof apiVersion === 'string' && apiVersion.startsWith(group);
  return kind === undefined && (ofGroup || (isRecord(metadata) && isRecord(spec) && spec.config !== undefined));
}
