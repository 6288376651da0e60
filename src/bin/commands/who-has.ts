/** `braid who-has`. Reads the node's records, writes stdout. */
import type { Command } from 'commander';
import { ip } from '../../net/ip';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { holdersOf, toHoldersText } from '../text/who-has';
import { nodeCommand, type OnNode } from './options';

export function register(program: Command): void {
  nodeCommand(program, 'who-has', 'tell which pod of this node holds an address')
    .argument('<address>', 'IPv4 or IPv6, without prefix length')
    .addHelpText(
      'after',
      '\nExit status: 0 somebody, 1 nobody on this node.\n\nExamples:\n  braid who-has 192.168.100.10',
    )
    .action(async (text: string, { output, conf }: OnNode) => {
      const address = ip(text, 'address');
      const holders = holdersOf(address, await nodeEdges(conf).records.all());
      writeOutput(output === 'json' ? `${JSON.stringify(holders, undefined, 2)}\n` : toHoldersText(address, holders));
      if (holders.length === 0) process.exitCode = 1;
    });
}
