/** A node in memory with the links that networks need, so that ADD can run anywhere. Touches nothing outside itself. */
import type { Cluster, DeviceFiles, Devices, Edges, Networks } from '../attach/ports';
import { isRecord, type Json, record } from '../json';
import { isDefault } from '../net/ip';
import type { Link, VlanProtocol } from '../net/link';
import { ifName, ifNameProblem } from '../net/names';
import type { Address, Route } from '../net/route';
import type { Attachment } from '../pod/attachment';
import { fakeDhcp } from './dhcp';
import { fakeFiles } from './files';
import { modelForeign, type Unpredicted } from './foreign';
import { fakeHostLinks } from './host-links';
import { fakeIptables } from './iptables';
import { FakeKernel, type HostLink } from './kernel';
import { fakeLeases } from './leases';
import { fakeLog } from './log';
import { fakeMeter } from './meter';
import { fakeNft } from './nft';
import { fakeRecords } from './records';

/** The node's own namespace: its links, and its default gateways, which lie in subnets of those. */
export interface ModelHost {
  readonly links: readonly HostLink[];
  readonly gateways: readonly string[];
  readonly vlans: readonly ModelVlan[];
  /** That are there before any delegate makes one. */
  readonly bridges: readonly string[];
}

/** A VLAN link of the node, on another of its links. */
interface ModelVlan {
  readonly name: string;
  readonly parent: string;
  readonly id: number;
  readonly protocol: VlanProtocol;
}

/** What the model takes from outside. */
export interface ModelSources {
  readonly findDelegate: Edges['findDelegate'];
  readonly networks: Networks;
  readonly cluster: Cluster;
  readonly host: ModelHost;
  readonly now: string; // RFC 3339
}

/** A node, and what it learns of executables that it cannot run. */
export interface ModelNode {
  readonly edges: Edges & { readonly log: ReturnType<typeof fakeLog> };
  readonly kernel: FakeKernel;
  readonly unpredicted: readonly Unpredicted[];
}

/** Built-in delegates that ask somebody on the network: the model has nobody there. */
const askers: readonly string[] = ['dhcp'];

/** A node on which nothing is attached yet. */
export async function modelNode({ findDelegate, networks, cluster, host, now }: ModelSources): Promise<ModelNode> {
  const kernel = new FakeKernel({ hostLinks: host.links, hostGateways: host.gateways });
  for (const name of host.bridges) kernel.host.build(name);
  for (const vlan of host.vlans) await addVlan(vlan, kernel);
  const unpredicted: Unpredicted[] = [];
  const edges = {
    findDelegate: (type: string) => (askers.includes(type) ? undefined : findDelegate(type)),
    kernel,
    records: fakeRecords(),
    leases: fakeLeases(),
    dhcp: fakeDhcp(),
    hostLinks: fakeHostLinks(),
    networks,
    cluster,
    publisher: undefined,
    agent: { tell: async () => false },
    devices: noDevices,
    deviceFiles: noDeviceFiles,
    foreign: modelForeign(kernel, unpredicted),
    nft: fakeNft(),
    iptables: fakeIptables(),
    files: { ...fakeFiles(), exists: async () => true }, // no plan waits for a readiness file
    log: fakeLog(),
    meter: fakeMeter(),
    bootId: 'model',
    now: () => now,
  };
  return { edges, kernel, unpredicted };
}

/** Which devices a pod gets, kubelet decides when it starts. */
const noDevices: Devices = { allocated: async () => new Map(), claimed: async () => new Map() };
const noDeviceFiles: DeviceFiles = {
  copy: async () => undefined,
  read: async () => undefined,
  delete: async () => undefined,
};

