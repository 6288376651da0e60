/** A link that lies in the pod with its lease: what DEL and CHECK of every such delegate share. Acts on the namespace given. */
import type { Result } from '../cni/result';
import type { Link, LinkDetail } from '../net/link';
import type { CheckContext, DelContext } from './delegate';
import { Undo } from './undo';
import { checkAddresses, checkLink, checkRoutes, ipsOf } from './verify';

/** DEL: the addresses go back even when the namespace is gone, the link goes even when IPAM fails. */
export async function deletePodLink({ pod, ifName, ipam }: DelContext): Promise<void> {
  await tryAll([async () => ipam?.del(), async () => pod?.deleteLink(ifName)]);
}

/** Runs the steps, last one first; each is tried, the first failure is thrown. */
export async function tryAll(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const all = new Undo();
  for (const step of steps) all.push(step);
  const [failure] = await all.run();
  if (failure !== undefined) throw failure;
}

/** CHECK: IPAM, the link with its kind and MAC, its addresses and routes. CheckFailed names the difference. */
export async function checkPodLink<K extends LinkDetail['kind']>(
  kind: K | undefined,
  { pod, ifName, ipam, prevResult }: CheckContext,
): Promise<Link & { readonly detail: Extract<LinkDetail, { kind: K }> }> {
  await ipam?.check();
  const link = await checkLink(pod, ifName, kind, prevResult);
  await checkLease(link, prevResult, { pod, ifName });
  return link;
}

/** The recorded addresses and routes of that link. */
async function checkLease(
  link: Link,
  result: Result,
  { pod, ifName }: Pick<CheckContext, 'pod' | 'ifName'>,
): Promise<void> {
  await checkAddresses(pod, link, ipsOf(result, ifName));
  await checkRoutes(pod, result.routes);
}
