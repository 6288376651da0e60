/** A pod's place on the bridge: a veth pair, one end in the pod, the other a port of the bridge. Acts on the namespaces given. */

import type { AddContext, DelContext } from '../../src/attach/delegate';
import type { Netns } from '../../src/attach/ports';
import { ensureSysctl } from '../../src/attach/sysctl';
import { createPair, deletePair, requireLink } from '../../src/attach/veth';
import { fail } from '../../src/error';
import type { Link } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import type { IfName } from '../../src/net/names';
import { sleep } from '../../src/sleep';
import type { BridgeConfig } from './config';
import { joinVlans, type VlanConfig } from './vlans';

/** The two ends of the pair. */
export interface Port {
  readonly inside: Link;
  readonly outside: Link;
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
    await sleep(step);
  }
}

/** Deletes the pair; the bridge and its gateway stay. */
export async function deletePort(c: BridgeConfig, context: DelContext): Promise<void> {
  await deletePair(context, [c.bridge, c.gatewayLink]);
}
