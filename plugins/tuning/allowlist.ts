/** The node's list of sysctls that networks may set. Reads the one file through the context. */
import type { Files } from '../../src/attach/ports';
import { fail } from '../../src/error';
import { shown } from '../../src/json';

const path = '/etc/cni/tuning/allowlist.conf';

/** ConfigInvalid names the sysctl that no line of the list matches; without the list every one is allowed. */
export async function requireAllowed(keys: readonly string[], files: Files): Promise<void> {
  if (keys.length === 0) return;
  const text = await files.readText(path);
  if (text === undefined) return;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const refused = keys.find((key) => !lines.some((line) => matches(line, key)));
  if (refused !== undefined)
    fail(
      'ConfigInvalid',
      `Sysctl ${shown(refused)} is not allowed. Only the following sysctls are allowed: ${lines.join(' ')} (${path})`,
    );
}

/** Each line is a regular expression that may match anywhere. */
function matches(line: string, key: string): boolean {
  try {
    return new RegExp(line).test(key);
  } catch (cause) {
    return fail('ConfigInvalid', `Cannot use ${shown(line)} of ${path}: need a regular expression`, { cause });
  }
}
