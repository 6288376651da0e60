/** What checks look at that no engine needs: files' owners, the disk, the agent, versions of programs. Reads, and starts programs to ask for their version. */
import { longestLine, parseAnswer, socketPath, toLine } from '../../agent/protocol';
import { longestSnapshot, parseSnapshot, snapshotPath } from '../../agent/snapshot';
import { readBytes } from '../../disk/files';
import {
  type DirectoryLook,
  type DiskLook,
  type FileLook,
  lookAtDirectory,
  lookAtDisk,
  lookAtFile,
} from '../../disk/inspect';
import { toCniError } from '../../error';
import { findCommand } from '../../exec/nft';
import { runProgram } from '../../exec/program';
import { createNamespace, type FreshNamespace } from '../../kernel/fresh-namespace';
import { existsSync } from '../../kernel/fs';
import { askUnix } from '../../kernel/unix';

/** The node's agent as its socket shows it: none, or what it says of itself. */
export type AgentLook =
  | 'none'
  | { readonly problem: string }
  /** `version` undefined: it is older than the question. */
  | { readonly version: string | undefined };

/** The agent's snapshot. */
export interface SnapshotLook {
  /** Why it cannot be used; undefined: it can. */
  readonly problem: string | undefined;
  /** When an agent last said that it is right, milliseconds since 1970. */
  readonly confirmed: number;
}

/** How a node is looked at; tests give what they like. */
export interface Inspection {
  /** Makes a namespace that goes with the process. */
  namespace(): FreshNamespace;
  file(path: string): FileLook | undefined;
  directory(path: string): DirectoryLook | undefined;
  disk(path: string): DiskLook;
  agent(cniDir: string): AgentLook;
  snapshot(cniDir: string): SnapshotLook | undefined;
  /** The first line that the command prints; a name is looked for in PATH. `undefined` when there is none, or it fails. */
  version(command: string, args: readonly string[]): Promise<string | undefined>;
}

const agentPatience = 5000; // ms
const programPatience = 30_000; // ms; a machine under load is slow, and a wrong answer is worse

/** Of this node. */
export function openInspection(env: Readonly<Record<string, string | undefined>>): Inspection {
  return {
    namespace: createNamespace,
    file: lookAtFile,
    directory: lookAtDirectory,
    disk: lookAtDisk,
    agent: lookAtAgent,
    snapshot: lookAtSnapshot,
    async version(command, args) {
      const path = command.startsWith('/') ? command : findCommand(command, env.PATH ?? '');
      if (path === undefined || !existsSync(path)) return undefined;
      try {
        const end = await runProgram({ path, args, env: { ...env, LC_ALL: 'C' }, stdin: '', timeout: programPatience });
        return end.exitCode === 0 ? end.stdout.split('\n')[0]?.trim() : undefined;
      } catch {
        return undefined; // it cannot be started: as if it were not there
      }
    },
  };
}

function lookAtAgent(cniDir: string): AgentLook {
  const path = socketPath(cniDir);
  if (!existsSync(path)) return 'none';
  const outcome = askUnix(path, toLine({ ask: 'version' }), agentPatience, longestLine);
  if ('errno' in outcome) return { problem: outcome.errno };
  const answer = parseAnswer(outcome.answer);
  if (typeof answer === 'string') return { problem: answer };
  return { version: answer.says === 'known' ? answer.version : undefined };
}

function lookAtSnapshot(cniDir: string): SnapshotLook | undefined {
  const path = snapshotPath(cniDir);
  const file = lookAtFile(path);
  if (file === undefined) return undefined;
  try {
    const bytes = readBytes(path, longestSnapshot);
    const parsed = bytes === undefined ? 'it is gone' : parseSnapshot(bytes);
    return { problem: typeof parsed === 'string' ? parsed : undefined, confirmed: file.changed };
  } catch (error) {
    return { problem: toCniError(error).problem, confirmed: file.changed };
  }
}
