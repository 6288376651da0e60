/** A pod's networks as one picture: what the record says beside what the kernel holds. Reads the namespaces given. */
import { typeOf } from '../cni/network';
import { record as fields, isRecord, type Json, plainly } from '../json';
import { addressOf, type Cidr, familyOf, isDefault } from '../net/ip';
import type { Link } from '../net/link';
import { mainTable, type Route, type Rule } from '../net/route';
import type { Failure, Step } from './history';
import type { Netns } from './ports';
import type { AttachRecord, RecordedAttachment } from './record';

/** One pod with everything that is known of its networks. */
export interface PodPicture {
  /** `namespace/name`, or the container where the runtime told no pod. */
  readonly pod: string;
  readonly containerId: string;
  readonly netns: string;
  /** false: the namespace is gone, and what the kernel held with it. */
  readonly alive: boolean;
  readonly since: string; // RFC 3339
  readonly networks: readonly PictureNetwork[];
  /** Of all tables, in the kernel's order. */
  readonly routes: readonly PictureRoute[];
  readonly rules: readonly PictureRule[];
  /** How long the steps of its ADD took; empty for records of older versions. */
  readonly steps: readonly Step[];
  /** Calls that failed, oldest first: of this sandbox, and ADDs of earlier ones. */
  readonly failures: readonly Failure[];
}

/** One network of the pod. */
export interface PictureNetwork {
  readonly network: string;
  readonly ifName: string;
  readonly isDefault: boolean;
  /** The plugins in order. */
  readonly plugins: readonly string[];
  readonly ipam: string | undefined;
  /** What addresses are taken from, as the configuration has it. */
  readonly pool: string | undefined;
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
  readonly link: PictureLink | undefined;
  /** From the link below the pod's to the node's edge, e.g. `eth1.100`, `eth1`. */
  readonly path: readonly string[];
  readonly isolated: boolean;
  /** A default route of the pod leaves here first, by family: IPv4, IPv6. */
  readonly defaultFor: readonly string[];
  readonly finished: boolean;
  /** Why its last DEL could not take everything back. */
  readonly failure: string | undefined;
}

/** The pod's interface as it is now. */
export interface PictureLink {
  readonly kind: string;
  /** Mode or VLAN, where the kind has one. */
  readonly detail: string | undefined;
  readonly mac: string | undefined;
  readonly mtu: number;
  readonly up: boolean;
}

export interface PictureRoute {
  readonly dst: string;
  readonly gateway: string | undefined;
  readonly dev: string | undefined;
  readonly metric: number | undefined;
  readonly source: string | undefined;
  readonly table: number;
}

export interface PictureRule {
  readonly priority: number | undefined;
  readonly from: string;
  readonly iif: string | undefined;
  /** A table's number, or `blackhole`. */
  readonly to: string;
}

/** The picture of a recorded pod; `pod` undefined: its namespace is gone; `earlier`: what failed before it was recorded. */
export async function readPicture(
  record: AttachRecord,
  pod: Netns | undefined,
  host: Netns,
  earlier: readonly Failure[] = [],
): Promise<PodPicture> {
  const links = (await pod?.links()) ?? [];
  const routes = (await pod?.routes({ table: 'all' })) ?? [];
  const below = await host.links();
  return {
    pod: record.pod === undefined ? `container ${record.containerId}` : `${record.pod.namespace}/${record.pod.name}`,
    containerId: record.containerId,
    netns: record.netns,
    alive: pod !== undefined,
    since: record.createdAt,
    networks: record.attachments.map((one) => toNetwork(one, { links, routes, below })),
    routes: routes.map((route) => toRoute(route, links)),
    rules: ((await pod?.rules()) ?? []).filter(isOwn).map(toRule),
    steps: record.steps ?? [],
    failures: [...earlier, ...(record.failures ?? [])].toSorted((a, b) => a.at.localeCompare(b.at)),
  };
}

interface Seen {
  readonly links: readonly Link[];
  readonly routes: readonly Route[];
  readonly below: readonly Link[]; // of the node
}

