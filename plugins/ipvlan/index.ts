/** ipvlan: a link that shares the MAC of a host link, inside the pod. Kernel through the context. */
import {
  type ChildConfig,
  checkChild,
  configureChild,
  createChild,
  deleteChild,
  leaseAddresses,
  openAccess,
  parseChild,
  requireParent,
  statusOfChild,
} from '../../src/attach/child';
import { type AddContext, type CheckContext, delegate } from '../../src/attach/delegate';
import { runtimeMac } from '../../src/attach/mac';
import { fittingMtu } from '../../src/attach/master';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { oneOf, record } from '../../src/json';
import type { IpvlanMode, Link, LinkSpec } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import type { IfName } from '../../src/net/names';

/** Keys of the reference plugin. */
export interface IpvlanConfig extends ChildConfig {
  readonly mode: IpvlanMode;
  readonly runtimeMac: Mac | undefined; // cannot be had
}

export const ipvlan = delegate('ipvlan', parse, { add, del: deleteChild, check, status: statusOfChild });

/** Bytes only: DEL parses the same config after the master is gone. */
export function parse(input: unknown): IpvlanConfig {
  const c = record(input);
  const child = parseChild(c);
  const mode = oneOf(c.mode, 'mode', ['l2', 'l3', 'l3s'], 'l2');
  if (child.probe && mode !== 'l2')
    fail('ConfigInvalid', `Cannot use probe in mode ${mode}: nobody asks for addresses there, need mode l2`);
  return { ...child, mode, runtimeMac: runtimeMac(c) };
}

/** What the kernel should hold, given the master as it is now. */
export function plan(c: IpvlanConfig, master: Link, name: IfName): LinkSpec {
  if (c.runtimeMac !== undefined && c.runtimeMac !== master.mac)
    fail(
      'RequestUnmet',
      `Cannot give ${name} the MAC ${c.runtimeMac}: an ipvlan link has the MAC of its master ${master.name}; use macvlan`,
    );
  return { kind: 'ipvlan', name, parent: master.index, mode: c.mode, mtu: fittingMtu(c.mtu, master) };
}

/** In a chain, the one interface that the plugin before made is the master when none is configured. */
function chainedMaster(prevResult: Result | undefined): string | undefined {
  if (prevResult === undefined) return undefined;
  const [only, ...others] = prevResult.interfaces;
  if (only !== undefined && only.name !== '' && others.length === 0) return only.name;
  return fail(
    'MasterMissing',
    `Cannot choose a master: prevResult has ${prevResult.interfaces.length} interfaces, need one; or set "master"`,
  );
}

async function add(c: IpvlanConfig, context: AddContext): Promise<Result> {
  const { ifName, ipam, prevResult } = context;
  const master = await requireParent({ ...c, master: c.master ?? chainedMaster(prevResult) }, context);
  const link = await createChild(plan(c, master.link, ifName), master, context);
  const chained = ipam === undefined && prevResult !== undefined && prevResult.ips.length > 0;
  const lease = chained ? prevResult : await leaseAddresses(context);
  const result = await configureChild(link, lease, c, context, master); // answers to nobody go to the master
  await openAccess(c, { kind: 'ipvlan', mode: c.mode }, master.link, link, result, context);
  return result;
}

async function check(c: IpvlanConfig, context: CheckContext): Promise<void> {
  const { mode } = await checkChild(c, 'ipvlan', context);
  if (mode !== c.mode) fail('CheckFailed', `Interface ${context.ifName} is in ipvlan mode ${mode}: expected ${c.mode}`);
}
