/** Finds what networks that should be independent share, from their configurations and what pods hold. Pure. */
import { isRecord, type Json, plainly, record } from '../json';
import {
  addressOf,
  anyOverlap,
  type Cidr,
  familyOf,
  findCidr,
  findIp,
  type Ip,
  isDefault,
  networkOf,
  overlaps,
} from '../net/ip';
import type { Attachment } from './attachment';

/** A network as its definition has it: `network` is what people call it, `name` the CNI name. */
export type Shape = Pick<Attachment, 'network' | 'name' | 'plugins' | 'isDefault'>;

/** A running pod's hold on its networks. */
export interface Holder {
  readonly pod: string; // what people call it
  readonly attachments: readonly (Shape & { readonly addresses: readonly Ip[] })[];
}

/**
 * What two of the networks share, in words; each pair once, and a network attached twice is no pair. Networks of one pod
 * or definitions of a cluster: an equal VLAN on one parent, one bridge without tags, subnets that overlap, one store of
 * host-local, default routes in more than one besides the default network.
 */
export function findSharing(networks: readonly Shape[]): readonly string[] {
  const known = networks.map(factsOf);
  if (areApart(known)) return [];
  const found = known.flatMap((one, at) =>
    known.slice(at + 1).flatMap((other) => (other.network === one.network ? [] : sharedBy(one, other))),
  );
  return [...new Set(found)];
}

/** What of a network another one may have, too. Looked up once, since every pair is compared. */
interface Facts {
  readonly network: string;
  readonly isDefault: boolean;
  readonly segments: readonly string[];
  readonly subnets: readonly Cidr[];
  readonly stores: readonly string[];
  readonly defaults: readonly string[];
}

function factsOf(shape: Shape): Facts {
  return {
    network: shape.network,
    isDefault: shape.isDefault,
    segments: segmentsOf(shape),
    subnets: subnetsOf(shape),
    stores: storesOf(shape),
    defaults: defaultsOf(shape),
  };
}

/** Whether no two share anything, found without a look at each pair's every fact: nearly always so, and every ADD asks. */
function areApart(known: readonly Facts[]): boolean {
  const names: string[] = [];
  for (const { segments, stores } of known) names.push(...segments, ...stores);
  if (new Set(names).size < names.length || known.filter(({ defaults }) => defaults.length > 0).length > 1)
    return false;
  return !anyOverlap(known.flatMap(({ subnets }) => subnets));
}

function sharedBy(one: Facts, other: Facts): readonly string[] {
  const names = `networks ${one.network} and ${other.network}`;
  return [
    ...both(one.segments, other.segments).map((segment) => `${names} share ${segment}`),
    ...overlapping(one.subnets, other.subnets).map(([a, b]) => `${names} have subnets that overlap: ${a} and ${b}`),
    ...both(one.stores, other.stores).map(
      (store) => `${names} share the addresses of ${store}: give them different names`,
    ),
    ...(one.isDefault || other.isDefault ? [] : both(one.defaults, other.defaults)).map(
      (family) => `${names} both have an ${family} default route: the one attached first comes first`,
    ),
  ];
}

/** Addresses that `static` would give, before it does: those asked for, or the configured ones. */
export function staticAddresses({ plugins, asked }: Pick<Attachment, 'plugins' | 'asked'>): readonly Ip[] {
  const sections = plugins.map(ipamOf).filter(({ type, shared }) => type === 'static' && shared !== true);
  if (sections.length === 0) return [];
  const configured = sections.flatMap(({ addresses }) => records(addresses).map(({ address }) => address));
  return (asked.ips.length > 0 ? asked.ips : configured).flatMap((text) => {
    const subnet = findCidr(text);
    const address = subnet === undefined ? findIp(text) : addressOf(subnet);
    return address === undefined ? [] : [address];
  });
}

/** The pod that holds one of the addresses on the same network, or on the same VLAN of the same link. */
export function findHolder(
  wanted: Shape & { readonly addresses: readonly Ip[] },
  holders: readonly Holder[],
): { readonly pod: string; readonly address: Ip } | undefined {
  const segments = segmentsOf(wanted);
  for (const { pod, attachments } of holders)
    for (const held of attachments) {
      const near = held.network === wanted.network || both(segmentsOf(held), segments).length > 0;
      const address = wanted.addresses.find((each) => held.addresses.includes(each));
      if (near && address !== undefined) return { pod, address };
    }
  return undefined;
}

