/** sbr: what leaves a pod from an address of this network leaves by this network's link. Kernel through the context. */
import { type AddContext, type CheckContext, chainedDelegate, type DelContext } from '../../src/attach/delegate';
import { Undo } from '../../src/attach/undo';
import { ipsOf } from '../../src/attach/verify';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { addressOf, isDefault } from '../../src/net/ip';
import { mainTable } from '../../src/net/route';
import { parse, type SbrConfig } from './config';
import { gatewayOf, plan, sourceOf } from './plan';

export const sbr = chainedDelegate('sbr', parse, { add, del, check });

async function add(c: SbrConfig, { pod, ifName, prevResult, undo }: AddContext): Promise<Result> {
  if (prevResult === undefined)
    return fail(
      'ConfigInvalid',
      'Cannot use sbr alone: this plugin must be called as chained plugin, after another one',
    );
  const ips = ipsOf(prevResult, ifName);
  if (ips.length === 0)
    fail('AddressMissing', `Cannot route by source: No IP addresses supplied on interface: ${ifName}`);
  const link = (await pod.findLink(ifName)) ?? fail('LinkMissing', `Cannot find interface ${ifName} in the pod`);
  const held = { rules: await pod.rules(), routes: await pod.routes({ table: 'all' }) };
  const { routes, rules, hints, leaving } = plan(c, ips, link.index, held);
  for (const route of routes) {
    await pod.addRoute(route, 'replace'); // the copied default is the one just made
    undo.push(() => pod.deleteRoute(route));
  }
  for (const rule of rules) {
    await pod.addRule(rule);
    undo.push(() => pod.deleteRule(rule));
  }
  for (const route of hints) {
    await pod.addRoute(route, 'append');
    undo.push(() => pod.deleteRoute(route));
  }
  for (const route of leaving) {
    await pod.deleteRoute(route);
    undo.push(() => pod.addRoute(route, 'append'));
  }
  return prevResult;
}

/** The rules outlive the link, so they go here; the tables' routes go with the link. */
async function del(c: SbrConfig, { pod, ifName, prevResult }: DelContext): Promise<void> {
  if (pod === undefined) return;
  const link = await pod.findLink(ifName);
  const held = link === undefined ? [] : await pod.addresses({ index: link.index });
  const recorded = prevResult === undefined ? [] : ipsOf(prevResult, ifName);
  const sources = [...held, ...recorded].map(({ address }) => addressOf(address));
  const undo = new Undo(); // each step is tried
  for (const rule of await pod.rules()) {
    const ours = rule.source !== undefined && sources.includes(addressOf(rule.source));
    if (ours && (c.table === undefined || rule.table === c.table)) undo.push(() => pod.deleteRule(rule));
  }
  const [failure] = await undo.run();
  if (failure !== undefined) throw failure;
}

async function check(c: SbrConfig, { pod, ifName, prevResult }: CheckContext): Promise<void> {
  const rules = await pod.rules();
  const routes = await pod.routes({ table: 'all' });
  for (const ip of ipsOf(prevResult, ifName)) {
    const source = sourceOf(ip);
    const tables = rules.filter((rule) => rule.source === source).map(({ table }) => table);
    if (c.table === undefined ? tables.length === 0 : !tables.includes(c.table))
      fail(
        'CheckFailed',
        `Cannot find the rule from ${source} lookup ${c.table ?? 'a table of its own'} in the pod: it has ${tables.map((table) => `lookup ${table}`).join(', ') || 'none'}`,
      );
    const gateway = gatewayOf(ip, c);
    if (c.table !== undefined || gateway === undefined) continue; // the user's table is the user's
    const found = routes.some(
      (route) => isDefault(route.dst) && route.gateway === gateway && tables.includes(route.table ?? mainTable),
    );
    if (!found) fail('CheckFailed', `Cannot find the default route via ${gateway} in table ${tables.join(' or ')}`);
  }
}
