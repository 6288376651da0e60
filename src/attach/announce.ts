/** Tells the network of addresses that a foreign delegate gave: it may not have done so. Acts on the pod's namespace. */
import type { Result } from '../cni/result';
import { CniError } from '../error';
import { addressOf, familyOf } from '../net/ip';
import type { Link } from '../net/link';
import type { Edges, Netns } from './ports';

/**
 * Gratuitous ARP and unsolicited neighbour advertisement for the addresses of the result that are on the link, so that peers
 * forget who had them before. The kernel itself tells of IPv6 addresses that are still looked for in the network. A link that
 * cannot carry that is in the log, and no reason to stop a pod.
 */
export async function announceForeign(
  pod: Netns,
  link: Link,
  { ips }: Result,
  edges: Pick<Edges, 'log'>,
): Promise<void> {
  if (!link.up || link.mac === undefined || ips.length === 0) return;
  const told = ips.map(({ address }) => addressOf(address));
  try {
    if (told.some((address) => familyOf(address) === 6))
      await pod.ensureSysctls([[`net/ipv6/conf/${link.name}/ndisc_notify`, '1']]);
    const held = (await pod.addresses({ index: link.index })).filter(({ tentative }) => !tentative);
    const own = told.filter((one) => held.some(({ address }) => addressOf(address) === one));
    if (own.length > 0) await pod.announce(link.index, own);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    edges.log.warn({ link: link.name, error: error.message }, 'could not announce the addresses of a link');
  }
}
