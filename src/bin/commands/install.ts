/** `braid install`. Acts through the installer, writes stdout. */
import type { Command } from 'commander';
import { readText } from '../../disk/files';
import { install, planInstall } from '../../disk/install';
import { CniError, fail } from '../../error';
import { type Json, parseObject } from '../../json';
import { cidr } from '../../net/ip';
import { writeOutput } from '../stdio';
import { toInstallJson, toInstallText } from '../text/install';
import { type HostCommand, hostCommand } from './options';

interface Given extends HostCommand {
  readonly binary: string;
  readonly confDir?: string;
  readonly binDir?: string;
  readonly primary?: string;
  readonly clusterCidrs: readonly string[];
  readonly fromMultus: boolean;
  readonly settings?: Json;
  readonly wait: number;
}

export function register(program: Command): void {
  hostCommand(program, 'install', 'install on this node: the executable and its configuration')
    .option('--binary <file>', 'the executable to install (default: this one)', process.execPath)
    .option('--conf-dir <dir>', 'CNI configuration directory (default: found by looking)')
    .option('--bin-dir <dir>', 'CNI plugin directory (default: found by looking)')
    .option('--primary <file>', 'file name of the primary network in the configuration directory')
    .option('--cluster-cidrs <list>', 'subnets of pods and services, with commas', toCidrs, [])
    .option('--from-multus', "take over Multus' settings, and tell what becomes of each", false)
    .option(
      '--settings <file>',
      'JSON object of further keys for the configuration; they stay until another one is given',
      toSettings,
    )
    .option('--force', 'take over from Multus even while it has pods attached', false)
    .option('--wait <seconds>', 'how long to wait for the primary network', Number, 0)
    .action(run);
}

async function run(given: Given): Promise<void> {
  const { clusterCidrs: clusterCIDRs, dryRun, output, wait } = given;
  const options = { ...given, clusterCIDRs };
  const plan = await untilPrimary(wait, () => planInstall(options));
  if (!dryRun) install(plan, options);
  writeOutput(output === 'json' ? toInstallJson(plan, dryRun) : toInstallText(plan, dryRun));
}

/** Tries once a second: a cluster network that is being installed, or is half-written, may come. */
async function untilPrimary<T>(seconds: number, work: () => T): Promise<T> {
  for (let left = seconds; ; left -= 1) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CniError) || error.reason !== 'PrimaryMissing' || left <= 0) throw error;
      if (left === seconds) process.stderr.write(`braid: ${error.message}; waiting for ${seconds} s\n`);
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

const toSettings = (file: string): Json =>
  parseObject(readText(file) ?? fail('IoFailed', `Cannot read ${file}: there is no such file`), file);

const toCidrs = (text: string): readonly string[] =>
  text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => cidr(part.trim(), '--cluster-cidrs'));
