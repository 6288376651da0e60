/** The results of a pod's networks as one. Pure. */
import type { Interface, IpConfig, Result } from './result';

/** One network's result with the interface name it was attached under. */
export interface NamedResult {
  readonly ifName: string;
  readonly result: Result;
}

/**
 * Every interface, address and route, in order; order is meaning: the first result stays first, so the pod keeps its
 * primary address. Every address gets an interface index: its own, shifted, or that of its network's interface in the pod
 * (runtimes count an address without one to eth0; peers.md X2). A link that two results name is there once (X3).
 * DNS is the first result's alone: no resolver of a further network reaches the pod. A result without any interface in
 * the pod (CNI 0.1, 0.2) gets one when `netns` is given.
 */
export function mergeResults(parts: readonly NamedResult[], netns?: string): Result {
  const interfaces: Interface[] = [];
  const ips: IpConfig[] = [];
  for (const { ifName, result } of parts) {
    const own = withSandboxed(result, ifName, netns);
    const places = own.map((link) => placeOf(link, interfaces));
    const podLink = places[mainLink(own, ifName)];
    ips.push(...result.ips.map((each) => ({ ...each, interface: places[each.interface ?? -1] ?? podLink })));
  }
  return { interfaces, ips, routes: parts.flatMap(({ result }) => result.routes), dns: parts[0]?.result.dns ?? {} };
}

function withSandboxed({ interfaces, ips }: Result, name: string, sandbox: string | undefined): readonly Interface[] {
  const unnamed = ips.length > 0 && sandbox !== undefined && !interfaces.some(inPod);
  return unnamed ? [...interfaces, { name, sandbox }] : interfaces;
}

/** Index of the interface that an address without index belongs to: the attachment's own in the pod, else the first there. */
function mainLink(interfaces: readonly Interface[], ifName: string): number {
  const link = interfaces.find((each) => inPod(each) && each.name === ifName) ?? interfaces.find(inPod);
  return link === undefined ? -1 : interfaces.indexOf(link);
}

/** Where the link is in the merged list; it is appended when it is new. */
function placeOf(link: Interface, merged: Interface[]): number {
  const known = merged.find((each) => each.name === link.name && (each.sandbox ?? '') === (link.sandbox ?? ''));
  return known === undefined ? merged.push(link) - 1 : merged.indexOf(known);
}

function inPod(link: Interface): boolean {
  return link.sandbox !== undefined && link.sandbox !== '';
}
