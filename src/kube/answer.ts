/** What an answer of the API server means: found, missing, later again, or never. Pure. */
import type { Reason } from '../error';
import { isRecord } from '../json';

/** How a request ended. */
export type Settled =
  | { readonly kind: 'found'; readonly value: unknown } // or what was written, as it is then
  | { readonly kind: 'missing' }
  | { readonly kind: 'conflict'; readonly problem: string }; // with what is there; for writes only

/** What became of one request. */
export type Outcome =
  | Settled
  | (Failed & { readonly kind: 'later'; readonly after?: number | undefined }) // milliseconds the server asks to wait
  | (Failed & { readonly kind: 'final' });

interface Failed {
  readonly reason: Reason;
  readonly problem: string;
  readonly cause?: unknown;
}

/** It may be better in a moment. */
export function tryLater(problem: string, cause?: unknown, after?: number): Outcome {
  return { kind: 'later', reason: 'PodUnavailable', problem, cause, after };
}

/** `as`: the credential that the server was shown, by name. `method`: of a write. */
export function outcomeOf(response: Response, text: string, as: string, method?: 'PATCH' | 'POST'): Outcome {
  const { status } = response;
  const writes = method !== undefined;
  if (status === 200 || (writes && status === 201)) return objectOf(text);
  if (status === 404) return { kind: 'missing' };
  const answer = `HTTP ${status}${messageOf(text)}`;
  if (status === 401)
    return { kind: 'final', reason: 'ClusterRefused', problem: `${answer}: it does not accept ${as}` };
  if (status === 403 && writes && isTerminating(text)) return { kind: 'missing' };
  if (status === 403) return { kind: 'final', reason: 'ClusterRefused', problem: `${answer}, asked with ${as}` };
  if (status === 429 || status >= 500)
    return tryLater(answer, undefined, retryAfter(response.headers.get('retry-after')));
  if (writes && status === 409) return { kind: 'conflict', problem: answer };
  if (method === 'PATCH' && status === 422) return { kind: 'conflict', problem: answer }; // a uid is no field to change
  if (writes && status >= 400) return { kind: 'final', reason: 'PublishFailed', problem: answer };
  return unexpected(answer);
}

/** An answer that is none of an API server's. */
export function unexpected(problem: string): Outcome {
  return { kind: 'final', reason: 'PodUnavailable', problem: `${problem}; does "server" lead to an API server?` };
}

function objectOf(text: string): Outcome {
  try {
    return { kind: 'found', value: JSON.parse(text) };
  } catch (cause) {
    return tryLater(`its answer of ${text.length} characters ends too early or is no JSON`, cause);
  }
}

/** Whether a Status object says that the namespace is being deleted: nothing new is taken there. */
function isTerminating(text: string): boolean {
  try {
    const { details }: { details?: { causes?: readonly { reason?: unknown }[] } } = JSON.parse(text);
    return details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
  } catch {
    return false;
  }
}

/** The message of a Status object. */
function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    return isRecord(status) && typeof status.message === 'string' ? ` (${status.message.slice(0, 160)})` : '';
  } catch {
    return '';
  }
}

/** Seconds, or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}
