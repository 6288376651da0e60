/** The spot in a file that a message speaks of: in a document, in `spec.config`, in an annotation. Pure. */
import { templatePath } from '../../disk/pod-manifests';
import type { Path } from '../../disk/source-map';
import { isRecord, type Json, parseObject } from '../../json';
import { defaultNetworkAnnotation, networksAnnotation } from '../../pod/networks';
import { mentionedPath } from '../mentioned';
import type { Spot, Unit, Where } from './finding';

const configPath = ['spec', 'config'] as const;

/** A path of the object itself. */
export function spotAt(unit: Unit, path: Path): Spot {
  return { ...unit.map.place(unit.document, [...unit.at, ...path]), field: shownPath(path) };
}

/** A path of the network's configuration: inside `spec.config`, or the object itself is one. */
export function configSpot(unit: Unit, path: Path): Spot {
  if (unit.object.kind === undefined) return spotAt(unit, path);
  const place = unit.map.placeInside(unit.document, [...unit.at, ...configPath], path);
  return { ...place, field: shownPath(path) };
}

/** What is spoken of in a value that stands at `at`. */
export function mentionedSpot(unit: Unit, at: Path, message: string): Spot {
  return spotAt(unit, [...at, ...mentionedPath(message, valueAt(unit.object, at))]);
}

/** In the configuration that stands in `spec.config`. */
export function inDefinition(unit: Unit): Where {
  const at = [...unit.at, ...configPath];
  const config = valueAt(unit.object, configPath);
  return (message, error) => {
    if (typeof config !== 'string' || config.trim() === '') {
      const { spec, config: misplaced } = unit.object;
      const path = mentionedPath(message, { spec, ...(misplaced === undefined ? {} : { config: misplaced }) });
      return path.length > 1 || path[0] === 'config' ? spotAt(unit, path) : spotAt(unit, configPath);
    }
    const value = configOf(unit);
    if (value === undefined && error !== undefined)
      return { ...unit.map.placeInside(unit.document, at, 'mistake'), field: 'spec.config' };
    return configSpot(unit, mentionedPath(message, value));
  };
}

/** The configuration of a definition, or the object that is one; `undefined` when it cannot be read. */
export function configOf(unit: Unit): Json | undefined {
  if (unit.object.kind === undefined) return unit.object;
  const config = valueAt(unit.object, configPath);
  return typeof config === 'string' ? parsedOr(config) : undefined;
}

/** In the annotation of the pod, or of the template. */
export function inAnnotation(unit: Unit): Where {
  return (message) => {
    const key = message.includes(defaultNetworkAnnotation) ? defaultNetworkAnnotation : networksAnnotation;
    const at = [...annotationsPath(unit), key];
    const text = valueAt(unit.object, at);
    if (typeof text !== 'string') return { ...spotAt(unit, at), field: key };
    const list = parsedOr(`{"${key}":${text}}`);
    const path = list === undefined ? [] : mentionedPath(message, list).slice(1);
    const inner = list === undefined && /^\s*[[{]/.test(text) ? 'mistake' : path;
    const place = unit.map.placeInside(unit.document, [...unit.at, ...at], inner);
    return { ...place, field: `${key}${shownPath(path) ?? ''}` };
  };
}

/** Where the annotations of the pods stand. */
export function annotationsPath({ object }: Unit): Path {
  return [...(templatePath(object.kind) ?? []), 'metadata', 'annotations'];
}

/** The value at that path; `undefined` where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) => (isRecord(inner) ? inner[step] : Array.isArray(inner) ? inner[Number(step)] : undefined),
    value,
  );
}

/** `plugins[0].ipam`. */
export function shownPath(path: Path): string | undefined {
  if (path.length === 0) return undefined;
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

function parsedOr(text: string): Json | undefined {
  try {
    return parseObject(text, 'text');
  } catch {
    return undefined;
  }
}
