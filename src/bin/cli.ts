/** The command line for people: the list of its commands. Reads argv, writes stderr and the exit status. */
import { Command } from 'commander';
import { toCniError } from '../error';
import { register as add } from './commands/add';
import { register as agent } from './commands/agent';
import { register as check } from './commands/check';
import { register as completion } from './commands/completion';
import { register as del } from './commands/del';
import { register as doctor } from './commands/doctor';
import { register as explain } from './commands/explain';
import { register as gc } from './commands/gc';
import { register as install } from './commands/install';
import { register as lint } from './commands/lint';
import { register as list } from './commands/list';
import { register as migrate } from './commands/migrate';
import { register as plan } from './commands/plan';
import { register as show } from './commands/show';
import { register as uninstall } from './commands/uninstall';
import { register as version } from './commands/version';
import { register as whoHas } from './commands/who-has';

/** In the order of `--help`. */
const commands: readonly ((program: Command) => void)[] = [
  plan,
  lint,
  doctor,
  list,
  show,
  whoHas,
  add,
  check,
  del,
  gc,
  explain,
  migrate,
  install,
  uninstall,
  agent,
  completion,
  version,
];

/** Runs the command that argv names. Exit status 1 after an error, which is told on stderr. */
export async function runCli(): Promise<void> {
  try {
    await program().parseAsync(process.argv);
  } catch (error) {
    const { message, hint } = toCniError(error);
    process.stderr.write(`braid: ${message}\n       ${hint}\n`);
    process.exitCode = 1;
  }
}

/** The whole command line; for documentation, too. */
export function program(): Command {
  const program = new Command('braid')
    .description('CNI meta-plugin: gives a pod its default network and every further network it asks for.')
    .addHelpText(
      'after',
      '\nContainer runtimes call this file with CNI_COMMAND set and a configuration of "type": "braid" on stdin.',
    );
  for (const register of commands) register(program);
  return program;
}
