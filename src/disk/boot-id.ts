/** Which boot of the node this is. Reads /proc. */
import { readFileSync } from '../kernel/fs';

/** Identity of this boot (/proc/sys/kernel/random/boot_id): what was written down in an earlier one has no namespace any more. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id').trim();
}
