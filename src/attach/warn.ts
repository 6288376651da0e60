/** What is odd, but usable: told to the log, or refused. Writes to the log. */
import { fail, type Reason } from '../error';
import type { Edges } from './ports';

/** The warnings go to the log; with `strict` the first one is an error of that reason. */
export function warn(warnings: readonly string[], reason: Reason, strict: boolean, { log }: Pick<Edges, 'log'>): void {
  const [first] = warnings;
  if (strict && first !== undefined) fail(reason, `Cannot go on with a warning, since "strict" is set: ${first}`);
  for (const warning of warnings) log.warn({ warning }, 'odd, but usable');
}
