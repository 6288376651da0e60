/** What the command line offers, as data: for completions and the man page. Pure. */
import type { Command, Option } from 'commander';

/** An option of a command. */
export interface OptionShape {
  readonly flags: readonly string[]; // `-o`, `--output`
  readonly value: string | undefined; // `<format>`; undefined: a switch
  readonly choices: readonly string[];
  readonly takesFile: boolean;
  readonly description: string;
}

/** A command with its options. */
export interface CommandShape {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly choices: readonly string[]; // of its first argument
  readonly takesFiles: boolean;
}

/** The commands of the program, in the order of `--help`. */
export function shapesOf(program: Command): readonly CommandShape[] {
  return program.commands.map((command) => {
    const [first] = command.registeredArguments;
    return {
      name: command.name(),
      usage: `${program.name()} ${command.name()} ${command.usage()}`.trim(),
      description: command.description(),
      options: [...command.options.map(shapeOf), help],
      choices: first?.argChoices ?? [],
      takesFiles: first !== undefined && /file|yaml|json/i.test(first.name()),
    };
  });
}

const help: OptionShape = {
  flags: ['-h', '--help'],
  value: undefined,
  choices: [],
  takesFile: false,
  description: 'display help for command',
};

function shapeOf({ short, long, flags, argChoices, description }: Option): OptionShape {
  const value = /[<[].*[>\]]/.exec(flags)?.[0];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    value,
    choices: argChoices ?? [],
    takesFile: value !== undefined && /file|dir/.test(value),
    description,
  };
}
