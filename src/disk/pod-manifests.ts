/** From a manifest's documents to the pods that it makes: pods, and the templates of workloads. Pure. */
import type { Pod } from '../attach/ports';
import { isRecord, type Json, record } from '../json';

/** Kinds whose pods come from `spec.template`. */
const workloads: readonly unknown[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
];

/** Where the pod stands in an object of that kind: the object itself, or the template of a workload. */
export function templatePath(kind: unknown): readonly string[] | undefined {
  if (kind === 'Pod') return [];
  if (kind === 'CronJob') return ['spec', 'jobTemplate', 'spec', 'template'];
  return workloads.includes(kind) ? ['spec', 'template'] : undefined;
}

/** The pods of these documents, in order; `namespace` is for those that name none. */
export function podsOf(documents: readonly unknown[], namespace: string): readonly Pod[] {
  return documents.flatMap((document) => (isRecord(document) ? podsOfOne(document, namespace) : []));
}

function podsOfOne(document: Json, namespace: string): readonly Pod[] {
  const { kind, items } = record(document);
  if (kind === 'List' || kind === 'PodList') return Array.isArray(items) ? podsOf(items, namespace) : [];
  const path = templatePath(kind);
  const template = path === undefined ? undefined : at(document, ...path);
  return isRecord(template) ? [toPod(document, template, namespace)] : [];
}

/** Named after the object that makes it; a template has no name. */
function toPod(owner: Json, template: Json, namespace: string): Pod {
  const { name, namespace: own, uid } = record(at(owner, 'metadata') ?? {});
  const annotations = at(template, 'metadata', 'annotations');
  const texts = isRecord(annotations) ? Object.entries(annotations).filter(([, text]) => typeof text === 'string') : [];
  return {
    namespace: typeof own === 'string' && own !== '' ? own : namespace,
    name: typeof name === 'string' && name !== '' ? name : 'unnamed',
    uid: typeof uid === 'string' ? uid : undefined,
    annotations: Object.fromEntries(texts) as Pod['annotations'],
  };
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isRecord(inner) ? record(inner)[key] : undefined), value);
}
