/** CHECK of a bridge attachment: the bridge, the pair, the port's VLANs, the pod's addresses and routes. Reads only. */
import type { CheckContext } from '../../src/attach/delegate';
import { checkMasquerade } from '../../src/attach/masquerade';
import { findSpoofChecks } from '../../src/attach/spoof';
import { checkAddresses, checkLink, checkMtu, checkRoutes, ipsOf } from '../../src/attach/verify';
import type { Interface } from '../../src/cni/result';
import { fail } from '../../src/error';
import type { BridgeVlan, Link } from '../../src/net/link';
import type { BridgeConfig } from './config';
import { checkUplink } from './uplink';
import { planVlans, sameVlan } from './vlans';

/** CheckFailed names the first difference between what was recorded and what the kernel holds. */
export async function check(c: BridgeConfig, context: CheckContext): Promise<void> {
  const { pod, ifName, ipam, prevResult } = context;
  await ipam?.check();
  const bridge = await checkBridge(c, context);
  await checkUplink(c, bridge, context);
  const inside = await checkLink(pod, ifName, 'veth', prevResult);
  checkMtu(inside, c.mtu);
  const port = await checkPort(bridge, inside, context);
  await checkFlags(c, port, context);
  await checkVlans(c, port, context);
  if (c.macspoofchk) await checkSpoofCheck(context);
  const ips = ipsOf(prevResult, ifName);
  if (c.ipMasq) await checkMasquerade(context, ips);
  await checkAddresses(pod, inside, ips);
  await checkRoutes(pod, prevResult.routes);
}

async function checkBridge(c: BridgeConfig, { host, prevResult }: CheckContext): Promise<Link> {
  const bridge = (await host.findLink(c.bridge)) ?? fail('CheckFailed', `Cannot find bridge ${c.bridge} on the node`);
  const recorded = onHost(prevResult.interfaces).find(({ name }) => name === bridge.name);
  if (recorded === undefined) fail('CheckFailed', `Cannot find bridge ${bridge.name} in the recorded result`);
  if (bridge.detail.kind !== 'bridge') fail('CheckFailed', `Interface ${c.bridge} is not a bridge`);
  // Without an address of its own a bridge takes the lowest MAC of its ports: other pods change it.
  const pinned = c.isGateway && c.vlan === 0 && prevResult.ips.length > 0;
  if (pinned) checkMac(bridge, recorded);
  if (bridge.promisc > 0 !== c.promisc)
    fail(
      'CheckFailed',
      `Bridge ${c.bridge} has promiscuous mode ${bridge.promisc > 0 ? 'on' : 'off'}: expected ${c.promisc ? 'on' : 'off'}`,
    );
  return bridge;
}

/** The pod's link and a recorded link of the host are the two ends of one pair, and the host's end is on the bridge. */
async function checkPort(bridge: Link, inside: Link, { host, prevResult }: CheckContext): Promise<Link> {
  const port = inside.parent === undefined ? undefined : await host.findLinkByIndex(inside.parent);
  const missing = `Cannot find the port of bridge ${bridge.name} that leads to ${inside.name}`;
  if (port?.detail.kind !== 'veth' || port.parent !== inside.index)
    return fail('CheckFailed', `${missing}: its other end is ${port?.name ?? 'gone'}`);
  const recorded = onHost(prevResult.interfaces).find(({ name }) => name === port.name);
  if (recorded === undefined) return fail('CheckFailed', `${missing}: ${port.name} is not in the recorded result`);
  if (port.master !== bridge.index)
    fail('CheckFailed', `Interface ${port.name} is ${await placeOf(port, host)}: expected a port of ${bridge.name}`);
  checkMac(port, recorded);
  return port;
}

async function placeOf({ master }: Link, host: CheckContext['host']): Promise<string> {
  const other = master === undefined ? undefined : await host.findLinkByIndex(master);
  return other === undefined ? 'no port of any bridge' : `a port of ${other.name}`;
}

/** Hairpin and isolation; what was not asked for may be set by somebody for a purpose. */
async function checkFlags(c: BridgeConfig, port: Link, { host }: CheckContext): Promise<void> {
  if (!c.hairpin && !c.isolated) return;
  const held = await host.bridgePort(port.index);
  for (const [flag, wanted] of [
    ['hairpin', c.hairpin],
    ['isolated', c.isolated],
  ] as const)
    if (wanted && held?.[flag] !== true) fail('CheckFailed', `Bridge port ${port.name} has ${flag} off: expected on`);
}

async function checkVlans(c: BridgeConfig, port: Link, { host }: CheckContext): Promise<void> {
  const planned = planVlans(c);
  if (planned.length === 0) return;
  const held = await host.bridgeVlans(port.index);
  const missing = planned.find((vlan) => !held.some((other) => sameVlan(vlan, other)));
  if (missing !== undefined)
    fail(
      'CheckFailed',
      `Bridge port ${port.name} lacks VLAN ${shown(missing)}: it has ${held.map(shown).join(', ') || 'none'}`,
    );
  const surplus = held.find(
    ({ id }) => !planned.some((vlan) => vlan.id === id) && !(c.preserveDefaultVlan && id === 1),
  );
  if (surplus !== undefined)
    fail('CheckFailed', `Bridge port ${port.name} is in VLAN ${surplus.id}: expected ${planned.map(shown).join(', ')}`);
}

async function checkSpoofCheck(context: CheckContext): Promise<void> {
  const rules = (await findSpoofChecks(context.nft, context)) ?? [];
  if (rules.length === 0) fail('CheckFailed', `Cannot find the rules of macspoofchk for ${context.ifName} in nftables`);
}

function checkMac(link: Link, recorded: Interface): void {
  if (recorded.mac !== undefined && recorded.mac !== link.mac)
    fail('CheckFailed', `Interface ${link.name} has MAC ${link.mac ?? 'none'}: expected ${recorded.mac}`);
}

function onHost(interfaces: readonly Interface[]): readonly Interface[] {
  return interfaces.filter(({ sandbox }) => sandbox === undefined || sandbox === '');
}

function shown({ id, pvid, untagged }: BridgeVlan): string {
  return `${id}${pvid ? ' (native)' : ''}${untagged || pvid ? '' : ' (tagged)'}`;
}
