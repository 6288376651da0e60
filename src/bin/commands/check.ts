/** `braid check`. Compares a sandbox with its record, as for a runtime; writes stdout. */
import type { Command } from 'commander';
import { handleCheck } from '../../attach/handle';
import { requestOf } from '../by-hand';
import { findRecord, nameOf } from '../find-record';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { findNodeConf, onRuntimeNode, type RuntimeNode } from './options';

const examples = `
Needs root: it looks into the pod's namespace. Exit status 1: something differs, and the message says what.

Examples:
  braid check default/web
  braid check lab`;

export function register(program: Command): void {
  onRuntimeNode(program.command('check'))
    .description('whether a sandbox still has what it was given')
    .argument('<pod>', 'namespace/name, name, the beginning of the container id, or what braid add was given')
    .addHelpText('after', examples)
    .action(async (name: string, { binDir, conf }: RuntimeNode) => {
      const edges = nodeEdges(findNodeConf(conf), binDir);
      const record = findRecord(name, await edges.records.all());
      await handleCheck(requestOf('CHECK', record, binDir), edges);
      const networks = record.attachments.map(({ network, ifName }) => `${ifName} on ${network}`).join(', ');
      writeOutput(`${nameOf(record)} is as it was attached: ${networks}.\n`);
    });
}
