/** Parts of a pod's picture as text, in the words of iproute2. Pure. */
import type { Failure, Step } from '../../attach/history';
import type { PictureNetwork, PictureRoute, PictureRule, PodPicture } from '../../attach/picture';
import { mainTable } from '../../net/route';
import { toTable } from './table';

/** One line for each network, the default one marked by a star. */
export function networksTable(networks: readonly PictureNetwork[]): string {
  const rows = networks.map((one) => [
    `${one.ifName}${one.isDefault ? ' *' : ''}`,
    one.network,
    pluginsText(one),
    addressesText(one),
    one.pool ?? '-',
    linkText(one),
    one.path.join(' > ') || '-',
    one.isDefault ? '-' : one.isolated ? 'yes' : 'NO',
  ]);
  return toTable(['INTERFACE', 'NETWORK', 'PLUGINS', 'ADDRESSES', 'FROM', 'LINK', 'OVER', 'ISOLATED'], rows);
}

/** `macvlan, sbr + host-local`. */
export function pluginsText({ plugins, ipam }: PictureNetwork): string {
  return `${plugins.join(', ')}${ipam === undefined ? '' : ` + ${ipam}`}`;
}

/** The addresses, or why there is none to show. */
export function addressesText({ addresses, ipam, finished }: PictureNetwork): string {
  if (!finished) return 'unfinished';
  return addresses.join(', ') || (ipam === undefined ? 'layer 2' : `known to ${ipam} only`);
}

/** Kind, mode and MTU of the pod's link. */
export function linkText({ link }: PictureNetwork): string {
  if (link === undefined) return 'none';
  return `${[link.kind, link.detail].filter(Boolean).join(' ')}, mtu ${link.mtu}${link.up ? '' : ', DOWN'}`;
}

/** As `ip route` prints them, with the table where it is not main. */
export function routeLine({ dst, gateway, dev, metric, source, table }: PictureRoute): string {
  const parts = [
    dst,
    gateway === undefined ? '' : `via ${gateway}`,
    dev === undefined ? '' : `dev ${dev}`,
    source === undefined ? '' : `src ${source}`,
    metric === undefined || metric === 0 ? '' : `metric ${metric}`,
    table === mainTable ? '' : `table ${table}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** As `ip rule` prints it. */
export function ruleLine({ priority, from, iif, to }: PictureRule): string {
  const selects = `from ${from}${iif === undefined ? '' : ` iif ${iif}`}`;
  return `${priority === undefined ? '' : `${priority}: `}${selects} ${to === 'blackhole' ? to : `lookup ${to.replace('table ', '')}`}`;
}

/** Routes that say something: the kernel's own of IPv6 (link-local, multicast) do not. */
export function tellingRoutes({ routes }: Pick<PodPicture, 'routes'>): readonly PictureRoute[] {
  return routes.filter(({ dst, dev }) => !/^f(e80|f00)::/.test(dst) && dev !== 'lo');
}

/** A heading with its lines below, indented; nothing without lines. */
export function section(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${heading}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Each step of ADD with its time, and a bar as long as its part of the whole. */
export function stepLines(steps: readonly Step[]): readonly string[] {
  const whole = steps.reduce((sum, { ms }) => sum + ms, 0);
  const longest = Math.max(5, ...steps.map(({ step }) => step.length));
  const line = (step: string, ms: number): string => `${step.padEnd(longest)} ${ms.toFixed(1).padStart(8)} ms`;
  const bar = (ms: number): string => '█'.repeat(Math.round((ms / whole) * 30));
  return steps.length === 0
    ? []
    : [...steps.map(({ step, ms }) => `${line(step, ms)}  ${bar(ms)}`.trimEnd()), line('ADD', whole)];
}

/** When which verb failed, and why. */
export function failureLine({ at, verb, reason, problem }: Failure): string {
  return `${at}  ${verb} ${reason}: ${problem}`;
}
