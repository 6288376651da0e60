/** The bridge itself, which all pods of its networks share: made once, never taken back. Acts on the host's namespace. */
import type { Netns } from '../../src/attach/ports';
import { ensureSysctl } from '../../src/attach/sysctl';
import { CniError, fail } from '../../src/error';
import type { Link } from '../../src/net/link';
import type { BridgeConfig } from './config';
import { requireFiltering } from './vlans';

/**
 * The bridge, up and ready for ports. A new one is as configured; one that was there keeps its settings.
 * MasterMissing when it may not be made, LinkUnsuitable when it is no bridge or does not filter the VLANs asked for.
 */
export async function requireBridge(c: BridgeConfig, host: Netns): Promise<Link> {
  const bridge = (await host.findLink(c.bridge)) ?? (await createBridge(c, host));
  requireSuitable(c, bridge);
  if (!bridge.up || c.promisc) await host.changeLink(bridge.index, { up: true, promisc: c.promisc || undefined });
  return bridge;
}

/** Whether requireBridge would succeed: as it fails, without making anything. */
export async function statusOfBridge(c: BridgeConfig, host: Netns): Promise<void> {
  const bridge = await host.findLink(c.bridge);
  if (bridge !== undefined) requireSuitable(c, bridge);
  else requireMayMake(c);
}

function requireSuitable(c: BridgeConfig, bridge: Link): void {
  if (bridge.detail.kind !== 'bridge')
    fail('LinkUnsuitable', `Cannot use ${c.bridge} as bridge: ${c.bridge} exists but is not a bridge`);
  requireFiltering(c, bridge);
}

function requireMayMake(c: BridgeConfig): void {
  if (c.missing === 'refuse')
    fail('MasterMissing', `Cannot attach to bridge ${c.bridge}: bridge ${c.bridge} does not exist on this node`);
}

async function createBridge(c: BridgeConfig, host: Netns): Promise<Link> {
  requireMayMake(c);
  try {
    const bridge = await host.createLink({
      kind: 'bridge',
      name: c.bridge,
      mtu: c.mtu,
      vlanFiltering: c.vlanFiltering || undefined,
    });
    await ensureSysctl(host, `net/ipv6/conf/${c.bridge}/accept_ra`, '0'); // its routes are ours to decide
    // As serveGateways, but before it has a port: of pods that start at one moment each may see, and keep, another port's.
    if (c.isGateway && c.gatewayLink === undefined) await host.changeLink(bridge.index, { mac: bridge.mac });
    return bridge;
  } catch (cause) {
    const other =
      cause instanceof CniError && cause.reason === 'LinkExists' ? await host.findLink(c.bridge) : undefined;
    if (other === undefined) throw cause;
    return other; // somebody made it at the same moment
  }
}
