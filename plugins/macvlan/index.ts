/** macvlan: a link with a MAC of its own on a host link, inside the pod. Kernel through the context. */
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
import { argsMac, optionalMac, runtimeMac } from '../../src/attach/mac';
import { fittingMtu } from '../../src/attach/master';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { int, oneOf, record } from '../../src/json';
import type { Link, LinkSpec, MacvlanMode } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import type { IfName } from '../../src/net/names';

/** Keys of the reference plugin. */
export interface MacvlanConfig extends ChildConfig {
  readonly mode: MacvlanMode;
  readonly broadcastQueueLength: number | undefined; // packets; undefined: the kernel's default
  readonly mac: Mac | undefined; // undefined: the kernel picks one
  readonly runtimeMac: Mac | undefined;
}

export const macvlan = delegate('macvlan', parse, { add, del: deleteChild, check, status: statusOfChild });

/** Bytes only: DEL parses the same config after the master is gone. */
export function parse(input: unknown): MacvlanConfig {
  const c = record(input);
  const child = parseChild(c);
  const mode = oneOf(c.mode, 'mode', ['bridge', 'private', 'vepa', 'passthru'], 'bridge');
  if (child.hostAccess && mode !== 'bridge')
    fail(
      'ConfigInvalid',
      `Cannot use hostAccess with mode ${mode}: need mode bridge, the others keep neighbours apart`,
    );
  return {
    ...child,
    mode,
    broadcastQueueLength: int(c.bcqueuelen ?? 0, 'bcqueuelen', 0, 2 ** 32 - 1) || undefined,
    mac: optionalMac(c.mac, 'mac'),
    runtimeMac: runtimeMac(c),
  };
}

/** What the kernel should hold, given the master as it is now. */
export function plan(c: MacvlanConfig, master: Link, name: IfName, mac: Mac | undefined): LinkSpec {
  const { mode, broadcastQueueLength } = c;
  return {
    kind: 'macvlan',
    name,
    parent: master.index,
    mode,
    broadcastQueueLength,
    mac,
    mtu: fittingMtu(c.mtu, master),
  };
}

async function add(c: MacvlanConfig, context: AddContext): Promise<Result> {
  const mac = c.runtimeMac ?? argsMac(context.args) ?? c.mac;
  const master = await requireParent(c, context);
  const link = await createChild(plan(c, master.link, context.ifName, mac), master, context);
  const result = await configureChild(link, await leaseAddresses(context), c, context);
  await openAccess(c, { kind: 'macvlan' }, master.link, link, result, context);
  return result;
}

async function check(c: MacvlanConfig, context: CheckContext): Promise<void> {
  const { mode } = await checkChild(c, 'macvlan', context);
  if (mode !== c.mode)
    fail('CheckFailed', `Interface ${context.ifName} is in macvlan mode ${mode}: expected ${c.mode}`);
}
