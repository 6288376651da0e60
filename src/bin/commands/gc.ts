/** `braid gc`. Acts through the node's edges, writes stdout. */
import type { Command } from 'commander';
import { gcAll } from '../../attach/gc';
import { nodeEdges } from '../node';
import { writeOutput } from '../stdio';
import { toGcJson, toGcText } from '../text/gc';
import { nodeCommand, type OnNode } from './options';

export function register(program: Command): void {
  nodeCommand(program, 'gc', 'free what belongs to sandboxes that are gone')
    .option('--dry-run', 'only tell what would go, and why', false)
    .action(async ({ output, conf, dryRun }: OnNode & { readonly dryRun: boolean }) => {
      const report = await gcAll({ valid: undefined, dryRun }, nodeEdges(conf));
      writeOutput(output === 'json' ? toGcJson(report) : toGcText(report, dryRun));
      if (report.failed.length > 0) process.exitCode = 1;
    });
}
