/** From the API's pod object to what is needed of it, and whether it is the pod that the runtime means. Pure. */
import type { Pod } from '../attach/ports';
import { fail } from '../error';
import { isRecord } from '../json';

/** Where kubelet got a pod from: `api`, or `file` or `http` for a static pod. */
const sourceAnnotation = 'kubernetes.io/config.source';
/** A static pod's manifest by its fingerprint, as its mirror and as kubelet's own copy of the pod have it. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const hashAnnotation = 'kubernetes.io/config.hash';

/** PodUnavailable when it is not that pod's object. */
export function parsePod(value: unknown, namespace: string, name: string): Pod {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  if (metadata.name !== name || metadata.namespace !== namespace)
    return fail('PodUnavailable', `Cannot use what the API server answered: need pod ${namespace}/${name}`);
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  return {
    namespace,
    name,
    uid: typeof metadata.uid === 'string' && metadata.uid !== '' ? metadata.uid : undefined,
    annotations: Object.fromEntries(
      Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}

/**
 * Whether the object is the pod that the runtime means, as far as can be told. A static pod's object is a mirror with a uid
 * of its own: kubelet tells the runtime the fingerprint of the manifest, which the mirror has as an annotation.
 */
export function isSamePod({ uid, annotations }: Pod, told: string | undefined): boolean {
  if (told === undefined || uid === told) return true;
  const source = annotations[sourceAnnotation] ?? '';
  if (source === '' || source === 'api') return false;
  const fingerprint = annotations[mirrorAnnotation] ?? annotations[hashAnnotation];
  return fingerprint === undefined || fingerprint === told;
}

/** PodUnavailable when the cluster has another pod of that name, as between two pods of a StatefulSet. */
export function requireSamePod(pod: Pod, uid: string | undefined): Pod {
  if (isSamePod(pod, uid)) return pod;
  return fail(
    'PodUnavailable',
    `Cannot use the annotations of another pod of that name: the cluster has uid ${pod.uid ?? 'none'}, the runtime starts uid ${uid}`,
  );
}
