/** What the node knows of the cluster, for one call: the agent's answer, else its snapshot. Asks the socket, reads the file. */

import { type Answer, longestLine, parseAnswer, type Question, socketPath, toLine } from '../agent/protocol';
import { snapshotPath } from '../agent/snapshot';
import type { Log, NetworkDefinition, NetworkRef, Pod } from '../attach/ports';
import type { FoundSnapshot } from '../disk/snapshot';
import { existsSync } from '../kernel/fs';
import { askAllUnix } from '../kernel/unix';

/** Something found on the node. `stale`: its agent has been away for a while, so something newer may be in the API. */
export interface Found<T> {
  readonly value: T;
  readonly from: 'agent' | 'snapshot';
  readonly stale: boolean;
}

export interface NodeView {
  /** The pod of that name, whichever uid it has. */
  findPod(namespace: string, name: string): Promise<Found<Pod> | undefined>;
  /** `next`: networks that are looked for afterwards, which the agent is asked for together with this one. */
  findNetwork(
    namespace: string,
    name: string,
    next?: readonly NetworkRef[],
  ): Promise<Found<NetworkDefinition> | undefined>;
  /** Whether what was looked for and not found may exist: an agent of this node does not answer, or does not hear the API server. */
  isBehind(): boolean;
}

/** The agent answers in a fraction of a millisecond, or, when it collects garbage, in some; a hung one is not waited for. */
const patience = 500; // ms

/** The agent confirms its snapshot every 15 s while it is in step with the API server. */
const staleAfter = 60_000; // ms

/** The node's view; nothing is looked at before it is asked. A dead or foreign agent is tried once. */
export function openNodeView(cniDir: string, log: Log): NodeView {
  let agentAway = false;
  let behind = false;
  let snapshot: Promise<FoundSnapshot | undefined> | undefined;

  const answered = new Map<string, Usable>();

  const ask = async (question: Question, next: readonly Question[] = []) => {
    const known = answered.get(keyOf(question));
    if (known !== undefined) return known;
    const path = socketPath(cniDir);
    if (agentAway || !existsSync(path)) return undefined;
    const questions = [question, ...next.filter((one) => !answered.has(keyOf(one)))];
    const outcome = askAllUnix(path, questions.map(toLine), patience, longestLine);
    if ('errno' in outcome) return giveUp(outcome.errno);
    for (const [at, line] of outcome.answers.entries()) {
      const answer = parseAnswer(line);
      if (typeof answer === 'string') return giveUp(answer);
      if (answer.says === 'refused') return giveUp(answer.why);
      if (answer.says === 'unknown') behind ||= answer.behind;
      answered.set(keyOf(questions[at] as Question), answer);
    }
    return answered.get(keyOf(question));
  };

  const giveUp = (problem: string): undefined => {
    agentAway = true;
    behind = true;
    log.warn({ socket: socketPath(cniDir), problem }, 'cannot use the node agent');
  };

  const look = async () => {
    if (!existsSync(snapshotPath(cniDir))) return undefined;
    behind = true;
    snapshot ??= import('../disk/snapshot').then(({ findSnapshot }) => findSnapshot(cniDir, log));
    return snapshot;
  };

  const inSnapshot = async <T>(find: (found: FoundSnapshot['snapshot']) => T | undefined) => {
    const found = await look();
    const value = found === undefined ? undefined : find(found.snapshot);
    if (found === undefined || value === undefined) return undefined;
    const age = Date.now() - found.confirmedAt;
    return { value, from: 'snapshot' as const, stale: age > staleAfter || age < 0 };
  };

  return {
    async findPod(namespace, name) {
      const answer = await ask({ ask: 'pod', namespace, name });
      if (answer !== undefined) return answer.says === 'known' ? current(answer.pod) : undefined;
      return inSnapshot((known) => known.findPod(namespace, name));
    },
    async findNetwork(namespace, name, next = []) {
      const answer = await ask(networkQuestion({ namespace, name }), next.map(networkQuestion));
      if (answer !== undefined) return answer.says === 'known' ? current(answer.network) : undefined;
      return inSnapshot((known) => known.findNetwork(namespace, name));
    },
    isBehind: () => behind,
  };
}

/** What the agent says when it is of use. */
type Usable = Exclude<Answer, { readonly says: 'refused' }>;

const networkQuestion = ({ namespace, name }: NetworkRef): Question => ({ ask: 'network', namespace, name });
const keyOf = ({ ask, namespace, name }: Question): string => `${ask} ${namespace}/${name}`;

function current<T>(value: T | undefined): Found<T> | undefined {
  return value === undefined ? undefined : { value, from: 'agent', stale: false };
}