/** Addresses that two running pods have, or ask for, on one network or VLAN, in words; for definitions and pods as they are written. */
export function findTwice(holders: readonly Holder[]): readonly string[] {
  const found = holders.flatMap(({ pod, attachments }, at) =>
    attachments.flatMap((one) => {
      const other = findHolder(one, holders.slice(0, at));
      return other === undefined ? [] : [`${other.pod} and ${pod} both ask for ${other.address} of ${one.network}`];
    }),
  );
  return [...new Set(found)];
}

function both(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set(some)].filter((each) => others.includes(each));
}

/** The layer 2 that a network is: a VLAN of a link, or of a bridge, or a bridge without tags. */
function segmentsOf({ plugins }: Shape): readonly string[] {
  return plugins.flatMap((plugin): readonly string[] => {
    const { type, master, vlan, vlanId, bridge, vlanTrunk } = record(plugin);
    if (type === 'vlan') return tagged(master, vlanId);
    if (type === 'macvlan' || type === 'ipvlan')
      return vlan === undefined ? tagged(...ofName(master)) : tagged(master, vlan);
    if (type !== 'bridge' && type !== 'cnv-bridge') return [];
    if (master !== undefined) return tagged(master, vlan);
    const name = typeof bridge === 'string' && bridge !== '' ? bridge : 'cni0';
    if (vlan) return [`VLAN ${plainly(vlan)} of bridge ${name}`];
    return vlanTrunk === undefined ? [`bridge ${name}, without VLAN tags`] : [];
  });
}

/** `eth1.100` is what people call VLAN 100 of eth1; without that the link may be anything. */
function ofName(master: unknown): readonly [unknown, unknown] {
  const name = plainly(master);
  const [, link, id] = (name.includes('.') && /^(.+)\.(\d{1,4})$/.exec(name)) || [];
  return [link, id];
}

function tagged(link: unknown, id: unknown): readonly string[] {
  const known = typeof link === 'string' && link !== '' && id !== undefined;
  return known ? [`VLAN ${plainly(id)} of link ${link}`] : [];
}

function overlapping(some: readonly Cidr[], others: readonly Cidr[]): readonly (readonly [Cidr, Cidr])[] {
  return some.flatMap((a) => others.filter((b) => overlaps(a, b)).map((b) => [a, b] as const));
}

/** Subnets of host-local, whereabouts and static sections. */
function subnetsOf({ plugins }: Shape): readonly Cidr[] {
  const texts = plugins.map(ipamOf).flatMap(({ subnet, range, ranges, addresses }) => [
    subnet,
    typeof range === 'string' ? range.replace(/^.*-(?=.*\/)/, '') : undefined, // whereabouts: first-last/length
    ...lists(ranges).flatMap((set) => records(set).map((each) => each.subnet)),
    ...records(addresses).map(({ address }) => address),
  ]);
  const found = texts.flatMap((text) => findCidr(text) ?? []);
  return [...new Set(found.map(networkOf))].filter((subnet) => !isDefault(subnet));
}

function storesOf({ plugins, name }: Shape): readonly string[] {
  return plugins
    .map(ipamOf)
    .flatMap(({ type, dataDir }) =>
      type === 'host-local'
        ? [`${typeof dataDir === 'string' && dataDir !== '' ? dataDir : '/var/lib/cni/networks'}/${name}`]
        : [],
    );
}

function defaultsOf(shape: Shape): readonly string[] {
  return shape.plugins.flatMap((plugin) => {
    const routes = records(ipamOf(plugin).routes).flatMap(({ dst }) => findCidr(dst) ?? []);
    const own = record(plugin).isDefaultGateway === true ? subnetsOf({ ...shape, plugins: [plugin] }) : [];
    return [...routes.filter(isDefault), ...own].map((subnet) => `IPv${familyOf(subnet)}`);
  });
}

function ipamOf(plugin: Json): Json {
  const { ipam } = record(plugin);
  return isRecord(ipam) ? ipam : {};
}

function records(value: unknown): readonly Json[] {
  return lists(value).filter(isRecord);
}

function lists(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
