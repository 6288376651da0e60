/** ptp: a veth pair between the pod and the node, which routes for the pod. Kernel and nft through the context. */

import { leaseAddresses } from '../../src/attach/child';
import { configure } from '../../src/attach/configure';
import { type AddContext, type CheckContext, type DelContext, delegate } from '../../src/attach/delegate';
import { addMasquerade, checkMasquerade, deleteMasquerade } from '../../src/attach/masquerade';
import { checkPodLink, tryAll } from '../../src/attach/pod-link';
import { enableForwarding, ensureSysctl } from '../../src/attach/sysctl';
import { unlessThere } from '../../src/attach/tolerate';
import { ipsOf } from '../../src/attach/verify';
import { createPair, deletePair, requireLink } from '../../src/attach/veth';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { familyOf } from '../../src/net/ip';
import { type PtpConfig, parse } from './config';
import { hostPlan, podPlan, withGateways } from './plan';

export const ptp = delegate('ptp', parse, { add, del, check, status });

/** STATUS: only the configuration can stand in the way. */
async function status({ hasIpam }: PtpConfig): Promise<void> {
  if (!hasIpam) refuseAlone();
}

function refuseAlone(): never {
  return fail('ConfigInvalid', 'Cannot do without ipam: the node needs to know whom it routes to');
}

async function add(c: PtpConfig, context: AddContext): Promise<Result> {
  const { host, pod, ifName, undo } = context;
  const lease = withGateways((await leaseAddresses(context)) ?? refuseAlone());
  const { inside, hostEnd } = await createPair({ mtu: c.mtu, mac: undefined }, context);
  undo.push(() => pod.deleteLink(ifName)); // the other end goes with it, and its addresses and routes with that
  const outside = await requireLink(host, hostEnd);
  await ensureSysctl(host, `net/ipv6/conf/${hostEnd}/accept_ra`, '0');
  await host.changeLink(outside.index, { up: true });
  await configure(pod, inside, { ips: lease.ips, routes: [] });
  const there = podPlan(lease, inside.index);
  for (const route of there.gone) await pod.deleteRoute(route);
  for (const route of there.routes) await pod.addRoute(route, 'append').catch(unlessThere);
  const here = hostPlan(lease, outside.index);
  for (const address of here.addresses) await host.addAddress(outside.index, address);
  for (const route of here.routes) await host.addRoute(route).catch(unlessThere);
  for (const family of new Set(lease.ips.map(({ address }) => familyOf(address)))) await enableForwarding(host, family);
  if (c.ipMasq) {
    undo.push(() => deleteMasquerade(context, lease.ips));
    await addMasquerade(c.ipMasqBackend, context, lease.ips);
  }
  return {
    interfaces: [
      { name: outside.name, mac: outside.mac },
      { name: inside.name, mac: inside.mac, sandbox: pod.path },
    ],
    ips: lease.ips.map((ip) => ({ ...ip, interface: 1 })),
    routes: lease.routes,
    dns: c.dns ?? lease.dns,
  };
}

/** Every step is tried, the addresses go back last, when nothing can use them any more. */
async function del(c: PtpConfig, context: DelContext): Promise<void> {
  const { ipam, prevResult } = context;
  await tryAll([
    async () => ipam?.del(),
    ...(c.ipMasq ? [() => deleteMasquerade(context, prevResult?.ips)] : []),
    () => deletePair(context),
  ]);
}

async function check(c: PtpConfig, context: CheckContext): Promise<void> {
  await checkPodLink('veth', context);
  if (c.ipMasq) await checkMasquerade(context, ipsOf(context.prevResult, context.ifName));
}
