/**
 * Keeps a pod from joining its networks: no forwarding, no answers on one network for addresses of another. Acts on the
 * namespace given. docs/networking.md tells an operator what holds and what does not.
 */

import { type CniError, fail, placed } from '../error';
import type { Link } from '../net/link';
import type { IfName } from '../net/names';
import type { DropRule, Netns, Sysctl } from './ports';
import type { Undo } from './undo';

/** ARP is answered and asked only with the interface's own addresses; IPv6 neighbour discovery does so by itself. */
const isolation = { forwarding: 0, arpIgnore: 1, arpAnnounce: 2 } as const;

/** Just before the main table: rules that somebody adds later, for a purpose, come first. */
const lastPriority = 32765;
/** Metric of a default route that a router of a secondary network advertises: behind the guarded ones. */
const firstAdvertised = 3072;

/** What a kernel without IPv6, which has none of its rules, says of them. */
const withoutIpv6 = 'EAFNOSUPPORT';

/** The same as /proc/sys has it (Documentation/networking/ip-sysctl.rst). */
const isolationSysctls = (ifName: IfName): readonly Sysctl[] => [
  [`net/ipv4/conf/${ifName}/forwarding`, String(isolation.forwarding)],
  [`net/ipv4/conf/${ifName}/arp_ignore`, String(isolation.arpIgnore)],
  [`net/ipv4/conf/${ifName}/arp_announce`, String(isolation.arpAnnounce)],
  ipv6Forwarding(ifName),
];

/** How a secondary link is kept apart from the pod's other networks. */
export interface Apart {
  readonly link: Pick<Link, 'name' | 'index'>;
  /** The pod neither forwards by it nor answers on it for addresses of other links. */
  readonly isolated: boolean;
  /** Position among the attachments: the default route that a router advertises later stays behind in that order. Linux 5.12 and newer. */
  readonly heldBack: number | undefined;
}

/**
 * Keeps links apart, all but `stopForwarding`; IPv6 is left out where the kernel or the namespace has none. The settings of
 * isolation alone do not last: in IPv6 only conf/all/forwarding counts, and a runtime sets the pod's own sysctls (ip_forward)
 * after ADD, for every link. So a rule drops what comes in by the link and is not for the pod itself: nothing but the rule's
 * deletion ends that.
 */
export async function keepApart(pod: Netns, links: readonly Apart[], undo: Undo): Promise<void> {
  if (links.length === 0) return;
  const isolated = links.filter((one) => one.isolated).map(({ link }) => link);
  const heldBack = links.flatMap(({ link, heldBack: at }) =>
    at === undefined ? [] : [advertisedMetric(link.name, at)],
  );
  const [hasMetric] = await pod.ensureSysctls(heldBack);
  if (isolated.length === 0) return;
  const ipv6 = hasMetric === true || (await hasIpv6(pod));
  const rules = isolated.flatMap(({ name }) => isolationRules(name, ipv6));
  for (const rule of rules) undo.push(() => pod.deleteRule(rule));
  const problems = await pod.changeAll([
    ...isolated.map(({ index }) => ({ link: index, change: { ipv4: isolation } })),
    ...rules.map((rule) => ({ rule })),
  ]);
  for (const [at, problem] of problems.entries()) {
    const rule = rules[at - isolated.length];
    if (problem === undefined || (rule !== undefined && problem.errno === 'EEXIST')) continue;
    throw placed(problem, { ifName: rule?.iif ?? isolated[at]?.name });
  }
}

/** Ends forwarding of IPv6 on isolated links as they were looked at: mostly there is none. */
export async function stopForwarding(pod: Netns, isolated: readonly Link[]): Promise<void> {
  const forwarding = isolated.filter(({ ipv6 }) => ipv6 !== undefined && ipv6.forwarding !== isolation.forwarding);
  if (forwarding.length > 0) await pod.ensureSysctls(forwarding.map(({ name }) => ipv6Forwarding(name)));
}

/** What routers advertise is held back on links that are still to come, too: one that DHCP asks over is up, and hears them, long before it is looked at. */
export async function holdBackNew(pod: Netns): Promise<void> {
  await pod.ensureSysctls([advertisedMetric('default', 0)]);
}

/** Takes the rules of these links back, which outlive them; the settings go with them. Returns what failed, by link. */
export async function endIsolation(pod: Netns, ifNames: readonly IfName[]): Promise<ReadonlyMap<IfName, CniError>> {
  const rules = ifNames.flatMap((ifName) => isolationRules(ifName, true).map((gone) => ({ ifName, gone })));
  const problems = await pod.changeAll(rules.map(({ gone }) => ({ gone })));
  return new Map(
    rules.flatMap(({ ifName }, at) => {
      const problem = problems[at];
      return problem === undefined || problem.errno === withoutIpv6 ? [] : [[ifName, problem]];
    }),
  );
}

/** CheckFailed names the first setting that somebody changed. */
export async function checkIsolation(pod: Netns, ifName: IfName): Promise<void> {
  for (const [key, value] of isolationSysctls(ifName)) {
    const now = await pod.sysctl(key);
    if (now !== undefined && now !== value) fail('CheckFailed', `Setting ${key} is ${now}: expected ${value}`);
  }
  const rules = await pod.rules();
  for (const { family } of isolationRules(ifName, await hasIpv6(pod))) {
    const found = rules.some((rule) => rule.family === family && rule.iif === ifName && rule.blackhole === true);
    if (!found) fail('CheckFailed', `Cannot find the IPv${family} rule "iif ${ifName} blackhole" in the pod`);
  }
}

function isolationRules(ifName: IfName, ipv6: boolean): readonly DropRule[] {
  const rule = { source: undefined, table: 0, priority: lastPriority, iif: ifName, blackhole: true } as const;
  return [{ family: 4, ...rule }, ...(ipv6 ? [{ family: 6, ...rule } as const] : [])];
}

async function hasIpv6(pod: Netns): Promise<boolean> {
  return (await pod.sysctl('net/ipv6/conf/all/forwarding')) !== undefined;
}

function ipv6Forwarding(ifName: IfName): Sysctl {
  return [`net/ipv6/conf/${ifName}/forwarding`, '0'];
}

function advertisedMetric(ifName: IfName | 'default', position: number): Sysctl {
  return [`net/ipv6/conf/${ifName}/ra_defrtr_metric`, String(firstAdvertised + position)];
}
