/** What the system refused, as the runtime throws it. Pure. */
import { errnoName, errnoText } from '../kernel/errno';

/** An error with its symbolic `code`. */
export function systemError(errno: number, action: string): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${code}: ${errnoText(code)}, ${action}`), { code });
}
