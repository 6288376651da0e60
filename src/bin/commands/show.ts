/** `braid show`. Reads the node's records and the pod's namespace, writes stdout. */
import { type Command, Option } from 'commander';
import { readPictureOf } from '../picture';
import { writeOutput } from '../stdio';
import { type ShowFormat, showFormats, toShow } from '../text/show';

interface ShowOptions {
  readonly output: ShowFormat;
  readonly conf?: string;
}

const examples = `
Needs root: it looks into the pod's namespace.

Examples:
  braid show default/web
  braid show 4f5a12 -o svg > web.svg`;

export function register(program: Command): void {
  program
    .command('show')
    .description("draw one pod's networks, from the record and from what the kernel holds now")
    .argument('<pod>', 'namespace/name, name, or the beginning of the container id')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(showFormats).default('text'))
    .option('--conf <file>', 'the configuration of type braid, for its directories')
    .addHelpText('after', examples)
    .action(async (name: string, { output, conf }: ShowOptions) => {
      writeOutput(toShow(await readPictureOf(name, conf), output, process.stdout.columns ?? 100));
    });
}
