/** What several commands share: how they print and which node configuration they read. Declares options, looks for that configuration. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { confFile } from '../../disk/install-state';

/** What every command takes. */
export interface Common {
  readonly output: 'text' | 'json';
}

/** What the commands about this node take. */
export interface OnNode extends Common {
  readonly conf?: string;
}

/** A command of `program` that prints text or, with `-o json`, JSON. */
export function command(program: Command, name: string, description: string): Command {
  const output = new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
  return program.command(name).description(description).addOption(output);
}

/** A command about what is on this node. */
export function nodeCommand(program: Command, name: string, description: string): Command {
  return command(program, name, description).option(
    '--conf <file>',
    'the configuration of type braid, for its directories',
  );
}

/** The configuration that `braid install` writes. */
export const nodeConf = `/etc/cni/net.d/${confFile}`;

/** What the commands take that do what a runtime does. */
export interface RuntimeNode {
  readonly conf?: string;
  readonly binDir: readonly string[];
}

/** A command that does what a runtime does on this node. */
export function onRuntimeNode(command: Command): Command {
  return command
    .option('--conf <file>', `the node's configuration of type braid; else ${nodeConf}`)
    .option('--bin-dir <dirs...>', "where further plugins are, besides the configuration's binDir", ['/opt/cni/bin']);
}

/** The configuration to use where Braid's defaults would do, too. */
export function findNodeConf(conf: string | undefined): string | undefined {
  return conf ?? (existsSync(nodeConf) ? nodeConf : undefined);
}

/** What the commands take that change a host. */
export interface HostCommand extends Common {
  readonly root: string;
  readonly cniDir: string;
  readonly networksDir: string;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** Where Braid's own things are on a host. */
export const hostPlaces = { cniDir: '/var/lib/cni/braid', networksDir: '/etc/cni/braid/networks' } as const;

/** A command that changes a host, perhaps one whose files are mounted somewhere. */
export function hostCommand(program: Command, name: string, description: string): Command {
  return command(program, name, description)
    .option('--root <dir>', "where the host's files are; every other path is the host's", '/')
    .option('--cni-dir <dir>', "Braid's state", hostPlaces.cniDir)
    .option('--networks-dir <dir>', 'NetworkAttachmentDefinitions as files', hostPlaces.networksDir)
    .option('--dry-run', 'only tell what would be done', false);
}
