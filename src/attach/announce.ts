/** Tells the network of addresses that a foreign delegate gave: it may not have done so. Acts on the pod's namespace. */
import type { Result } from '../cni/result';
import { addressOf } from '../net/ip';
import type { Link } from '../net/link';
import type { Edges, Netns } from './ports';

/**
 * Gratuitous ARP and unsolicited neighbour advertisement for the addresses of the result that are on the link, so that peers
 * forget who had them before. A link that cannot carry that is in the log, and no reason to stop a pod.
 */
export async function announceForeign(
  pod: Netns,
  link: Link,
  { ips }: Result,
  edges: Pick<Edges, 'log'>,
): Promise<void> {
  if (!link.up || link.mac === undefined || ips.length === 0) return;
  const there = (await pod.addresses({ index: link.index })).map(({ address }): string => addressOf(address));
  const own = ips.map(({ address }) => addressOf(address)).filter((address) => there.includes(address));
  if (own.length === 0) return;
  try {
    await pod.announce(link.index, own);
  } catch (error) {
    edges.log.warn({ link: link.name, error: String(error) }, 'could not announce the addresses of a link');
  }
}
