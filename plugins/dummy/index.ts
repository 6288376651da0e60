/** dummy: a link of the pod that leads nowhere, for addresses that are to be there. Kernel through the context. */
import { configureChild, leaseAddresses } from '../../src/attach/child';
import { type AddContext, type CheckContext, delegate } from '../../src/attach/delegate';
import { checkPodLink, deletePodLink } from '../../src/attach/pod-link';
import { ipamTypeOf } from '../../src/cni/network';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { record } from '../../src/json';

/** The reference plugin has no key of its own, either; its `ipam` is read by whoever calls. */
export interface DummyConfig {
  readonly hasIpam: boolean;
}

export const dummy = delegate('dummy', parse, { add, del: (_, context) => deletePodLink(context), check, status });

/** Bytes only. */
export function parse(input: unknown): DummyConfig {
  return { hasIpam: ipamTypeOf(record(input)) !== undefined };
}

/** STATUS: only the configuration can stand in the way. */
async function status({ hasIpam }: DummyConfig): Promise<void> {
  if (!hasIpam) refuseAlone();
}

function refuseAlone(): never {
  return fail('ConfigInvalid', 'Cannot do without ipam: dummy interface requires an IPAM configuration');
}

async function add(_: DummyConfig, context: AddContext): Promise<Result> {
  const { pod, ifName, ipam, undo } = context;
  if (ipam === undefined) refuseAlone();
  const link = await pod.createLink({ kind: 'dummy', name: ifName });
  undo.push(() => pod.deleteLink(ifName));
  const lease = await leaseAddresses(context);
  return await configureChild(link, lease, { dns: lease?.dns ?? {} }, context);
}

async function check(_: DummyConfig, context: CheckContext): Promise<void> {
  const link = await checkPodLink('dummy', context);
  if (!link.up) fail('CheckFailed', `Interface ${link.name} is down: expected it to be up`);
}
