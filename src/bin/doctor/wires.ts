/** Which links of the node its networks live on, VLAN by VLAN, and whom to ask there. Pure. */
import { bridges, onMaster } from '../../attach/masters';
import { typeOf } from '../../cni/network';
import type { CniError } from '../../error';
import { isRecord, type Json, record } from '../../json';
import { addressOf, type Cidr, contains, findCidr, findIp, type Ip, ipPlus, networkOf } from '../../net/ip';
import type { Link } from '../../net/link';
import type { Mac } from '../../net/mac';
import { parseVlanTag, type VlanTag } from '../../net/vlan';
import type { KnownNetwork } from './check';

/** How a network uses a link of the node. */
export interface Use {
  readonly display: string;
  readonly type: string;
  /** As written: a name, a match, or nothing for the link of the default route. */
  readonly master: unknown;
  readonly tag: VlanTag | undefined;
  readonly mode: string | undefined;
  readonly mtu: number | undefined;
  /** Somebody outside must have these. */
  readonly gateways: readonly Ip[];
  /** Nobody may have these but one pod. */
  readonly addresses: readonly Ip[];
  /** Who probably is there, where the network names no gateway. */
  readonly guesses: readonly Ip[];
}

/** A link of the node, or one VLAN of it, with the networks on it. */
export interface Wire {
  readonly master: Link;
  readonly tag: VlanTag | undefined;
  readonly uses: readonly Use[];
}

/** Who said to have an address. */
export type Held = readonly [Ip, Mac];

/** What was asked on a wire, and what came back. */
export type Answer = Wire & {
  /** Why it could not be asked; undefined: it was. */
  readonly problem: CniError | 'idle' | 'down' | 'in a pod' | undefined;
  /** Largest packet of the link that asked. */
  readonly mtu: number;
  readonly held: readonly Held[];
  /** The node's own addresses there. */
  readonly own: readonly Ip[];
  /** What the way to a gateway carries. */
  readonly way: Way | undefined;
  /** Pod links that were made there and deleted. */
  readonly trials: readonly Trial[];
};

/** The way to a gateway: `carries` undefined when it answers to no packet that is filled up. */
export interface Way {
  readonly gateway: Ip;
  readonly wanted: number;
  readonly carries: number | undefined;
  /** Whether it was measured there and back, by echo requests; else there only, by questions that are filled up. */
  readonly andBack: boolean;
}

/** A pod's link that was made on a master, up, and deleted. */
export interface Trial {
  readonly kind: 'macvlan' | 'ipvlan';
  readonly problem: CniError | undefined;
  /** The card takes in everything since: it has no filter for further MAC addresses. */
  readonly turnsPromiscuous: boolean;
}

/** `eth1`, or `VLAN 100 of eth1`. */
export function shownWire({ master, tag }: Pick<Wire, 'master' | 'tag'>): string {
  if (tag === undefined) return master.name;
  return `VLAN ${tag.id}${tag.protocol === '802.1ad' ? ' (802.1ad)' : ''} of ${master.name}`;
}

/** The names of the networks of a wire, shortened. */
export function shownUses(uses: readonly Use[]): string {
  const names = [...new Set(uses.map(({ display }) => display))];
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

/** How the networks use links of the node; what cannot be read of one is `braid lint`'s to tell. */
export function usesOf(networks: readonly KnownNetwork[]): readonly Use[] {
  return networks.flatMap(({ display, network }) => network.plugins.flatMap((plugin) => useOf(display, plugin)));
}

function useOf(display: string, plugin: Json): readonly Use[] {
  const type = typeOf(plugin);
  const { master, linkInContainer, mode, mtu, ipam, isGateway, isDefaultGateway } = record(plugin);
  const isBridge = bridges.includes(type);
  if (!onMaster.includes(type) || linkInContainer === true || (isBridge && !isNamed(master))) return [];
  const ownGateway = isBridge && (isGateway === true || isDefaultGateway === true); // the bridge itself has it
  const gateways = ownGateway ? [] : gatewaysOf(ipam);
  return [
    {
      display,
      type,
      master: isNamed(master) ? master : undefined,
      tag: tagOf(type, plugin),
      mode: typeof mode === 'string' && mode !== '' ? mode : undefined,
      mtu: typeof mtu === 'number' && mtu > 0 ? mtu : undefined,
      gateways,
      addresses: staticAddresses(ipam),
      guesses: gateways.length > 0 || ownGateway ? [] : firstAddresses(ipam),
    },
  ];
}

const isNamed = (master: unknown): boolean => isRecord(master) || (typeof master === 'string' && master !== '');

function tagOf(type: string, plugin: Json): VlanTag | undefined {
  const { vlan, vlanId, vlanProtocol } = record(plugin);
  const id = type === 'vlan' ? vlanId : vlan;
  if (id === undefined || id === 0) return undefined;
  try {
    return parseVlanTag(id, vlanProtocol);
  } catch {
    return undefined;
  }
}

/** Every gateway that the section names: of ranges, of addresses, of routes. */
function gatewaysOf(ipam: unknown): readonly Ip[] {
  if (!isRecord(ipam)) return [];
  const { gateway, routes } = record(ipam);
  const inner = rangesOf(ipam).map((each) => record(each).gateway);
  const hops = (Array.isArray(routes) ? routes : []).map((each) => (isRecord(each) ? record(each).gw : undefined));
  return unique([gateway, ...inner, ...hops].flatMap((text) => findIp(text) ?? []));
}

function rangesOf(ipam: Json): readonly Json[] {
  const { ranges, addresses } = record(ipam);
  return [ranges, addresses].flatMap((list) => (Array.isArray(list) ? list.flat() : [])).filter(isRecord);
}

function staticAddresses(ipam: unknown): readonly Ip[] {
  if (!isRecord(ipam) || record(ipam).type !== 'static') return [];
  const { addresses } = record(ipam);
  const texts = (Array.isArray(addresses) ? addresses : []).filter(isRecord).map((each) => record(each).address);
  return unique(texts.flatMap((text) => addressIn(text) ?? []));
}

function addressIn(text: unknown): Ip | undefined {
  const subnet = findCidr(text);
  return subnet === undefined ? findIp(text) : addressOf(subnet);
}

/** The first address of each subnet: routers mostly have it. */
function firstAddresses(ipam: unknown): readonly Ip[] {
  if (!isRecord(ipam)) return [];
  const texts = [ipam, ...rangesOf(ipam)].flatMap((each) => {
    const { subnet, range, address } = record(each);
    return [subnet, range, address];
  });
  const subnets = texts.flatMap((text) => findCidr(text) ?? []);
  const first = (subnet: Cidr): readonly Ip[] => {
    const found = ipPlus(addressOf(networkOf(subnet)), 1);
    return found !== undefined && contains(subnet, found) ? [found] : [];
  };
  return unique(subnets.flatMap(first));
}

const unique = <T>(list: readonly T[]): readonly T[] => [...new Set(list)];

/** The wires of these uses and their masters, in order of first use. */
export function toWires(uses: readonly (readonly [Use, Link])[]): readonly Wire[] {
  const wires = new Map<string, Wire & { readonly uses: Use[] }>();
  for (const [use, master] of uses) {
    const { tag } = use;
    const key = `${master.index} ${tag?.id} ${tag?.protocol}`;
    const wire = wires.get(key) ?? { master, tag, uses: [] };
    wire.uses.push(use);
    wires.set(key, wire);
  }
  return [...wires.values()];
}
