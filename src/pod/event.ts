/** What is said about a pod's networks as Events on the pod. Pure. */
import type { CniError } from '../error';
import { isRecord } from '../json';
import { fingerprint } from '../net/hash';
import type { Attached } from './status';

/** A pod by its name, and which of that name. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  /** As the runtime says; undefined: it does not, and any pod of that name is meant. */
  readonly uid: string | undefined;
}

/** An Event on a pod, before it has a time. */
export interface PodEvent {
  readonly pod: PodIdentity;
  readonly type: 'Normal' | 'Warning';
  /** One word in upper camel case, for programs. */
  readonly reason: string;
  readonly message: string;
  /** The Event's name in its namespace: the same thing said again has the same one. */
  readonly name: string;
  /** Said again it is counted; otherwise it is there already, and that is all. */
  readonly counted: boolean;
}

const longestMessage = 1024; // characters, as the API takes for events.k8s.io

/** One for each network of a sandbox, worded as Multus words it (multus-behaviour.md 4.11). `sandbox` tells one attaching from another. */
export function attachedEvents(pod: PodIdentity, attached: readonly Attached[], sandbox: string): readonly PodEvent[] {
  return attached.map(({ network, ifName, result }) => {
    const addresses = result.ips.map(({ address }) => address).join(' ');
    const message = `Add ${ifName} ${addresses === '' ? '' : `[${addresses}] `}from ${network}`;
    const name = nameOf(pod, sandbox, ifName);
    return { pod, type: 'Normal', reason: 'AddedInterface', message: shortened(message), name, counted: false };
  });
}

/** Why the pod did not start, and what would help. One Event for each network and reason, however the message varies. */
export const failedEvent = (pod: PodIdentity, error: CniError): PodEvent => warning(pod, error, 'FailedAddInterface');

/** What a running pod lost, named by the error's own reason; otherwise the same. */
export const lostEvent = (pod: PodIdentity, error: CniError): PodEvent => warning(pod, error, error.reason);

/** What of a started pod's annotations is passed over. One Event for each, however often the pod's sandbox is made. */
export const ignoredEvent = (pod: PodIdentity, what: string): PodEvent => {
  const reason = 'AnnotationIgnored';
  return { pod, type: 'Warning', reason, message: shortened(what), name: nameOf(pod, reason, what), counted: false };
};

function warning(pod: PodIdentity, error: CniError, eventReason: string): PodEvent {
  const { message, reason, hint, where } = error;
  const name = nameOf(pod, reason, where.network ?? '', where.ifName ?? '');
  const text = `${shortened(message, longestMessage - hint.length - reason.length - 8)} (${reason}: ${hint})`;
  return { pod, type: 'Warning', reason: eventReason, message: text, name, counted: true };
}

/** An Event that another process of Braid sent; `undefined` when it is none. */
export function parsePodEvent(value: unknown): PodEvent | undefined {
  if (!isRecord(value) || !isRecord(value.pod)) return undefined;
  const { type, reason, message, name, counted, pod } = value;
  const { namespace, uid, name: podName } = pod;
  const texts = [reason, message, name, namespace, podName];
  if (!texts.every((each) => typeof each === 'string') || (type !== 'Normal' && type !== 'Warning')) return undefined;
  if (typeof counted !== 'boolean' || (uid !== undefined && typeof uid !== 'string')) return undefined;
  return value as unknown as PodEvent;
}

/** A pod's name and a fingerprint, as client-go names Events; at most 253 characters, as names of the API have. */
function nameOf({ uid, name }: PodIdentity, ...of: readonly string[]): string {
  const mark = fingerprint(16, [uid ?? '', ...of].join('\n'));
  return `${name.slice(0, 253 - mark.length - 1).replace(/[-.]+$/, '')}.${mark}`;
}

function shortened(text: string, most = longestMessage): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`;
}
