/** Edges whose n-th act fails, once: to try what a delegate does then. Touches the edges it is given. */
import type { Edges, Netns } from '../../src/attach/ports';
import { refused } from '../../src/kernel/errno';
import { withSpaces } from './spaces';

const real = new WeakMap<object, object>();

/**
 * The same edges, of which the n-th call fails before it does anything (0: none); `steps` names the calls so far.
 * Calls that `counts` refuses never fail.
 */
export function faulty(
  edges: Edges,
  n: number,
  counts: (act: string) => boolean = () => true,
): { readonly edges: Edges; readonly steps: readonly string[] } {
  const steps: string[] = [];
  const wrap = <T extends object>(target: T, prefix: string): T => {
    const proxy = new Proxy(target, {
      get(of, key) {
        const value = Reflect.get(of, key, of);
        if (typeof value !== 'function' || key === 'close') return value;
        const isStep = counts(String(key));
        return (...args: readonly unknown[]) => {
          if (isStep) steps.push(`${prefix}.${String(key)}`);
          const failing =
            isStep && steps.length === n ? refused(String(key), 'ENOMEM', 'a test asked for it') : undefined;
          if (failing !== undefined) return Promise.reject(failing);
          return Reflect.apply(
            value,
            of,
            args.map((arg) => real.get(arg as object) ?? arg),
          );
        };
      },
    });
    real.set(proxy, target);
    return proxy;
  };
  const space = (netns: Netns): Netns => wrap(netns, netns.path === undefined ? 'host' : 'pod');
  const kernel = withSpaces(edges.kernel, space);
  const wrapped = {
    ...edges,
    kernel,
    leases: wrap(edges.leases, 'leases'),
    hostLinks: wrap(edges.hostLinks, 'hostLinks'),
    nft: wrap(edges.nft, 'nft'),
    iptables: wrap(edges.iptables, 'iptables'),
    dhcp: wrap(edges.dhcp, 'dhcp'),
    files: wrap(edges.files, 'files'),
  };
  return { edges: wrapped, steps };
}
