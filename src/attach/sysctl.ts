/** Kernel settings that delegates make: written only where they are there and differ. Acts on the namespace given. */
import type { Family } from '../net/ip';
import type { Netns } from './ports';

/** Sets the key, if this kernel has it; a kernel without IPv6 has none of its keys. SysctlRefused when it does not take. */
export async function ensureSysctl(netns: Netns, key: string, value: string): Promise<void> {
  await netns.ensureSysctls([[key, value]]);
}

/** Lets the namespace forward packets of that family between its links. */
export async function enableForwarding(netns: Netns, family: Family): Promise<void> {
  const key = family === 4 ? 'net/ipv4/ip_forward' : 'net/ipv6/conf/all/forwarding';
  if ((await netns.sysctl(key)) !== '1') await netns.setSysctl(key, '1');
}
