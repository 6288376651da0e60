/** Keeps a pod from joining its networks: no forwarding, no answers on one network for addresses of another. Acts on the namespace given. */
import { fail } from '../error';
import type { IfName } from '../net/names';
import type { Netns } from './ports';

/**
 * Settings of an isolated interface (Documentation/networking/ip-sysctl.rst): what is not routed cannot be used to
 * cross, ARP is answered and asked only with the interface's own addresses.
 */
export const isolationSysctls = (ifName: IfName): readonly (readonly [key: string, value: string])[] => [
  [`net/ipv4/conf/${ifName}/forwarding`, '0'],
  [`net/ipv4/conf/${ifName}/arp_ignore`, '1'],
  [`net/ipv4/conf/${ifName}/arp_announce`, '2'],
  [`net/ipv6/conf/${ifName}/forwarding`, '0'],
];

/** Sets them; keys of a family that the kernel lacks are left out. */
export async function isolate(pod: Netns, ifName: IfName): Promise<void> {
  for (const [key, value] of isolationSysctls(ifName)) {
    const now = await pod.sysctl(key);
    if (now !== undefined && now !== value) await pod.setSysctl(key, value);
  }
}

/** CheckFailed names the first setting that somebody changed. */
export async function checkIsolation(pod: Netns, ifName: IfName): Promise<void> {
  for (const [key, value] of isolationSysctls(ifName)) {
    const now = await pod.sysctl(key);
    if (now !== undefined && now !== value) fail('CheckFailed', `Setting ${key} is ${now}: expected ${value}`);
  }
}
