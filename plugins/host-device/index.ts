/** host-device: a link of the node moves into the pod, and back at its end. Kernel and files through the context. */
import { configureChild, leaseAddresses } from '../../src/attach/child';
import { type AddContext, type CheckContext, type DelContext, delegate } from '../../src/attach/delegate';
import { checkPodLink, tryAll } from '../../src/attach/pod-link';
import { requireLink } from '../../src/attach/veth';
import { type Dns, emptyResult, type Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import type { Link } from '../../src/net/link';
import { ifName } from '../../src/net/names';
import { type HostDeviceConfig, parse } from './config';
import { isUserSpace, requireDevice } from './find';

export const hostDevice = delegate('host-device', parse, { add, del, check });

/** The alias remembers the device's own name: DEL, the reference plugin's too, needs nothing else. */
async function add(c: HostDeviceConfig, context: AddContext): Promise<Result> {
  const { host, pod, ifName: name, undo, files } = context;
  if (await isUserSpace(c, files)) return await leaseOnly(c, context);
  const device = await requireDevice(c.device, host, files);
  if (device.detail.kind === 'other' && device.detail.name === 'loopback')
    fail('LinkUnsuitable', `Cannot move ${device.name} into the pod: every namespace keeps its own`);
  undo.push(() => putBack(device, context));
  await host.changeLink(device.index, { alias: device.name });
  await host.moveLink(device.index, pod, name);
  const link = await requireLink(pod, name);
  const lease = await leaseAddresses(context);
  return await configureChild(link, lease, { dns: dnsOf(c, lease) }, context);
}

/** A device that no kernel driver serves has no link: the pod finds it by itself, but its addresses are leased. */
async function leaseOnly(c: HostDeviceConfig, context: AddContext): Promise<Result> {
  const { pod, ifName: name } = context;
  const lease = await leaseAddresses(context);
  const ips = (lease?.ips ?? []).map((ip) => ({ ...ip, interface: 0 }));
  return {
    ...emptyResult,
    interfaces: [{ name, sandbox: pod.path }],
    ips,
    routes: lease?.routes ?? [],
    dns: dnsOf(c, lease),
  };
}

/** Without IPAM there is none in the result, as with the reference plugin. */
const dnsOf = ({ dns }: HostDeviceConfig, lease: Result | undefined): Dns => (lease === undefined ? {} : dns);

/** As it was before ADD, wherever it is now. */
async function putBack({ name, alias = '', up }: Link, { host, pod, ifName: inPod }: AddContext): Promise<void> {
  const moved = await pod.findLink(inPod);
  if (moved?.alias === name) await pod.moveLink(moved.index, host, name);
  const { index } = await requireLink(host, name);
  await host.changeLink(index, { alias, up });
}

async function del(_: HostDeviceConfig, context: DelContext): Promise<void> {
  const { pod, ipam } = context;
  await tryAll([async () => ipam?.del(), () => (pod === undefined ? reclaim(context) : release(context))]);
}

/** Back to the node under its own name, down. A link without an alias is none of ours. */
async function release({ pod, host, ifName: inPod }: DelContext): Promise<void> {
  const link = await pod?.findLink(inPod);
  if (pod === undefined || link?.alias === undefined) return;
  const name = ifName(link.alias, 'alias', 'LinkUnsuitable');
  await pod.moveLink(link.index, host, name);
  await host.changeLink((await requireLink(host, name)).index, { alias: '' });
}

/** A physical device outlives the pod's namespace: the kernel gives it back to the node under the name that it had in the pod. */
async function reclaim({ host, ifName: inPod, prevResult }: DelContext): Promise<void> {
  const recorded = prevResult?.interfaces.find(({ name, sandbox }) => name === inPod && sandbox !== undefined)?.mac;
  if (recorded === undefined) return;
  const link = (await host.links()).find(
    ({ mac, alias, name }) => mac === recorded && alias !== undefined && alias !== name,
  );
  if (link?.alias === undefined || (await host.findLink(link.alias)) !== undefined) return;
  await host.changeLink(link.index, { name: ifName(link.alias, 'alias', 'LinkUnsuitable'), alias: '' });
}

async function check(c: HostDeviceConfig, context: CheckContext): Promise<void> {
  if (await isUserSpace(c, context.files)) return await context.ipam?.check();
  const link = await checkPodLink(undefined, context);
  if (!link.up) fail('CheckFailed', `Interface ${link.name} is down: expected it to be up`);
}
