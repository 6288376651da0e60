/** The command line for people. Reads argv and the configuration file, writes stdout and the exit status. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { gcAll } from '../attach/gc';
import type { Edges } from '../attach/ports';
import { parseConfigForDel } from '../cni/config';
import { supportedVersions } from '../cni/version';
import { fail, toCniError } from '../error';
import { toGcJson, toGcText } from './commands/gc';
import { toListJson, toListText } from './commands/list';
import { openEdges } from './edges';
import { writeOutput } from './stdio';
import { version } from './version';

interface Common {
  readonly output: 'text' | 'json';
  readonly conf?: string;
}

/** Runs the command that argv names. Exit status 1 after an error, which is told on stderr. */
export async function runCli(): Promise<void> {
  try {
    await commands().parseAsync(process.argv);
  } catch (error) {
    const { message, hint } = toCniError(error);
    process.stderr.write(`braid: ${message}\n       ${hint}\n`);
    process.exitCode = 1;
  }
}

function commands(): Command {
  const program = new Command('braid')
    .description('CNI meta-plugin: gives a pod its default network and every further network it asks for.')
    .addHelpText(
      'after',
      '\nContainer runtimes call this file with CNI_COMMAND set and a configuration of "type": "braid" on stdin.',
    );
  command(program, 'version', 'print the version and the CNI versions it speaks').action(({ output }: Common) =>
    writeOutput(versionText(output)),
  );
  onNode(command(program, 'list', 'list what is attached on this node')).action(async ({ output, conf }: Common) => {
    const records = await nodeEdges(conf).records.all();
    writeOutput(output === 'json' ? toListJson(records) : toListText(records));
  });
  onNode(command(program, 'gc', 'free what belongs to sandboxes that are gone'))
    .option('--dry-run', 'only tell what would go, and why', false)
    .action(async ({ output, conf, dryRun }: Common & { readonly dryRun: boolean }) => {
      const report = await gcAll({ valid: undefined, dryRun }, nodeEdges(conf));
      writeOutput(output === 'json' ? toGcJson(report) : toGcText(report, dryRun));
      if (report.failed.length > 0) process.exitCode = 1;
    });
  return program;
}

function command(program: Command, name: string, description: string): Command {
  const output = new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
  return program.command(name).description(description).addOption(output);
}

function onNode(command: Command): Command {
  return command.option('--conf <file>', 'the configuration of type braid, for its directories');
}

/** The node's edges as its configuration file says; without one, with the defaults. */
function nodeEdges(file: string | undefined): Edges {
  const text = file === undefined ? '{"name":"braid","type":"braid"}' : readConfig(file);
  return openEdges(parseConfigForDel(text), []);
}

/** A configuration of type braid, or the plugin of that type in a list. */
function readConfig(file: string): string {
  const whole: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const plugins = (whole as { plugins?: readonly { type?: unknown }[] }).plugins;
  const own = plugins === undefined ? whole : plugins.find(({ type }) => type === 'braid');
  return own === undefined
    ? fail('ConfigInvalid', `Cannot use ${file}: no plugin of type braid in it`)
    : JSON.stringify(own);
}

function versionText(output: Common['output']): string {
  if (output === 'json') return `${JSON.stringify({ version, cniVersions: supportedVersions })}\n`;
  return `braid ${version}\nCNI versions: ${supportedVersions.join(', ')}\n`;
}
