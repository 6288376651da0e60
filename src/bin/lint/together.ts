/** What networks and pods of the files do to each other. Acts on the model only. */
import { toDefinition } from '../../attach/definition';
import { parseNetwork } from '../../cni/network';
import { manifestsOf } from '../../disk/manifests';
import { podsOf } from '../../disk/pod-manifests';
import { findSharing, findTwice, type Holder, type Shape, staticAddresses } from '../../pod/independence';
import { attachmentsOf, type PlanSources } from '../plan';
import { type LintFinding, toOdd, toShared, type Unit } from './finding';
import { inAnnotation, spotAt } from './place';

const namePath = ['metadata', 'name'] as const;

/** The names of the networks that an object defines, as `namespace/name`. */
export function namesOf({ object, file }: Unit): readonly string[] {
  return manifestsOf(object, file).map(({ namespace, name }) => `${namespace}/${name}`);
}

/** One name for two definitions; told at the later one, which is the one that stays. */
export function findDefinedTwice(units: readonly Unit[]): readonly LintFinding[] {
  const named = units.flatMap((unit) => namesOf(unit).map((name) => ({ unit, name })));
  return named.flatMap(({ unit, name }, at) => {
    const first = named.slice(0, at).find((other) => other.name === name)?.unit;
    if (first === undefined) return [];
    const { line } = spotAt(first, namePath);
    const message = `network ${name} is defined twice, first in line ${line} of ${first.file}: the later one counts`;
    return [toOdd(unit, spotAt(unit, namePath), message, 'give one of them another name, or take it out')];
  });
}

/** What two networks share that should be independent; told at the later one. */
export function findShared(units: readonly Unit[]): readonly LintFinding[] {
  const shapes = units.flatMap((unit) => shapeOf(unit).map((shape) => ({ unit, shape })));
  return shapes.flatMap(({ unit, shape }, at) =>
    shapes
      .slice(0, at)
      .flatMap((other) =>
        findSharing([other.shape, shape]).map((message) =>
          toShared(
            unit,
            { ...spotAt(unit, namePath), field: undefined },
            message,
            'fine when it is meant; else give each its own VLAN, bridge, subnet or name',
          ),
        ),
      ),
  );
}

/** Static addresses that two of the pods ask for on one network; told at the later pod. A template's pods are one pod here. */
export async function findAskedTwice(units: readonly Unit[], sources: PlanSources): Promise<readonly LintFinding[]> {
  const holders: { readonly unit: Unit; readonly holder: Holder }[] = [];
  for (const unit of units)
    for (const pod of podsOf([unit.object], 'default')) {
      const attachments = await attachmentsOf(pod, sources).catch(() => []); // told where it is looked at on its own
      const held = attachments.map((one) => ({ ...one, addresses: staticAddresses(one) }));
      holders.push({ unit, holder: { pod: `pod ${pod.namespace}/${pod.name}`, attachments: held } });
    }
  const hint = 'on one node the second pod is refused; give each pod an address of its own';
  return holders.flatMap(({ unit, holder }, at) =>
    holders
      .slice(0, at)
      .flatMap((other) =>
        findTwice([other.holder, holder]).map((message) => toShared(unit, inAnnotation(unit)(message), message, hint)),
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
