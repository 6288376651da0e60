/** Into a VRF and out of it, with the addresses and routes that the kernel drops on the way. Acts on the namespace given. */

import type { Netns } from '../../src/attach/ports';
import { unlessThere } from '../../src/attach/tolerate';
import type { Undo } from '../../src/attach/undo';
import { fail } from '../../src/error';
import { familyOf } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { type Address, mainTable, type Route } from '../../src/net/route';
import { sleep } from '../../src/sleep';

const kernelProtocol = 2; // routes that come back with the address
const settleLimit = 5000; // ms
const settleStep = 10; // ms

/** What the kernel would lose. */
interface Held {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
}

/** Puts the link into the VRF; its own routes follow into the VRF's table. What follows is pushed to `undo` first. */
export async function enslave(
  pod: Netns,
  link: Link,
  vrf: { readonly index: number; readonly detail: { readonly table: number } },
  undo: Undo,
): Promise<void> {
  const held = await read(pod, link);
  undo.push(async () => {
    await pod.changeLink(link.index, { master: 0 });
    await restore(pod, link, held, mainTable);
  });
  await pod.changeLink(link.index, { master: vrf.index });
  await restore(pod, link, held, vrf.detail.table);
}

async function read(pod: Netns, { index }: Link): Promise<Held> {
  const addresses = await pod.addresses({ index, family: 6 });
  const routes = await pod.routes({ index });
  return {
    addresses: addresses.filter(({ scope }) => scope === 0), // those of the link the kernel makes anew
    routes: routes.filter(({ protocol, dst }) => protocol !== kernelProtocol && !dst.startsWith('fe80:')),
  };
}

async function restore(pod: Netns, link: Link, { addresses, routes }: Held, table: number): Promise<void> {
  const there = (await pod.addresses({ index: link.index, family: 6 })).map(({ address }) => address);
  for (const { address } of addresses) if (!there.includes(address)) await pod.addAddress(link.index, address);
  for (const route of routes) {
    if (familyOf(route.dst) === 6) await settle(pod, link);
    await pod.addRoute({ ...route, table }, 'append').catch(unlessThere);
  }
}

/** An IPv6 route with a source needs the address to be no longer tentative. */
async function settle(pod: Netns, { index, name }: Link): Promise<void> {
  for (let waited = 0; waited < settleLimit; waited += settleStep) {
    const addresses = await pod.addresses({ index, family: 6 });
    if (!addresses.some(({ tentative, scope }) => tentative && scope === 0)) return;
    await sleep(settleStep);
  }
  fail(
    'KernelRefused',
    `Cannot give ${name} its IPv6 routes back: its addresses are still tentative after ${settleLimit} ms`,
  );
}
