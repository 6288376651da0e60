/** Delegates that are executables of their own, run as libcni runs them. Starts processes, reads their directories. */

import type { Foreign, ForeignCall, Log } from '../attach/ports';
import { toArgs } from '../cni/args';
import { CniError, fail } from '../error';
import { isRecord, type Json, shown } from '../json';
import { isFile, readFileSync, writeFileSync } from '../kernel/fs';
import { longestOutput, type ProgramEnd, runProgram } from './program';
import { takeSlot } from './slots';

/** What a foreign delegate's call depends on beside the call itself. */
export interface ForeignOptions {
  /** Directories searched, in order: `binDir`, then those of CNI_PATH. */
  readonly directories: readonly string[];
  /** Seconds that one call may take. */
  readonly timeout: number;
  /** Directory of the locks that bound how many programs run at once. */
  readonly locks: string;
  /** Braid's own environment, which the delegate inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Types that need no executable: one of them may be meant. */
  readonly builtIn: readonly string[];
}

/** Executables in these directories. */
export function createForeign({ directories, timeout, locks, env, builtIn }: ForeignOptions, log: Log): Foreign {
  return {
    async run(call, meanwhile) {
      const path = findExecutable(call.type, directories) ?? (await failMissing(call.type, directories, builtIn));
      const program = {
        path,
        args: [],
        env: { ...env, ...toEnv(call, directories) },
        stdin: call.config,
        timeout: timeout * 1000,
      };
      const slot = await takeSlot(locks).catch(() => undefined); // a disk that takes no lock is no reason not to run
      const rename = callAs(call.type);
      const end = await attempt(call.type, path, () => runProgram(program, meanwhile)).finally(() => {
        rename();
        slot?.release();
      });
      const failed = end.killed !== undefined || end.exitCode !== 0;
      if (end.stderr !== '')
        log[failed ? 'warn' : 'debug'](
          { type: call.type, command: call.command, stderr: tail(end.stderr) },
          'A delegate wrote to stderr',
        );
      if (end.killed === 'timeout')
        fail(
          'DelegateTimeout',
          `Cannot wait longer for delegate "${call.type}": ${call.command} took more than ${timeout} s`,
        );
      if (end.killed === 'output')
        fail('ResultInvalid', `Cannot use the output of delegate "${call.type}": more than ${longestOutput} bytes`);
      if (failed) throw delegateError(call, end);
      return answer(call, end.stdout);
    },
  };
}

/** Under which name of their parent some programs make one interface a call: Tungsten Fabric's makes all of a pod's under any other (peers.md 2.5). */
const parents: Readonly<Record<string, string>> = { 'contrail-k8s-cni': 'multus' };
const ownName = '/proc/self/comm';

/** Gives this process the name that the program looks for; the function gives it its own again. */
function callAs(type: string): () => void {
  const name = Object.hasOwn(parents, type) ? parents[type] : undefined;
  if (name === undefined) return () => {};
  const before = readFileSync(ownName).toString().trim();
  writeFileSync(ownName, name, { flag: 'r+' });
  return () => writeFileSync(ownName, before, { flag: 'r+' });
}

/** The first `<directory>/<type>` that is a regular file; libcni does not look at the executable bit, either. */
function findExecutable(type: string, directories: readonly string[]): string | undefined {
  if (type === '' || type === '.' || type === '..' || /[/\0]/.test(type))
    fail('ConfigInvalid', `Cannot use ${shown(type)} as type: need the plain file name of a plugin`);
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => `${directory}/${type}`)
    .find(isFile);
}

/** Says what was probably meant. */
async function failMissing(type: string, directories: readonly string[], builtIn: readonly string[]): Promise<never> {
  const { findMeantType } = await import('../cni/plugin-names');
  const meant = findMeantType(type, builtIn);
  const hint = builtIn.includes(type)
    ? ' (it is built in, but "externalDelegates" wants a program)'
    : meant === undefined
      ? ''
      : ` (did you mean "${meant}"?)`;
  return fail(
    'DelegateMissing',
    `Cannot find plugin ${shown(type)}${hint} in ${[...new Set(directories)].join(', ') || 'no directory'}`,
  );
}

/** The variables that libcni sets, also when they are empty. */
function toEnv(
  { command, containerId, netns, ifName, args }: ForeignCall,
  directories: readonly string[],
): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_ARGS: toArgs(args),
    CNI_IFNAME: ifName,
    CNI_PATH: directories.join(':'),
  };
}

async function attempt(type: string, path: string, run: () => Promise<ProgramEnd>): Promise<ProgramEnd> {
  try {
    return await run();
  } catch (cause) {
    const errno = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
    const why = startMistakes[errno ?? ''] ?? String(cause);
    return fail('DelegateFailed', `Cannot start delegate ${shown(type)}: ${path}: ${why}`, { cause, errno });
  }
}

const startMistakes: Readonly<Record<string, string>> = {
  EACCES: 'permission denied (EACCES): is it executable?',
  ENOENT: 'its interpreter or loader is missing (ENOENT)',
  ENOEXEC: 'not a program of this machine (ENOEXEC)',
  ETXTBSY: 'still being written (ETXTBSY)',
};

/** The delegate's own message, code and details; without them, what it wrote to stderr, or that it said nothing. */
function delegateError({ type, command }: ForeignCall, { stdout, stderr, exitCode, signal }: ProgramEnd): CniError {
  const ended = exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit status ${exitCode}`;
  const says = findErrorObject(stdout);
  const failed = (
    words: string,
    more?: { readonly code?: number | undefined; readonly details?: string | undefined },
  ): CniError => new CniError('DelegateFailed', `Delegate ${shown(type)} failed (${command}): ${words}`, more);
  if (says !== undefined) {
    const code = typeof says.code === 'number' && Number.isInteger(says.code) && says.code > 0 ? says.code : undefined;
    const details = typeof says.details === 'string' && says.details !== '' ? says.details : undefined;
    return failed(typeof says.msg === 'string' && says.msg !== '' ? says.msg : `no message, ${ended}`, {
      code,
      details,
    });
  }
  const log = tail(stderr).trim();
  if (stdout.trim() === '') return failed(log === '' ? `${ended}, without a word` : `${ended}: ${log}`);
  return failed(`${ended}, and its stdout is no CNI error: ${shown(stdout.trim())}`, {
    details: log === '' ? undefined : log,
  });
}

function findErrorObject(stdout: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(stdout);
    return isRecord(value) && ('msg' in value || 'code' in value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** libcni takes `null` for an empty result, and nothing at all for a mistake of ADD and VERSION, which must answer. */
function answer({ type, command }: ForeignCall, stdout: string): string {
  const text = stdout.trim();
  if (text === 'null') return '{}';
  if (text === '' && (command === 'ADD' || command === 'VERSION'))
    fail('ResultInvalid', `Cannot use the output of delegate ${shown(type)}: ${command} printed nothing`);
  return stdout;
}

/** The last 4 KiB or so: where a log says why. */
function tail(text: string): string {
  return text.length <= 4096 ? text : `…${text.slice(-4096)}`;
}
