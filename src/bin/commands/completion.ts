/** `braid completion`. Writes stdout. */
import { Argument, type Command } from 'commander';
import { writeOutput } from '../stdio';
import { shapesOf } from '../text/commands';
import { type Shell, shells, toCompletion } from '../text/completion';

export function register(program: Command): void {
  program
    .command('completion')
    .description('print what makes the shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', '\nExamples:\n  source <(braid completion bash)\n  braid completion zsh > "$fpath[1]/_braid"')
    .action((shell: Shell) => writeOutput(toCompletion(shell, shapesOf(program))));
}
