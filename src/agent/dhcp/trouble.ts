/** What is said of a lease that ended, or may end: to its pod's owner and in the log. Acts through the means it is given. */
import type { Lease, Lost } from '../../dhcp/life';
import { CniError } from '../../error';
import type { RunnerMeans, Trouble, Wish } from './ports';

/** Tells who should hear of it. */
export function tellTrouble(
  what: Trouble['what'],
  problem: string,
  { owner, pod }: Wish,
  { log, tell }: Pick<RunnerMeans, 'log' | 'tell'>,
): void {
  const where = { network: owner.network, ifName: owner.ifName };
  log.error({ ...owner, pod, what, problem }, 'a pod loses, or has lost, its DHCP lease');
  tell({ what, pod, error: new CniError('LeaseLost', problem, { where }) });
}

/** Why there is no lease, in words for whoever asked. Pure. */
export function wordsOf({ why, said }: Lost, { place: { ifName } }: Wish): string {
  const words = {
    silence: `no DHCP server answered on ${ifName}`,
    refusal: `the DHCP server refused: ${said}`,
    taken: `the DHCP server gives what others have: ${said}`,
    'no mask': 'DHCP option Subnet Mask not found in DHCPACK',
  };
  return words[why];
}

/** How a lease ended, and what was done to the pod then. Pure. */
export function endOf({ address }: Lease, lost: Lost, wish: Wish): string {
  const done = wish.isOneOfTwo ? 'its address was removed' : 'the interface was set down';
  return `The lease of ${address} ended: ${wordsOf(lost, wish)}; ${done}`;
}
