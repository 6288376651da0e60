/** The full runtime, for what the lean engine cannot do. Starts this executable again. */

import type { Log } from '../attach/ports';
import type { Outcome, Question } from '../bin/asked';
import { inputRead } from '../bin/stdio';
import { CniError, fail } from '../error';
import { runProgram } from '../exec/program';
import { errnoName } from '../kernel/errno';
import { host } from './host';

/** Tells the executable not to begin in the lean engine (src/lean/entry.c). */
const marker = 'BRAID_RUNTIME=full';
const itself = '/proc/self/exe';

const variables = (): string[] => [...Object.entries(process.env).map(([name, value]) => `${name}=${value}`), marker];

/**
 * The process becomes the full runtime and begins the call anew, with the same input. Only before the call has changed anything:
 * it would find its own half of the work.
 */
export function handOver(what: string): never {
  if (host.changed()) fail('Internal', `Cannot ${what}: the call has begun to act`);
  const errno = host.replace(itself, [process.argv0], variables(), Buffer.from(inputRead()));
  return fail('Internal', `Cannot ${what}: cannot start ${itself} (${errnoName(errno)})`);
}

/** An Outcome, and messages for the log. */
interface Answer extends Outcome {
  readonly logged: readonly (readonly [level: keyof Log, fields: Readonly<Record<string, unknown>>, message: string])[];
}

/** What it gives. Throws what it failed with. */
export function resultOf({ result, failed }: Outcome): unknown {
  if (failed === undefined) return result;
  const { reason, problem, ...extra } = failed;
  throw new CniError(reason, problem, extra);
}

/** What the full runtime is asked in a process of its own, `patience` milliseconds long. Throws as the edge that is asked for. */
export async function askFull(question: Question, asked: object, patience: number, log?: Log): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runProgram({
    path: itself,
    args: [],
    env: { ...process.env, BRAID_RUNTIME: 'full', BRAID_QUESTION: question },
    stdin: JSON.stringify(asked),
    timeout: patience,
  });
  if (exitCode !== 0) return fail('Internal', `Cannot ask the full runtime for ${question}: ${stderr.slice(-500)}`);
  const { logged, ...outcome } = JSON.parse(stdout) as Answer;
  for (const [level, fields, message] of logged) log?.[level](fields, message);
  return resultOf(outcome);
}
