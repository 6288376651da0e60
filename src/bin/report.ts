/** What this call did, for the agent's metrics: told when the call ends, to nobody when no agent is there. Writes to the agent's socket. */
import { existsSync } from 'node:fs';
import type { CallReport } from '../agent/protocol';
import type { Meter } from '../attach/ports';
import type { Reason } from '../error';

/** The meter of one call, and its end. */
export interface Report extends Meter {
  /** The call as a whole; a failure of telling is nobody's. */
  end(reason: Reason | undefined): Promise<void>;
}

const patience = 20; // ms: an agent that is this busy does without

/** Begins now. */
export function openReport(cniDir: string, verb: string): Report {
  const start = performance.now();
  const networks: CallReport['networks'][number][] = [];
  return {
    begin(name) {
      const since = performance.now();
      return (reason) => void networks.push({ name, ms: performance.now() - since, reason });
    },
    async end(reason) {
      const path = `${cniDir}/agent.sock`; // protocol.ts's own, which is loaded when there is one
      if (!existsSync(path)) return;
      const [{ toLine }, { tellUnix }] = await Promise.all([import('../agent/protocol'), import('../kernel/unix')]);
      tellUnix(path, toLine({ tell: 'call', verb, ms: performance.now() - start, reason, networks }), patience);
    },
  };
}
