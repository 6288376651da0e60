/** The command line for people. Reads argv, writes stdout and the exit status. */
import { Command } from 'commander';
import { toVersionAnswer } from '../cni/version';
import { writeOutput } from './stdio';
import { version } from './version';

/** Runs the command that argv names. */
export async function runCli(): Promise<void> {
  const program = new Command('braid')
    .description('CNI meta-plugin: gives a pod its default network and every further network it asks for.')
    .addHelpText(
      'after',
      '\nContainer runtimes call this file with CNI_COMMAND set and a configuration of "type": "braid" on stdin.',
    );
  program
    .command('version')
    .description('print the version and the CNI versions it speaks')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(({ output }: { output: string }) => writeOutput(versionText(output)));
  await program.parseAsync(process.argv);
}

function versionText(output: string): string {
  const { supportedVersions } = JSON.parse(toVersionAnswer()) as { supportedVersions: readonly string[] };
  if (output === 'json') return `${JSON.stringify({ version, cniVersions: supportedVersions })}\n`;
  return `braid ${version}\nCNI versions: ${supportedVersions.join(', ')}\n`;
}
