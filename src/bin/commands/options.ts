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
