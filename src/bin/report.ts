/** What this call did, for the agent's metrics: told when the call ends, to nobody when no agent is there. Writes to the agent's socket. */

import { type CallReport, socketPath, toLine } from '../agent/protocol';
import type { Meter } from '../attach/ports';
import type { Request } from '../cni/request';
import type { CniError } from '../error';
import { existsSync } from '../kernel/fs';
import { tellUnix } from '../kernel/unix';

/** The meter of one call, and its end. */
export interface Report extends Meter {
  /** The call as a whole; a failure of telling is nobody's. */
  end(error: CniError | undefined): Promise<void>;
}

const patience = 20; // ms: an agent that is this busy does without

const longestMessage = 300; // characters

/** Begins now. */
export function openReport(cniDir: string, request: Request): Report {
  const start = performance.now();
  const networks: CallReport['networks'][number][] = [];
  return {
    begin(name) {
      const since = performance.now();
      return (reason) => void networks.push({ name, ms: performance.now() - since, reason });
    },
    elapsed: () => performance.now() - start,

    async end(error) {
      const path = socketPath(cniDir);
      if (!existsSync(path)) return;
      const call: CallReport = {
        verb: request.command,
        ...subjectOf(request),
        ms: performance.now() - start,
        reason: error?.reason,
        error: error?.message.slice(0, longestMessage),
        network: error?.where.network,
        networks,
      };
      tellUnix(path, toLine({ tell: 'call', ...call }), patience);
    },
  };
}

function subjectOf(request: Request): Pick<CallReport, 'pod' | 'containerId'> {
  if (!('containerId' in request)) return { pod: undefined, containerId: undefined };
  const { pod, containerId } = request;
  return { pod: pod === undefined ? undefined : `${pod.namespace}/${pod.name}`, containerId };
}
