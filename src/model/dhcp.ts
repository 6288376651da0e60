/** A DHCP daemon in memory, whose server always has an address. Touches nothing outside itself. */
import type { DhcpCall, DhcpDaemon } from '../attach/ports';
import { emptyResult } from '../cni/result';
import { type Cidr, cidr, ip } from '../net/ip';

/** The daemon, and who holds what of it. */
export interface FakeDhcp extends DhcpDaemon {
  held(): readonly string[];
}

/** Leases 192.0.2.10 and the next ones (RFC 5737). */
export function fakeDhcp(): FakeDhcp {
  const leases = new Map<string, Cidr>();
  const keyOf = ({ containerId, ifName, config }: DhcpCall): string =>
    `${containerId}/${(JSON.parse(config) as { name?: string }).name ?? ''}/${ifName}`;
  return {
    async allocate(call) {
      const free = Array.from({ length: 100 }, (_, at) => cidr(`192.0.2.${10 + at}/24`, 'lease'));
      const taken = [...leases.values()];
      const address = leases.get(keyOf(call)) ?? (free.find((each) => !taken.includes(each)) as Cidr);
      leases.set(keyOf(call), address);
      const gateway = ip('192.0.2.1', 'gateway');
      return {
        ...emptyResult,
        ips: [{ address, gateway }],
        routes: [{ dst: cidr('0.0.0.0/0', 'route'), gw: gateway }],
      };
    },
    release: async (call) => void leases.delete(keyOf(call)),
    isThere: async () => true,
    held: () => [...leases.keys()],
  };
}
