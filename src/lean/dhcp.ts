/** src/exec/dhcp-daemon.ts for the lean engine: the full runtime is asked. Starts a process. */
import type { DhcpDaemon } from '../attach/ports';
import type { Result } from '../cni/result';
import { askFull } from './full';

/** As of src/exec/dhcp-daemon.ts. */
export const createDhcpDaemon = (timeout: number, path: readonly string[]): DhcpDaemon => {
  const ask = (method: keyof DhcpDaemon, given: unknown): Promise<unknown> =>
    askFull(`dhcp.${method}`, { timeout, path, given }, (timeout + 5) * 1000); // it gives up by itself before
  return {
    allocate: async (call) => (await ask('allocate', call)) as Result,
    release: async (call) => void (await ask('release', call)),
    isThere: async (socket) => (await ask('isThere', socket)) === true,
  };
};
