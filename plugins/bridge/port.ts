/** A pod's place on the bridge: a veth pair, one end in the pod, the other a port of the bridge. Acts on the namespaces given. */
import type { AddContext, DelContext } from '../../src/attach/delegate';
import type { Netns } from '../../src/attach/ports';
import { ensureSysctl } from '../../src/attach/sysctl';
import { CniError, fail } from '../../src/error';
import type { Link, LinkSpec } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import { derivedName, type IfName } from '../../src/net/names';
import type { BridgeConfig } from './config';
import { joinVlans, type VlanConfig } from './vlans';

/** The two ends of the pair. */
export interface Port {
  readonly inside: Link;
  readonly outside: Link;
}

interface Pair {
  readonly inside: Link;
  readonly hostEnd: IfName;
}

/** How a port behaves on the bridge. */
export type PortConfig = VlanConfig & Pick<BridgeConfig, 'hairpin' | 'isolated'>;

const longestWait = 2550; // ms; the sum of the reference plugin's waits
const longestStep = 250; // ms

/** Makes the pair, the pod's end still down, and puts the host's end on the bridge. */
export async function createPort(
  c: BridgeConfig,
  bridge: Link,
  mac: Mac | undefined,
  context: AddContext,
): Promise<Port> {
  const { host, pod, ifName, undo } = context;
  const { inside, hostEnd } = await createPair({ mtu: c.mtu ?? bridge.mtu, mac }, context);
  undo.push(() => pod.deleteLink(ifName)); // the other end goes with it
  const outside = await requireLink(host, hostEnd);
  await joinBridge(host, outside, bridge, c);
  return { inside, outside };
}

/** Makes the link a port of the bridge, in its VLANs, up. */
export async function joinBridge(host: Netns, port: Link, bridge: Link, c: PortConfig): Promise<void> {
  await ensureSysctl(host, `net/ipv6/conf/${port.name}/accept_ra`, '0');
  await host.changeLink(port.index, { master: bridge.index, up: true });
  if (c.hairpin || c.isolated) await host.setBridgePort(port.index, { hairpin: c.hairpin, isolated: c.isolated });
  await joinVlans(host, port.index, c);
}

/** Waits until the bridge forwards for the port; returns it as it is then. KernelRefused when that does not come. */
export async function waitForPort(host: Netns, name: IfName): Promise<Link> {
  for (let waited = 0, step = 1; ; waited += step, step = Math.min(2 * step, longestStep)) {
    const port = await requireLink(host, name);
    if (port.operState === 'up') return port;
    if (waited >= longestWait)
      return fail('KernelRefused', `Cannot use bridge port ${name}: it is ${port.operState} after ${longestWait} ms`);
    await new Promise((resolve) => setTimeout(resolve, step));
  }
}

/** Deletes the pair by whichever end there is. The pod's may be gone with its namespace, or renamed by what runs in it. */
export async function deletePort(c: BridgeConfig, context: DelContext): Promise<void> {
  const { host, pod, ifName } = context;
  await pod?.deleteLink(ifName);
  const inside = await pod?.findLink(ifName); // still there when links are gathered, to be deleted together
  for (const { name, mac } of hostEndsOf(c, context)) {
    const link = await host.findLink(name);
    if (link?.detail.kind !== 'veth' || (mac !== undefined && mac !== link.mac)) continue;
    const isPeer = link.parentElsewhere && link.parent === inside?.index;
    if (!isPeer) await host.deleteLink(link.name); // else it goes with the pod's end
  }
}

/** That link as it is now. LinkMissing when somebody took it away. */
export async function requireLink(netns: Netns, name: IfName): Promise<Link> {
  const place = netns.path === undefined ? 'the node' : 'the pod';
  return (await netns.findLink(name)) ?? fail('LinkMissing', `Cannot find ${name}: it has gone from ${place}`);
}

/** The name of the host's end can be found again without a record; the further ones are for when the first is taken. */
function hostEndNames(containerId: string, ifName: string): readonly [IfName, ...IfName[]] {
  return [
    derivedName('veth', containerId, ifName),
    ...['1', '2', '3'].map((salt) => derivedName('veth', containerId, ifName, salt)),
  ];
}

async function createPair(
  ends: Pick<LinkSpec, 'mtu' | 'mac'>,
  { host, pod, containerId, ifName }: AddContext,
): Promise<Pair> {
  let taken: unknown;
  for (const peerName of hostEndNames(containerId, ifName)) {
    try {
      return {
        inside: await host.createLink({ kind: 'veth', name: ifName, peerName, ...ends }, pod),
        hostEnd: peerName,
      };
    } catch (cause) {
      const exists = cause instanceof CniError && cause.reason === 'LinkExists';
      if (!exists || (await host.findLink(peerName)) === undefined) throw cause;
      taken = cause;
    }
  }
  return fail('LinkExists', `Cannot make the host end of ${ifName}: all names for it are taken`, { cause: taken });
}

/** Links of the host that may be the attachment's: the recorded ones with their MAC, else the derived name. */
function hostEndsOf(
  c: BridgeConfig,
  context: DelContext,
): readonly { readonly name: string; readonly mac?: Mac | undefined }[] {
  const { prevResult, containerId, ifName } = context;
  const recorded = prevResult?.interfaces.filter(
    ({ name, sandbox }) => !sandbox && name !== c.bridge && name !== c.gatewayLink,
  );
  return (
    recorded ??
    hostEndNames(containerId, ifName)
      .slice(0, 1)
      .map((name) => ({ name }))
  );
}
