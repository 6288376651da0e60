/** `braid version`. Writes stdout. */
import type { Command } from 'commander';
import { supportedVersions } from '../../cni/version';
import { writeOutput } from '../stdio';
import { version } from '../version';
import { type Common, command } from './options';

export function register(program: Command): void {
  command(program, 'version', 'print the version and the CNI versions it speaks').action(({ output }: Common) =>
    writeOutput(versionText(output)),
  );
}

function versionText(output: Common['output']): string {
  if (output === 'json') return `${JSON.stringify({ version, cniVersions: supportedVersions })}\n`;
  return `braid ${version}\nCNI versions: ${supportedVersions.join(', ')}\n`;
}
