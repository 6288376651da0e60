/** The node as its pods' gateway: which addresses it needs, and giving them to it. Decides purely; acts on the host's namespace. */

import type { Netns } from '../../src/attach/ports';
import { enableForwarding } from '../../src/attach/sysctl';
import { unlessThere } from '../../src/attach/tolerate';
import { requireLink } from '../../src/attach/veth';
import type { Interface, IpConfig, Result, ResultRoute } from '../../src/cni/result';
import { CniError, fail } from '../../src/error';
import {
  addressOf,
  type Cidr,
  everything,
  type Family,
  familyOf,
  type Ip,
  ipPlus,
  isDefault,
  lengthOf,
  networkOf,
  overlaps,
  toCidr,
} from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { macBytes } from '../../src/net/mac';
import { derivedName, type IfName } from '../../src/net/names';
import { mainTable } from '../../src/net/route';
import type { BridgeConfig } from './config';
import { joinBridge } from './port';

/** The pod's addresses and routes, and what the node must hold for them. */
export interface GatewayPlan {
  readonly ips: readonly IpConfig[];
  readonly routes: readonly ResultRoute[];
  readonly gateways: readonly Cidr[]; // IPv4 first
}

const podInterface = 2; // in the result: bridge, host end, pod end

/** Gateways that IPAM left out are the first address of their subnet; a default gateway gives each family a default route. */
export function planGateways(
  c: Pick<BridgeConfig, 'isGateway' | 'isDefaultGateway'>,
  lease: Pick<Result, 'ips' | 'routes'>,
): GatewayPlan {
  const ips = lease.ips.map((ip) => ({
    ...ip,
    gateway: ip.gateway ?? (c.isGateway ? firstAddress(ip.address) : undefined),
    interface: podInterface,
  }));
  const defaults = c.isDefaultGateway ? defaultRoutes(ips, lease.routes) : [];
  const gateways = ips.flatMap(({ address, gateway }) =>
    gateway === undefined ? [] : [toCidr(gateway, lengthOf(address))],
  );
  return {
    ips,
    routes: [...lease.routes, ...defaults],
    gateways: c.isGateway ? [4, 6].flatMap((family) => gateways.filter((gateway) => familyOf(gateway) === family)) : [],
  };
}

/** Gives the node its gateway addresses and lets it forward; returns the VLAN's gateway link, if it has one. */
export async function serveGateways(
  c: BridgeConfig,
  bridge: Link,
  gateways: readonly Cidr[],
  host: Netns,
): Promise<readonly Interface[]> {
  if (gateways.length === 0) return [];
  const own = c.gatewayLink === undefined ? undefined : await requireGatewayLink(c, c.gatewayLink, bridge, host);
  for (const gateway of gateways) await ensureAddress(host, own ?? bridge, gateway, c.forceAddress);
  for (const family of new Set(gateways.map(familyOf))) await enableForwarding(host, family);
  return own === undefined ? [] : [{ name: own.name, mac: own.mac }];
}

/** An address that is there stays. Any other of IPv4, or an overlapping one of IPv6, is a conflict, and gives way only if forced. */
async function ensureAddress(host: Netns, link: Link, wanted: Cidr, force: boolean): Promise<void> {
  const held = (await host.addresses({ index: link.index, family: familyOf(wanted) })).map(({ address }) => address);
  if (held.includes(wanted)) return;
  const conflicts = held.filter((address) => familyOf(wanted) === 4 || overlaps(address, wanted));
  if (conflicts.length > 0 && !force)
    fail('AddressConflict', `Cannot give ${link.name} the address ${wanted}: it already has ${conflicts.join(', ')}`);
  for (const address of conflicts) await host.deleteAddress(link.index, address);
  await host.addAddress(link.index, wanted).catch(unlessThere);
  await keepMac(host, link);
}

/** Else a bridge's MAC changes as its ports come and go; one that had no port left had none. */
async function keepMac(host: Netns, link: Link): Promise<void> {
  const chosen = link.mac !== undefined && macBytes(link.mac).some((byte) => byte !== 0);
  const { index, mac } = chosen ? link : await requireLink(host, link.name);
  await host.changeLink(index, { mac });
}

/**
 * The VLAN's gateway link: a veth pair on the host, its other end a port of the bridge in that VLAN. Joined again each time,
 * so that a pair which somebody left half done works. A link of that name and another kind is the administrator's own gateway.
 */
async function requireGatewayLink(c: BridgeConfig, name: IfName, bridge: Link, host: Netns): Promise<Link> {
  const link = (await host.findLink(name)) ?? (await createGatewayLink(name, bridge, host));
  const isPair = link.detail.kind === 'veth' && link.parent !== undefined && !link.parentElsewhere;
  const port = isPair ? await host.findLinkByIndex(link.parent) : undefined;
  if (port !== undefined) await joinBridge(host, port, bridge, { ...c, trunk: [], hairpin: false, isolated: false });
  if (!link.up) await host.changeLink(link.index, { up: true });
  return link;
}

async function createGatewayLink(name: IfName, bridge: Link, host: Netns): Promise<Link> {
  try {
    return await host.createLink({ kind: 'veth', name, peerName: derivedName('veth', name), mtu: bridge.mtu });
  } catch (cause) {
    if (!(cause instanceof CniError) || cause.reason !== 'LinkExists') throw cause;
    return await requireLink(host, name); // somebody made it at the same moment
  }
}

function defaultRoutes(ips: readonly IpConfig[], routes: readonly ResultRoute[]): readonly ResultRoute[] {
  return [...new Set(ips.map(({ address }) => familyOf(address)))].flatMap((family) => {
    const gateway = ips.find(({ address }) => familyOf(address) === family)?.gateway;
    return gateway === undefined || routes.some((route) => leadsEverywhere(route, family))
      ? []
      : [{ dst: everything(family), gw: gateway }];
  });
}

/** Without a gateway of its own it will get the first of its family, which is the very route that would be added. */
function leadsEverywhere({ dst, table = mainTable }: ResultRoute, family: Family): boolean {
  return isDefault(dst) && familyOf(dst) === family && table === mainTable;
}

function firstAddress(address: Cidr): Ip | undefined {
  return ipPlus(addressOf(networkOf(address)), 1);
}
