/** `braid show`. Reads the node's records and the pod's namespace, writes stdout. */
import { type Command, Option } from 'commander';
import { readPicture } from '../../attach/picture';
import { inSandbox } from '../../attach/sandbox';
import { findRecord } from '../find-record';
import { nodeEdges } from '../node';
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
      const edges = nodeEdges(conf);
      const record = findRecord(name, await edges.records.all());
      const picture = await inSandbox(undefined, record, edges, ({ pod }) =>
        readPicture(record, pod, edges.kernel.host),
      );
      writeOutput(toShow(picture, output, process.stdout.columns ?? 100));
    });
}
