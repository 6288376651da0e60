/** Keeps a pod from joining its networks: no forwarding, no answers on one network for addresses of another. Acts on the namespace given. */
import { fail } from '../error';
import type { Link } from '../net/link';
import type { IfName } from '../net/names';
import type { Netns } from './ports';

/** What is not routed cannot be used to cross; ARP is answered and asked only with the interface's own addresses. */
const isolated = { forwarding: 0, arpIgnore: 1, arpAnnounce: 2 } as const;

/** The same as /proc/sys has it (Documentation/networking/ip-sysctl.rst). */
const isolationSysctls = (ifName: IfName): readonly (readonly [key: string, value: string])[] => [
  [`net/ipv4/conf/${ifName}/forwarding`, String(isolated.forwarding)],
  [`net/ipv4/conf/${ifName}/arp_ignore`, String(isolated.arpIgnore)],
  [`net/ipv4/conf/${ifName}/arp_announce`, String(isolated.arpAnnounce)],
  ipv6Forwarding(ifName),
];

/** Isolates a link; IPv6 is left out where the kernel or the namespace has none. */
export async function isolate(pod: Netns, link: Link): Promise<void> {
  await pod.changeLink(link.index, { ipv4: isolated });
  const [key, value] = ipv6Forwarding(link.name);
  const now = await pod.sysctl(key);
  if (now !== undefined && now !== value) await pod.setSysctl(key, value);
}

/** CheckFailed names the first setting that somebody changed. */
export async function checkIsolation(pod: Netns, ifName: IfName): Promise<void> {
  for (const [key, value] of isolationSysctls(ifName)) {
    const now = await pod.sysctl(key);
    if (now !== undefined && now !== value) fail('CheckFailed', `Setting ${key} is ${now}: expected ${value}`);
  }
}

function ipv6Forwarding(ifName: IfName): readonly [key: string, value: string] {
  return [`net/ipv6/conf/${ifName}/forwarding`, '0'];
}
