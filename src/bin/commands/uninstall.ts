/** `braid uninstall`. Acts through the installer, writes stdout. */
import type { Command } from 'commander';
import { uninstall } from '../../disk/uninstall';
import { openLog } from '../log';
import { writeOutput } from '../stdio';
import { toUninstallJson, toUninstallText } from '../text/install';
import { type HostCommand, hostCommand } from './options';

export function register(program: Command): void {
  hostCommand(program, 'uninstall', 'put back what was on this node before braid install')
    .option('--force', 'even while pods have networks of Braid, and where files were changed since', false)
    .action(async (given: HostCommand) => {
      const report = await uninstall(given, openLog({ level: 'warn', file: undefined, toStderr: true }));
      const { output, dryRun } = given;
      writeOutput(output === 'json' ? toUninstallJson(report, dryRun) : toUninstallText(report, dryRun));
    });
}
