/** ADD on the model, for a pod that asks for something; what it refuses is an error, what it warns of a warning. Acts on the model only. */
import type { Pod } from '../../attach/ports';
import { type CniError, toCniError } from '../../error';
import { findNearMiss } from '../../near';
import { networksAnnotation } from '../../pod/networks';
import { planPod } from '../plan';
import { type LintFinding, toError, toOdd, type Unit, type UnitSources, type Where } from './finding';

/** The findings of one pod; `where` tells the spot that a message speaks of. */
export async function planned(
  unit: Unit,
  where: Where,
  pod: Pod,
  sources: UnitSources,
): Promise<readonly LintFinding[]> {
  try {
    const { warnings } = await planPod(pod, sources);
    return warnings.map((warning) => toOdd(unit, where(warning), warning));
  } catch (error) {
    const known = toCniError(error);
    if (known.reason === 'Internal') throw error;
    const elsewhere = known.reason === 'NetworkMissing' && !sources.complete;
    const perhaps = elsewhere || known.reason === 'AddressMissing'; // a pod may ask for its own address
    const finding = toError(unit, where(known.problem, known), known);
    const hint = `${meantNetwork(known, sources)}${finding.hint}`;
    return [{ ...finding, hint, level: perhaps ? 'warning' : 'error' }];
  }
}

/** A pod that asks for that one network. */
export function askingFor(network: string, namespace: string): Pod {
  return { namespace, name: 'lint', uid: undefined, annotations: { [networksAnnotation]: network } };
}

/** A defined network of nearly that name, or of another namespace. */
function meantNetwork({ reason, where: { network } }: CniError, { defined }: UnitSources): string {
  if (reason !== 'NetworkMissing' || network === undefined) return '';
  const name = network.slice(network.indexOf('/') + 1);
  const meant = defined.find((other) => other.endsWith(`/${name}`)) ?? findNearMiss(network, defined);
  return meant === undefined ? '' : `did you mean ${meant}? else `;
}
