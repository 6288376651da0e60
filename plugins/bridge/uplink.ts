/** The bridge's way out of the node: a VLAN of a link that the bridge's pods share, or a link that is a port already. Acts on the host and the list of users. */
import type { AddContext, CheckContext, DelContext } from '../../src/attach/delegate';
import { findVlanLink, releaseHostLinks, requireVlanLink } from '../../src/attach/host-links';
import { requireMaster } from '../../src/attach/master';
import type { Netns } from '../../src/attach/ports';
import { ensureSysctl } from '../../src/attach/sysctl';
import { requireLink } from '../../src/attach/veth';
import { CniError, fail } from '../../src/error';
import type { Link } from '../../src/net/link';
import { braidGroup, vlanName } from '../../src/net/vlan';
import type { BridgeConfig, Uplink } from './config';

/**
 * Makes the uplink a port of the bridge; returns the bridge as it is then. Only a sub-interface of Braid's own is ever
 * taken: a link of the node that is no port would lose its addresses. LinkUnsuitable, MasterConflict.
 */
export async function requireUplink(c: BridgeConfig, bridge: Link, context: AddContext): Promise<Link> {
  if (c.uplink === undefined) return bridge;
  const { host, hostLinks, containerId, ifName, undo } = context;
  const { link: master } = await requireMaster(host, c.uplink.master);
  const { vlan } = c.uplink;
  if (vlan === undefined) {
    refuseUnlessPort(master, bridge, 'or set "vlan" for a VLAN of it');
    return bridge;
  }
  await refuseOtherVlans(c.uplink, master, bridge, host);
  const link = await requireVlanLink(master, vlan, { host, hostLinks, owner: { containerId, ifName }, undo });
  if (link.group !== braidGroup) refuseUnlessPort(link, bridge, 'or remove it, and Braid makes its own');
  else
    await hostLinks.locked(link.name, async () => {
      const now = await requireLink(host, link.name);
      if (now.master !== bridge.index) await enslave(now, bridge, host); // once: a second time would take it off first
    });
  return await requireLink(host, bridge.name); // its MTU is that of its ports
}

/** DEL: the sub-interface goes with the last pod, the bridge stays. */
export async function releaseUplink({ uplink }: BridgeConfig, context: DelContext): Promise<void> {
  if (uplink?.vlan === undefined) return;
  const { host, hostLinks, containerId, ifName } = context;
  await releaseHostLinks({ containerId, ifName }, host, hostLinks, [vlanName(uplink.master, uplink.vlan)]);
}

/** CheckFailed when the bridge has lost its uplink. */
export async function checkUplink({ uplink }: BridgeConfig, bridge: Link, { host }: CheckContext): Promise<void> {
  if (uplink === undefined) return;
  const { link: master } = await requireMaster(host, uplink.master);
  const link = uplink.vlan === undefined ? master : await findVlanLink(master, uplink.vlan, host);
  if (link.master !== bridge.index || !link.up)
    fail(
      'CheckFailed',
      `Bridge ${bridge.name} has lost its uplink ${link.name}: it is ${link.up ? 'no port' : 'down'}`,
    );
}

function refuseUnlessPort({ name, master }: Link, bridge: Link, otherwise: string): void {
  if (master === bridge.index) return;
  fail(
    'LinkUnsuitable',
    `Cannot use ${name} as uplink of bridge ${bridge.name}: it is no port of it, and Braid takes no link of the node; run "ip link set ${name} master ${bridge.name}", ${otherwise}`,
  );
}

/** One bridge is one network: a second VLAN on it would be joined with the first. */
async function refuseOtherVlans({ vlan }: Uplink, master: Link, bridge: Link, host: Netns): Promise<void> {
  const other = (await host.links()).find(
    ({ detail, master: of, parent }) =>
      of === bridge.index && detail.kind === 'vlan' && (detail.id !== vlan?.id || parent !== master.index),
  );
  if (other !== undefined)
    fail(
      'LinkUnsuitable',
      `Cannot use VLAN ${vlan?.id} of ${master.name} as uplink of bridge ${bridge.name}: it has ${other.name}, and the two would be one network; name another bridge`,
    );
}

async function enslave({ index, name, master }: Link, bridge: Link, host: Netns): Promise<void> {
  const tried = `Cannot make ${name} the uplink of bridge ${bridge.name}`;
  if (master !== undefined) fail('MasterConflict', `${tried}: it is a port of another bridge; name that one`);
  await ensureSysctl(host, `net/ipv6/conf/${name}/accept_ra`, '0');
  try {
    await host.changeLink(index, { master: bridge.index });
  } catch (cause) {
    if (!(cause instanceof CniError) || cause.errno !== 'EBUSY') throw cause;
    fail('MasterConflict', `${tried}: it carries macvlan or ipvlan links; a VLAN serves either them or one bridge`, {
      cause,
      errno: 'EBUSY',
    });
  }
}
