/** From a NetworkAttachmentDefinition, as a manifest or the API has it, to what is needed of it. Pure. */
import { fail } from '../error';
import { isRecord, type Json, shown } from '../json';
import { findNearMiss } from '../near';
import type { NetworkDefinition } from './ports';

/** A NetworkAttachmentDefinition whose name is known. */
export interface DefinitionObject {
  readonly namespace: string;
  readonly name: string;
  readonly object: Json;
  readonly source: string;
}

const resourceAnnotation = 'k8s.v1.cni.cncf.io/resourceName';

/** What the object defines. NetworkInvalid when `spec.config` is not text, or stands elsewhere. */
export function toDefinition({ namespace, name, object, source }: DefinitionObject): NetworkDefinition {
  const spec = object.spec ?? {};
  const config = isRecord(spec) ? (spec.config ?? '') : spec;
  if (typeof config !== 'string')
    return fail(
      'NetworkInvalid',
      `Cannot use ${shown(config)} as spec.config of ${namespace}/${name} in ${source}: need a string that holds JSON`,
    );
  if (config === '') refuseMisplaced(object, spec, `${namespace}/${name} in ${source}`);
  return { namespace, name, config, source, resourceName: resourceNameOf(object) };
}

/** Without a configuration the definition stands for one of confDir; but it may be there, under another name. */
function refuseMisplaced(object: Json, spec: unknown, what: string): void {
  const misspelt = isRecord(spec)
    ? Object.keys(spec).find((key) => findNearMiss(key, ['config']) !== undefined)
    : undefined;
  if (misspelt !== undefined && misspelt !== 'config')
    fail('NetworkInvalid', `Cannot use ${shown(misspelt)} in spec of ${what}: did you mean "config"?`);
  if (object.config !== undefined) fail('NetworkInvalid', `Cannot use "config" in ${what}: it belongs into spec`);
}

function resourceNameOf(object: Json): string | undefined {
  const annotations = isRecord(object.metadata) ? object.metadata.annotations : undefined;
  const name = isRecord(annotations) ? annotations[resourceAnnotation] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
