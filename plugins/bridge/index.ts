/** bridge: the pod's end of a veth pair whose other end is a port of a Linux bridge; cnv-bridge: the same on a bridge that must be there. */
import { leaseAddresses } from '../../src/attach/child';
import { configure, setUp } from '../../src/attach/configure';
import { type AddContext, type DelContext, delegate, type StatusContext } from '../../src/attach/delegate';
import { argsMac } from '../../src/attach/mac';
import { addMasquerade, deleteMasquerade } from '../../src/attach/masquerade';
import { requireMaster } from '../../src/attach/master';
import type { Netns } from '../../src/attach/ports';
import { addSpoofCheck, deleteSpoofCheck } from '../../src/attach/spoof';
import { ensureSysctl } from '../../src/attach/sysctl';
import { Undo } from '../../src/attach/undo';
import { requireLink } from '../../src/attach/veth';
import type { Interface, Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { addressOf, familyOf } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { check } from './check';
import { type BridgeConfig, parse, parseExisting } from './config';
import { type GatewayPlan, planGateways, serveGateways } from './gateway';
import { createPort, deletePort, type Port, waitForPort } from './port';
import { requireBridge, statusOfBridge } from './switch';
import { releaseUplink, requireUplink } from './uplink';

export const bridge = delegate('bridge', parse, { add, del, check, status });

/** The name under which OpenShift Virtualization has it; there the bridge is the node administrator's. */
export const cnvBridge = delegate('cnv-bridge', parseExisting, { add, del, check, status });

/** The bridge, its addresses and its VLAN gateways stay when ADD fails: other pods may have come to use them. */
async function add(c: BridgeConfig, context: AddContext): Promise<Result> {
  const { host, pod, undo } = context;
  const bridge = await requireUplink(c, await requireBridge(c, host), context);
  const port = await createPort(c, bridge, c.mac ?? argsMac(context.args), context);
  if (c.macspoofchk) await guardMac(port, context);
  const lease = await leaseAddresses(context);
  const plan = planGateways(c, lease ?? { ips: [], routes: [] });
  if (lease !== undefined) await configurePod(c, pod, port.inside, plan);
  else if (!c.podLinkDown) await setUp(pod, port.inside);
  const gatewayLinks = await serveGateways(c, bridge, plan.gateways, host);
  if (c.ipMasq && lease !== undefined) {
    undo.push(() => deleteMasquerade(context, plan.ips));
    await addMasquerade(c.ipMasqBackend, context, plan.ips);
  }
  const own = await interfacesNow(c, port, context);
  if (c.uplink !== undefined && !c.probe && !c.podLinkDown) await tellAgain(c, pod, port.inside, plan);
  return {
    interfaces: [...own, ...gatewayLinks],
    ips: plan.ips,
    routes: plan.routes,
    dns: c.dns ?? lease?.dns ?? {},
  };
}

/** STATUS: the bridge is there or can be made, and so is its way out. */
async function status(c: BridgeConfig, { host }: StatusContext): Promise<void> {
  await statusOfBridge(c, host);
  if (c.uplink !== undefined) await requireMaster(host, c.uplink.master);
}

/** Every step is tried, the addresses go back last, when nothing can use them any more. */
async function del(c: BridgeConfig, context: DelContext): Promise<void> {
  const { nft, ipam, prevResult } = context;
  const steps = new Undo();
  steps.push(async () => ipam?.del());
  if (c.ipMasq) steps.push(() => deleteMasquerade(context, prevResult?.ips));
  if (c.macspoofchk) steps.push(() => deleteSpoofCheck(nft, context));
  steps.push(() => releaseUplink(c, context));
  steps.push(() => deletePort(c, context));
  const [failure] = await steps.run();
  if (failure !== undefined) throw failure;
}

async function guardMac({ inside, outside }: Port, { nft, undo, ...owner }: AddContext): Promise<void> {
  const mac = inside.mac ?? fail('KernelRefused', `Cannot guard the MAC of ${inside.name}: the kernel gave it none`);
  undo.push(() => deleteSpoofCheck(nft, owner)); // first: nft may have done its work before it fails
  await addSpoofCheck(nft, owner, outside.name, mac);
}

async function configurePod(c: BridgeConfig, pod: Netns, link: Link, plan: GatewayPlan): Promise<void> {
  if (c.dad) {
    await ensureSysctl(pod, `net/ipv6/conf/${link.name}/enhanced_dad`, '1');
    await ensureSysctl(pod, `net/ipv6/conf/${link.name}/accept_dad`, '1');
  }
  await configure(pod, link, plan, { dad: c.dad, probe: c.probe ? 'link' : undefined });
}

/**
 * What the kernel told of the addresses as the link went up is lost when the bridge did not forward for the port yet, or no more: whether it does is
 * looked at by a worker of the kernel, once a second for all links. The port forwards now. A link that probes has told later, itself.
 */
async function tellAgain(c: BridgeConfig, pod: Netns, link: Link, { ips }: GatewayPlan): Promise<void> {
  const usable = ips.map(({ address }) => addressOf(address)).filter((one) => familyOf(one) === 4 || !c.dad);
  await pod.announce(link.index, usable);
}

/** As they are at the end: a bridge and its ports may have got other MACs on the way. */
async function interfacesNow(
  c: BridgeConfig,
  { inside, outside }: Port,
  { host, pod }: AddContext,
): Promise<readonly Interface[]> {
  const hostEnd = c.podLinkDown ? await requireLink(host, outside.name) : await waitForPort(host, outside.name);
  const bridge = await requireLink(host, c.bridge);
  return [
    { name: bridge.name, mac: bridge.mac },
    { name: hostEnd.name, mac: hostEnd.mac },
    { name: inside.name, mac: inside.mac, sandbox: pod.path },
  ];
}