function toNetwork(one: RecordedAttachment, { links, routes, below }: Seen): PictureNetwork {
  const link = links.find(({ name }) => name === one.ifName);
  const ipams = one.plugins.map(ipamOf).filter((ipam) => ipam !== undefined);
  const own = one.result?.ips.filter(
    ({ interface: at }) => at === undefined || one.result?.interfaces[at]?.name === one.ifName,
  );
  return {
    network: one.network,
    ifName: one.ifName,
    isDefault: one.isDefault,
    plugins: one.plugins.map(typeOf),
    ipam: ipams[0] === undefined ? undefined : plainly(fields(ipams[0]).type),
    pool: ipams.map(poolOf).find((pool) => pool !== undefined),
    addresses: (own ?? []).map(({ address }) => address),
    gateways: (own ?? []).flatMap(({ gateway }) => gateway ?? []),
    link: link === undefined ? undefined : toPictureLink(link),
    path: link === undefined ? [] : pathOf(link, below),
    isolated: one.isolated && !one.isDefault,
    defaultFor: ([4, 6] as const)
      .filter((family) => firstDefault(routes, family)?.index === link?.index && link !== undefined)
      .map((family) => `IPv${family}`),
    finished: one.result !== undefined,
    failure: one.failure,
  };
}

function toPictureLink({ detail, mac, mtu, up }: Link): PictureLink {
  return {
    kind: detail.kind === 'other' ? detail.name || 'device' : detail.kind,
    detail: detailOf(detail),
    mac,
    mtu,
    up,
  };
}

function detailOf(detail: Link['detail']): string | undefined {
  if (detail.kind === 'macvlan' || detail.kind === 'ipvlan') return detail.mode;
  return detail.kind === 'vlan' ? `VLAN ${detail.id}` : undefined;
}

/** A port goes to its bridge, a VLAN to its parent, and from there on; at most 8 steps, since a node may have any links. */
function pathOf({ parent, parentElsewhere }: Link, below: readonly Link[]): readonly string[] {
  const path: string[] = [];
  let index = parentElsewhere ? parent : undefined;
  while (index !== undefined && path.length < 8) {
    const next: Link | undefined = below.find((link) => link.index === index);
    if (next === undefined) break;
    path.push(next.name);
    index = next.master ?? (next.detail.kind === 'veth' || next.parentElsewhere ? undefined : next.parent);
  }
  return path;
}

function firstDefault(routes: readonly Route[], family: 4 | 6): Route | undefined {
  return routes
    .filter(({ dst, table = mainTable }) => table === mainTable && isDefault(dst) && familyOf(dst) === family)
    .toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0];
}

function toRoute(
  { dst, gateway, index, metric, source, table = mainTable }: Route,
  links: readonly Link[],
): PictureRoute {
  return { dst: shownDst(dst), gateway, dev: links.find((link) => link.index === index)?.name, metric, source, table };
}

/** As iproute2 has it. */
function shownDst(dst: Cidr): string {
  return isDefault(dst) ? `default${familyOf(dst) === 6 ? ' (IPv6)' : ''}` : dst;
}

/** The kernel's own three rules say nothing of a pod. */
function isOwn({ source, iif, table, blackhole }: Rule): boolean {
  return source !== undefined || iif !== undefined || blackhole === true || ![253, 254, 255].includes(table);
}

function toRule({ priority, source, iif, table, blackhole, family }: Rule): PictureRule {
  const from = source === undefined ? `all${family === 6 ? ' (IPv6)' : ''}` : addressOf(source);
  return { priority, from, iif, to: blackhole === true ? 'blackhole' : `table ${table}` };
}

function ipamOf(plugin: Json): Json | undefined {
  const { ipam } = fields(plugin);
  return isRecord(ipam) && typeof fields(ipam).type === 'string' && fields(ipam).type !== '' ? ipam : undefined;
}

/** The ranges of an `ipam` section in words, whatever its type. */
function poolOf(ipam: Json): string | undefined {
  const { subnet, range, rangeStart, rangeEnd, ranges, addresses } = fields(ipam);
  const sets = Array.isArray(ranges) ? ranges.flat().filter(isRecord).map(rangeText) : [];
  const single = subnet === undefined ? [] : [rangeText({ subnet, rangeStart, rangeEnd })];
  const fixed = Array.isArray(addresses) ? addresses.filter(isRecord).map((each) => plainly(each.address)) : [];
  const all = [...sets, ...single, ...(typeof range === 'string' ? [range] : []), ...fixed];
  return all.length === 0 ? undefined : all.join(', ');
}

function rangeText(range: Json): string {
  const { subnet, rangeStart, rangeEnd } = fields(range);
  if (rangeStart === undefined && rangeEnd === undefined) return plainly(subnet);
  return `${plainly(rangeStart ?? 'the first')} to ${plainly(rangeEnd ?? 'the last')} of ${plainly(subnet)}`;
}
