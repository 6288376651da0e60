/** A meter that remembers what was worked on, and how it ended. Touches nothing. */
import type { Meter } from '../attach/ports';
import type { Reason } from '../error';

/** Each piece of work at its end. */
export function fakeMeter(): Meter & { readonly ended: { network: string; reason: Reason | undefined }[] } {
  const ended: { network: string; reason: Reason | undefined }[] = [];
  return { ended, begin: (network) => (reason) => void ended.push({ network, reason }), elapsed: () => 0 };
}
