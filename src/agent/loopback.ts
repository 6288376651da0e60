/** loopback, for the agent's look at itself: lo of a namespace goes up and has its addresses. Kernel through ctx. */
import { type AddContext, type CheckContext, type DelContext, delegate } from '../attach/delegate';
import { emptyResult, type Result } from '../cni/result';
import { fail } from '../error';
import { ifName } from '../net/names';

const lo = ifName('lo', 'loopback');

export const loopback = delegate('loopback', () => undefined, { add, del, check });

async function add(_: undefined, { pod, undo }: AddContext): Promise<Result> {
  const { index } = (await pod.findLink(lo)) ?? fail('LinkMissing', 'Cannot find lo');
  undo.push(() => pod.changeLink(index, { up: false }));
  await pod.changeLink(index, { up: true });
  const addresses = await pod.addresses({ index });
  if (addresses.length === 0) fail('AddressMissing', 'Cannot find an address of lo: the kernel gives it 127.0.0.1');
  const ips = addresses.map(({ address }) => ({ address, interface: 0 }));
  return { ...emptyResult, interfaces: [{ name: lo, sandbox: pod.path ?? '' }], ips };
}

async function del(_: undefined, { pod }: DelContext): Promise<void> {
  const link = await pod?.findLink(lo);
  if (link !== undefined) await pod?.changeLink(link.index, { up: false });
}

async function check(_: undefined, { pod }: CheckContext): Promise<void> {
  const link = await pod.findLink(lo);
  if (link?.up !== true) fail('CheckFailed', 'lo is down: expected it up');
}
