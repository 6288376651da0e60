/** What counts as done although the kernel refused it. Pure. */
import { CniError } from '../error';

/** For `catch`: passes over EEXIST, throws everything else. */
export function unlessThere(cause: unknown): void {
  if (!(cause instanceof CniError) || cause.errno !== 'EEXIST') throw cause;
}
