/** vlan: one tagged sub-interface of a host link, inside the pod. Kernel through the context. */
import {
  type ChildConfig,
  checkChild,
  configureChild,
  createChild,
  deleteChild,
  leaseAddresses,
  parseChild,
  requireParent,
  statusOfChild,
} from '../../src/attach/child';
import { type AddContext, type CheckContext, delegate } from '../../src/attach/delegate';
import { runtimeMac } from '../../src/attach/mac';
import { fittingMtu, type Master } from '../../src/attach/master';
import type { Result } from '../../src/cni/result';
import { CniError, fail } from '../../src/error';
import { int, record, shown } from '../../src/json';
import type { Link, LinkSpec } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import type { IfName } from '../../src/net/names';

/** Keys of the reference plugin. */
export interface VlanConfig extends ChildConfig {
  readonly master: string;
  readonly vlanId: number; // 0: priority tag only (IEEE 802.1Q)
  readonly runtimeMac: Mac | undefined; // undefined: the master's
}

export const vlan = delegate('vlan', parse, { add, del: deleteChild, check, status: statusOfChild });

/** Bytes only: DEL parses the same config after the master is gone. */
export function parse(input: unknown): VlanConfig {
  const c = record(input);
  for (const key of ['vlan', 'vlanProtocol'] as const)
    if (c[key] !== undefined)
      fail('FieldUnsupported', `Cannot use ${shown(c[key])} as ${key}: type vlan has vlanId, type macvlan has ${key}`);
  const child = parseChild(c);
  if (child.hostAccess)
    fail(
      'FieldUnsupported',
      'Cannot use hostAccess here: a VLAN is there once; need a network of type macvlan with vlan',
    );
  return {
    ...child,
    master: child.master ?? fail('ConfigInvalid', 'Cannot do without master: name the interface to create the VLAN on'),
    vlanId: int(c.vlanId ?? 0, 'vlanId', 0, 4094),
    runtimeMac: runtimeMac(c),
  };
}

/** What the kernel should hold, given the master as it is now. */
export function plan(c: VlanConfig, master: Link, name: IfName): LinkSpec {
  return { kind: 'vlan', name, parent: master.index, id: c.vlanId, mac: c.runtimeMac, mtu: fittingMtu(c.mtu, master) };
}

async function add(c: VlanConfig, context: AddContext): Promise<Result> {
  const master = await requireParent(c, context);
  const spec = plan(c, master.link, context.ifName);
  const link = await createChild(spec, master, context).catch((cause) => explain(cause, c, master, context));
  const lease = await leaseAddresses(context);
  return await configureChild(link, lease, c, context);
}

async function check(c: VlanConfig, context: CheckContext): Promise<void> {
  const { id } = await checkChild(c, 'vlan', context);
  if (id !== c.vlanId) fail('CheckFailed', `Interface ${context.ifName} has VLAN id ${id}: expected ${c.vlanId}`);
}

/** The kernel says EEXIST for two things: the name is taken in the pod, or the id on the master. */
async function explain(
  cause: unknown,
  { vlanId }: VlanConfig,
  { link: { name } }: Master,
  { pod, ifName }: AddContext,
): Promise<never> {
  const exists = cause instanceof CniError && (cause.reason === 'LinkExists' || cause.errno === 'EEXIST');
  if (!exists || (await pod.findLink(ifName)) !== undefined) throw cause;
  const problem = `Cannot make VLAN ${vlanId} on master ${name}: a vlan of that id exists on master ${name}`;
  return fail('LinkExists', `${problem}; use macvlan or bridge over ${name}.${vlanId} for several pods per node`, {
    cause,
  });
}
