/** loopback: the pod's own lo, up with its addresses; the interface name asked for does not matter. Kernel through the context. */
import { type AddContext, type CheckContext, type DelContext, delegate } from '../../src/attach/delegate';
import type { Netns } from '../../src/attach/ports';
import { emptyResult, type Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { record } from '../../src/json';
import { addressOf, type Cidr, familyOf } from '../../src/net/ip';
import type { Link } from '../../src/net/link';

/** It has no key. */
export type LoopbackConfig = Readonly<Record<never, never>>;

export const loopback = delegate('loopback', parse, { add, del, check });

/** Bytes only. */
export function parse(input: unknown): LoopbackConfig {
  record(input);
  return {};
}

async function add(_: LoopbackConfig, { pod, prevResult, undo }: AddContext): Promise<Result> {
  const lo = await requireLo(pod);
  if (!lo.up) {
    undo.push(() => pod.changeLink(lo.index, { up: false }));
    await pod.changeLink(lo.index, { up: true });
  }
  const addresses = (await pod.addresses({ index: lo.index })).map(({ address }) => address);
  const foreign = addresses.find((address) => !isLoopback(address));
  if (foreign !== undefined)
    fail('LinkUnsuitable', `Cannot use lo: loopback interface found with non-loopback address ${foreign}`);
  return prevResult ?? toResult(lo, pod, addresses);
}

/** The first address of each family, as the reference plugin shows them. */
function toResult({ name, mac }: Link, { path: sandbox }: Netns, addresses: readonly Cidr[]): Result {
  const firsts = ([4, 6] as const).flatMap((family) => addresses.find((address) => familyOf(address) === family) ?? []);
  return {
    ...emptyResult,
    interfaces: [{ name, mac, sandbox }],
    ips: firsts.map((address) => ({ address, interface: 0 })),
  };
}

async function del(_: LoopbackConfig, { pod }: DelContext): Promise<void> {
  const lo = await pod?.findLink('lo');
  if (lo?.up === true) await pod?.changeLink(lo.index, { up: false });
}

async function check(_: LoopbackConfig, { pod }: CheckContext): Promise<void> {
  if (!(await requireLo(pod)).up) fail('CheckFailed', 'Interface lo is down: loopback interface is down');
}

async function requireLo(pod: Netns): Promise<Link> {
  return (await pod.findLink('lo')) ?? fail('LinkMissing', 'Cannot find lo: every namespace has it');
}

function isLoopback(address: Cidr): boolean {
  return familyOf(address) === 4 ? address.startsWith('127.') : addressOf(address) === '::1';
}
