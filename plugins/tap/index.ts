/** tap: a tap device in the pod, for what runs there and sends Ethernet frames itself. Kernel through the context. */
import { configureChild, leaseAddresses } from '../../src/attach/child';
import { type AddContext, type CheckContext, delegate } from '../../src/attach/delegate';
import { argsMac, optionalMac, runtimeMac } from '../../src/attach/mac';
import { checkPodLink, deletePodLink } from '../../src/attach/pod-link';
import type { Netns } from '../../src/attach/ports';
import { parseDns } from '../../src/cni/dns';
import type { Dns, Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { boolean, int, optionalInt, optionalString, record } from '../../src/json';
import type { Link, LinkSpec } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import { type IfName, ifName } from '../../src/net/names';

/** Keys of the reference plugin. */
export interface TapConfig {
  readonly multiQueue: boolean;
  readonly mtu: number | undefined;
  readonly owner: number | undefined; // user id
  readonly ownerGroup: number | undefined; // group id
  readonly bridge: IfName | undefined; // of the pod
  readonly selinuxContext: string | undefined;
  readonly mac: Mac | undefined;
  readonly runtimeMac: Mac | undefined;
  readonly dns: Dns;
}

const mostId = 2 ** 32 - 2; // 2^32-1 is "nobody" to the kernel
const selinux = '/sys/fs/selinux/enforce';

export const tap = delegate('tap', parse, { add, del: (_, context) => deletePodLink(context), check });

/** Bytes only. */
export function parse(input: unknown): TapConfig {
  const c = record(input);
  return {
    multiQueue: boolean(c.multiQueue, 'multiQueue'),
    mtu: int(c.mtu ?? 0, 'mtu', 0, 65535) || undefined, // 0 on the wire means unset
    owner: optionalInt(c.owner, 'owner', 0, mostId),
    ownerGroup: optionalInt(c.group, 'group', 0, mostId),
    bridge: c.bridge === undefined || c.bridge === '' ? undefined : ifName(c.bridge, 'bridge'),
    selinuxContext: optionalString(c.selinuxContext, 'selinuxContext') || undefined,
    mac: optionalMac(c.mac, 'mac'),
    runtimeMac: runtimeMac(c),
    dns: parseDns(c.dns),
  };
}

/** What the kernel should hold. */
export function plan({ multiQueue, mtu, owner, ownerGroup }: TapConfig, name: IfName, mac: Mac | undefined): LinkSpec {
  return { kind: 'tap', name, multiQueue, mtu, owner, ownerGroup, mac };
}

async function add(c: TapConfig, context: AddContext): Promise<Result> {
  const { pod, ifName: name, args, undo, files } = context;
  if (c.selinuxContext !== undefined && (await files.exists(selinux)))
    fail(
      'FieldUnsupported',
      'Cannot use selinuxContext: Braid gives a device no label of its own, and this node enforces them',
    );
  const bridge = c.bridge === undefined ? undefined : await requireBridge(c.bridge, pod);
  const link = await pod.createLink(plan(c, name, c.runtimeMac ?? argsMac(args) ?? c.mac));
  undo.push(() => pod.deleteLink(name));
  if (bridge !== undefined) await pod.changeLink(link.index, { master: bridge.index });
  return await configureChild(link, await leaseAddresses(context), c, context);
}

async function requireBridge(name: IfName, pod: Netns): Promise<Link> {
  const found = (await pod.findLink(name)) ?? fail('MasterMissing', `Cannot find bridge ${name} in the pod`);
  return found.detail.kind === 'bridge'
    ? found
    : fail('LinkUnsuitable', `Cannot use ${name} as bridge: ${name} exists but is not a bridge`);
}

async function check(c: TapConfig, context: CheckContext): Promise<void> {
  const { detail, name, mtu } = await checkPodLink('tap', context);
  if (detail.multiQueue !== c.multiQueue)
    fail(
      'CheckFailed',
      `Interface ${name} has ${detail.multiQueue ? 'several queues' : 'one queue'}: expected otherwise`,
    );
  if (c.mtu !== undefined && c.mtu !== mtu) fail('CheckFailed', `Interface ${name} has MTU ${mtu}: expected ${c.mtu}`);
}
