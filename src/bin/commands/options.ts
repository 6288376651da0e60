/** What several commands share: how they print and which node configuration they read. Declares options only. */
import { type Command, Option } from 'commander';

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
