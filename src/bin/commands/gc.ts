/** `braid gc`. Acts through the node's edges, writes stdout. */
import type { Command } from 'commander';
import { gcAll } from '../../attach/gc';
import { givingUp } from '../../attach/given-up';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { toGcJson, toGcText } from '../text/gc';
import { nodeCommand, type OnNode } from './options';

interface GcOptions extends OnNode {
  readonly dryRun: boolean;
  readonly forget?: readonly string[];
}

export function register(program: Command): void {
  nodeCommand(program, 'gc', 'free what belongs to sandboxes that are gone')
    .option('--dry-run', 'only tell what would go, and why', false)
    .option('--forget <types...>', 'plugins that are not installed any more: what they held counts as freed')
    .action(async ({ output, conf, dryRun, forget }: GcOptions) => {
      const edges = nodeEdges(conf);
      const foreign = givingUp(edges.foreign, forget ?? []);
      const report = await gcAll({ valid: undefined, dryRun }, { ...edges, foreign });
      writeOutput(output === 'json' ? toGcJson(report) : toGcText(report, dryRun));
      if (report.failed.length > 0) process.exitCode = 1;
    });
}
