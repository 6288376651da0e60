/** The DHCP daemon of this node, for calls that have nothing to do with it: what asks it is loaded when it is asked. */
import type { DhcpDaemon } from '../attach/ports';

/** As createDhcpDaemon. */
export function openDhcp(timeout: number, path: readonly string[]): DhcpDaemon {
  const daemon = async (): Promise<DhcpDaemon> => (await import('./dhcp-daemon')).createDhcpDaemon(timeout, path);
  return {
    allocate: async (call) => (await daemon()).allocate(call),
    release: async (call) => (await daemon()).release(call),
    isThere: async (socket) => (await daemon()).isThere(socket),
  };
}
