/** `braid list`. Reads the node's records, writes stdout. */
import type { Command } from 'commander';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { toListJson, toListText } from '../text/list';
import { nodeCommand, type OnNode } from './options';

export function register(program: Command): void {
  nodeCommand(program, 'list', 'list what is attached on this node').action(async ({ output, conf }: OnNode) => {
    const { records } = nodeEdges(conf);
    const [all, broken] = [await records.all(), await records.broken()];
    const lately = await records.failedPods();
    writeOutput(output === 'json' ? toListJson(all, broken) : toListText(all, broken, lately));
  });
}
