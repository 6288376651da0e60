/** `braid del`. Frees what is recorded of one sandbox, as for a runtime; writes stdout. */
import type { Command } from 'commander';
import { handleDel } from '../../attach/handle';
import { fail } from '../../error';
import { isByHand, requestOf } from '../by-hand';
import { findRecord, nameOf } from '../find-record';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { findNodeConf, onRuntimeNode, type RuntimeNode } from './options';

interface DelOptions extends RuntimeNode {
  readonly force: boolean;
}

const examples = `
Needs root. What a runtime attached, it deletes itself: this is for what braid add attached, and with --force for the rest.

Examples:
  braid del lab
  braid del default/web --force`;

export function register(program: Command): void {
  onRuntimeNode(program.command('del'))
    .description('free what one sandbox has, from its record')
    .argument('<pod>', 'namespace/name, name, the beginning of the container id, or what braid add was given')
    .option('--force', 'also what a runtime attached: its pod loses its networks', false)
    .addHelpText('after', examples)
    .action(async (name: string, { binDir, conf, force }: DelOptions) => {
      const edges = nodeEdges(findNodeConf(conf), binDir);
      const record = findRecord(name, await edges.records.all());
      if (!isByHand(record) && !force)
        fail('PodsAttached', `Cannot delete ${nameOf(record)}: a runtime attached it, and deletes it with its pod`);
      await handleDel(requestOf('DEL', record, binDir), edges);
      writeOutput(`${nameOf(record)} has no networks of Braid any more.\n`);
    });
}