/** The node as it is, without pods' ends of veth pairs: ADD makes those of its own. */
export function asModelHost(
  links: readonly Link[],
  addresses: readonly Address[],
  routes: readonly Route[],
): ModelHost {
  const own = links.filter(({ name, detail, parentElsewhere }) => {
    if (name === 'lo' || detail.kind === 'bridge' || detail.kind === 'vlan') return false;
    return detail.kind !== 'veth' || !parentElsewhere;
  });
  return {
    vlans: links.flatMap(({ name, detail, parent }) => {
      const below = own.find(({ index }) => index === parent);
      return detail.kind === 'vlan' && below !== undefined ? [{ ...detail, name, parent: below.name }] : [];
    }),
    links: own.map(({ index, name, mtu, mac, up, altNames, device }) => ({
      name,
      mtu,
      ...(mac === undefined ? {} : { mac }),
      up,
      altNames,
      ...(device === undefined ? {} : { device }),
      addresses: addresses.filter((each) => each.index === index && each.scope === 0).map(({ address }) => address),
    })),
    bridges: links.flatMap(({ name, detail }) => (detail.kind === 'bridge' ? [name] : [])),
    gateways: routes.flatMap(({ dst, gateway, index }) =>
      isDefault(dst) && gateway !== undefined && own.some((link) => link.index === index) ? [gateway] : [],
    ),
  };
}

/** A node that has what the networks name, and an eth0 with the default route. */
export function assumedHost(named: readonly HostLink[], bridges: readonly string[]): ModelHost {
  const uplink = { name: 'eth0', addresses: ['192.0.2.1/24'] }; // RFC 5737: for documentation
  return {
    links: [uplink, ...named.filter(({ name }) => name !== 'eth0')],
    gateways: ['192.0.2.254'],
    vlans: [],
    bridges,
  };
}

async function addVlan({ name, parent, id, protocol }: ModelVlan, { host }: FakeKernel): Promise<void> {
  const spec = { kind: 'vlan', name: ifName(name, 'link'), parent: host.link(parent).index, id, protocol } as const;
  const link = await host.createLink(spec);
  if (host.link(parent).up) await host.changeLink(link.index, { up: true });
}

/** The links of the node that the attachments name or describe; each once. For a plan where no node is at hand. */
export function assumedLinks(attachments: readonly Pick<Attachment, 'plugins'>[]): readonly HostLink[] {
  const found = attachments.flatMap(({ plugins }) => plugins.flatMap((plugin) => linkOf(plugin)));
  return found.filter((link, at) => found.findIndex(({ name }) => name === link.name) === at);
}

function linkOf(plugin: Json): readonly HostLink[] {
  const { master, device, linkInContainer } = record(plugin);
  if (linkInContainer === true) return [];
  const names = [master, device].filter((name) => typeof name === 'string' && ifNameProblem(name) === undefined);
  const matched = isRecord(master) && isRecord(record(master).match) ? [matching(record(master).match as Json)] : [];
  return [...names.map((name) => ({ name: name as string })), ...matched];
}

/** A link that fits a match, called after it. */
function matching(match: Json): HostLink {
  const { subnet, mac, pciAddress, altName } = record(match);
  const text = Object.values(match)
    .map(String)
    .join('')
    .replace(/[^a-z0-9]/gi, '');
  return {
    name: `match-${text}`.slice(0, 15),
    ...(typeof subnet === 'string' ? { addresses: [subnet] } : {}),
    ...(typeof mac === 'string' ? { mac: mac.toLowerCase() as NonNullable<HostLink['mac']> } : {}),
    ...(typeof pciAddress === 'string' ? { device: pciAddress.toLowerCase() } : {}),
    ...(typeof altName === 'string' ? { altNames: [altName] } : {}),
  };
}

/** Bridges that a delegate only uses, never makes. */
export function assumedBridges(attachments: readonly Pick<Attachment, 'plugins'>[]): readonly string[] {
  const found = attachments.flatMap(({ plugins }) =>
    plugins.flatMap((plugin) => {
      const { type, bridge } = record(plugin);
      return type === 'cnv-bridge' && typeof bridge === 'string' && ifNameProblem(bridge) === undefined ? [bridge] : [];
    }),
  );
  return [...new Set(found)];
}
