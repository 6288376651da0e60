/** The node's agent, as far as a call of a runtime tells it something. Writes to its socket. */

import { parseAnswer, socketPath, toLine } from '../agent/protocol';
import type { Agent } from '../attach/ports';
import { existsSync } from '../kernel/fs';
import { askUnix } from '../kernel/unix';

const patience = 500; // ms: an agent that does not take a line in that time is as good as none
const longestAnswer = 4096; // bytes

/** The agent whose socket is in that directory. It counts as told when it says so. */
export function openAgent(cniDir: string): Agent {
  const path = socketPath(cniDir);
  return {
    async tell(news) {
      if (!existsSync(path)) return false;
      const outcome = askUnix(path, toLine(news), patience, longestAnswer);
      const answer = 'answer' in outcome ? parseAnswer(outcome.answer) : undefined;
      return typeof answer === 'object' && answer.says === 'taken';
    },
  };
}
