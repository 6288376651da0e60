/** nftables by the nft command. Starts it in the host namespace, where Braid runs. */

import type { Nft } from '../attach/ports';
import { fail } from '../error';
import { isRecord, parseObject } from '../json';
import { isFile } from '../kernel/fs';
import { type ProgramEnd, runProgram } from './program';

const timeout = 30_000; // ms
const usualDirectories = ['/usr/sbin', '/sbin', '/usr/local/sbin']; // a runtime's PATH may lack them

/** The nft command of this node, in `PATH` or where distributions put it. */
export function createNft(env: Readonly<Record<string, string | undefined>>): Nft {
  const nft = (args: readonly string[], stdin: string): Promise<ProgramEnd> =>
    runFirewall({ name: 'nft', source: 'nftables', args, stdin, env });
  return {
    async run(script) {
      const end = await nft(['-f', '-'], script);
      if (end.exitCode !== 0) fail('FirewallFailed', `Cannot change the firewall: ${whyEnded('nft', end)}`);
    },

    async check(script) {
      const end = await nft(['--check', '-f', '-'], script);
      if (end.exitCode === 0) return;
      const errno = /not permitted/.test(end.stderr) ? 'EPERM' : undefined; // nft tells errno by text only
      fail('FirewallFailed', `Cannot check the firewall: ${whyEnded('nft', end)}`, { errno });
    },

    async list(what) {
      const end = await nft(['--json', '--handle', 'list', ...what], '');
      if (end.exitCode === 0) return itemsOf(end.stdout);
      if (end.stderr.includes('No such file or directory')) return undefined; // nft tells errno by text only
      return fail('FirewallFailed', `Cannot list ${what.join(' ')} of the firewall: ${whyEnded('nft', end)}`);
    },
  };
}

/** A command of the node's firewall. */
interface FirewallCall {
  readonly name: string;
  readonly source: string; // the package that has it
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs it to its end. FirewallFailed when it cannot be started, with errno ENOENT when the node has no such command. */
export async function runFirewall({ name, source, args, stdin = '', env }: FirewallCall): Promise<ProgramEnd> {
  const path =
    findCommand(name, env.PATH ?? '') ??
    fail('FirewallFailed', `Cannot find the ${name} command: install ${source}`, { errno: 'ENOENT' });
  try {
    return await runProgram({ path, args, env: { ...env, LC_ALL: 'C' }, stdin, timeout });
  } catch (cause) {
    return fail('FirewallFailed', `Cannot start ${path}: ${String(cause)}`, { cause });
  }
}

/** The path of that command, in `PATH` or where distributions put such; `undefined` when there is none. */
export function findCommand(name: string, path: string): string | undefined {
  const directories = [...path.split(':').filter((directory) => directory.startsWith('/')), ...usualDirectories];
  return directories.map((directory) => `${directory}/${name}`).find(isFile);
}

/** The objects of nft's answer, without its own version. */
function itemsOf(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  const { nftables } = parseObject(stdout, "nft's answer", 'FirewallFailed');
  if (!Array.isArray(nftables)) return fail('FirewallFailed', "Cannot read nft's answer: need a list called nftables");
  return nftables.filter((item) => isRecord(item) && !('metainfo' in item));
}

/** The command's first lines: of nft the message, the statement, and a mark below the mistake. */
export function whyEnded(name: string, { killed, stderr, exitCode, signal }: ProgramEnd): string {
  if (killed !== undefined) return `${name} took more than ${timeout / 1000} s`;
  const words = stderr.trim().split('\n').slice(0, 2).join(': ').replace(/\s+/g, ' ');
  return words === '' ? `${name} ended with ${signal ?? `exit status ${exitCode}`}` : words;
}
