/** Rows of bridge. Data only. */
import { type Json, record } from '../../../src/json';
import type { Row } from '../twins';
import {
  byDefault,
  dual,
  fixed,
  inVersions,
  one,
  onlyBraidRefuses,
  onlyReferenceRefuses,
  pool,
  routed,
  rowsOf,
  taken,
  wholeDns,
  withoutOfLinks,
} from './words';

const mac = '02:00:00:00:00:07';
const gateways = fixed(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64 via fd00:1::1']);
const noVlans = 'ip link add br0 type bridge; ip link set br0 up';
const withAddress = (address: string): string => `${noVlans}; ip addr add ${address} dev br0`;

/** What both keep of a bridge that they did not make. */
const ofOthers: Partial<Row> = {
  differs: {
    why: 'bridge turns router advertisements off on a bridge that it did not make, too',
    alike: (side) => {
      const settings = (side.node.settings as readonly string[]).filter((line) => !line.includes('/br0/accept_ra'));
      return { ...side, node: { ...side.node, settings } };
    },
  },
};

/** A pod's link is as large as the kernel likes with the reference, and as its bridge with Braid. */
const sized: Partial<Row> = {
  differs: {
    why: 'Without `mtu` a port has 1500, whatever its bridge has',
    alike: (side, maker) => withoutOfLinks(ofOthers.differs?.alike(side, maker) ?? side, 'mtu'),
  },
};

/** The main table has a default route with Braid alone. */
const besideOthers: Partial<Row> = {
  differs: {
    why: 'bridge with `isDefaultGateway` gives no default route beside one of another table',
    alike: (side) => {
      const result = record(side.result);
      const inPod = (side.pod.routes as readonly Json[]).filter(
        ({ dst, table }) => dst !== 'default' || table !== 'main',
      );
      const routes = (result.routes as readonly Json[]).filter(({ table }) => table !== undefined);
      return { ...side, result: { ...result, routes }, pod: { ...side.pod, routes: inPod } };
    },
  },
};

/** The port of the reference takes what comes with the tag of its VLAN only, and what comes without goes nowhere. */
const mute: Partial<Row> = {
  differs: {
    why: '`vlan` that is in `vlanTrunk`, too, is tagged: frames of the pod without a tag are dropped',
    alike: (side) => ({ ...side, node: { ...side.node, vlans: [] } }),
  },
  cniVersion: '0.3.1', // without CHECK, which misses the VLAN at what the reference attached
};

export const bridgeRows: readonly Row[] = [
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    {
      'layer 2': {},
      'an empty ipam': { ipam: {} },
      'an IPv4 address': one,
      'both families': dual,
      routes: routed,
      'a pool': pool(['10.1.0.0/24']),
      'pools of both families': pool(['10.1.0.0/24', 'fd00:1::/64']),
      'an MTU': { mtu: 1400, ...one },
      hairpinMode: { hairpinMode: true, ...one },
      promiscMode: { promiscMode: true, ...one },
      portIsolation: { portIsolation: true, ...one },
      enabledad: { enabledad: true, ...dual },
      disableContainerInterface: { disableContainerInterface: true },
      macspoofchk: { macspoofchk: true, mac, runtimeConfig: { mac }, ...one },
      'macspoofchk at layer 2': { macspoofchk: true, runtimeConfig: { mac } },
      'a MAC that the runtime asks for': { runtimeConfig: { mac }, ...one },
      'a MAC of args.cni': { args: { cni: { mac } }, ...one },
      'dns of its own': { ...wholeDns, ...one },
      'dns of ipam': fixed(['10.1.0.5/24'], { dns: { nameservers: ['9.9.9.9'], search: ['lab'] } }),
      isGateway: { isGateway: true, ...one },
      'isGateway with a gateway of ipam': { isGateway: true, ...fixed(['10.1.0.5/24 via 10.1.0.254']) },
      'isGateway for both families': { isGateway: true, ...dual },
      isDefaultGateway: { isDefaultGateway: true, ...one },
      'isDefaultGateway for both families': { isDefaultGateway: true, ...gateways },
      'isDefaultGateway beside a default route': {
        isDefaultGateway: true,
        ...fixed(['10.1.0.5/24'], { routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.77' }] }),
      },
      'isGateway over a pool': { isGateway: true, ...pool(['10.1.0.0/24']) },
      'ipMasq by nftables': { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', ...one },
      'ipMasq of both families': { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', ...dual },
      'ipMasq without a gateway': { ipMasq: true, ipMasqBackend: 'nftables', ...one },
      'ipMasq by iptables': { isGateway: true, ipMasq: true, ipMasqBackend: 'iptables', ...one },
      'ipMasq of both families by iptables': { isGateway: true, ipMasq: true, ipMasqBackend: 'iptables', ...dual },
      'VLAN 7': { vlan: 7, ...one },
      'VLAN 7 at layer 2': { vlan: 7 },
      'VLAN 7 with VLAN 1 preserved': { vlan: 7, preserveDefaultVlan: true, ...one },
      'a trunk': { vlanTrunk: [{ id: 5 }, { minID: 10, maxID: 12 }] },
      'a trunk beside a VLAN': { vlan: 7, vlanTrunk: [{ id: 9 }, { minID: 10, maxID: 12 }], ...one },
      'a trunk with VLAN 1 preserved': { vlanTrunk: [{ id: 5 }], preserveDefaultVlan: true },
      'a trunk of one range and an id in it': { vlanTrunk: [{ minID: 10, maxID: 12 }, { id: 11 }] },
      'the gateway of a VLAN': { vlan: 7, isGateway: true, ...one },
      'the gateway of a VLAN, for both families': { vlan: 7, isGateway: true, ...dual },
      'the gateway of a VLAN, with an MTU': { vlan: 7, isGateway: true, mtu: 1400, ...one },
      'the gateway of a VLAN, with VLAN 1 preserved': { vlan: 7, isGateway: true, preserveDefaultVlan: true, ...one },
      'a trunk of VLAN 1, too': { vlanTrunk: [{ id: 1 }, { id: 5 }] },
      'an empty trunk': { vlanTrunk: [] },
      'a trunk of nothing': { vlanTrunk: [{}] },
      'isDefaultGateway, IPv6 first': { isDefaultGateway: true, ...fixed(['fd00:1::5/64', '10.1.0.5/24']) },
      'isGateway with two subnets, forced': {
        isGateway: true,
        forceAddress: true,
        ...fixed(['10.1.0.5/24', '10.2.0.5/24']),
      },
      'isGateway with two subnets of IPv6': { isGateway: true, ...fixed(['fd00:1::5/64', 'fd00:2::5/64']) },
      'ipMasq at layer 2': { ipMasq: true },
      'dns of its own that says nothing': {
        dns: { nameservers: [] },
        ...fixed(['10.1.0.5/24'], { dns: { nameservers: ['9.9.9.9'] } }),
      },
      'a MAC with dashes': { runtimeConfig: { mac: '02-00-00-00-00-0A' }, ...one },
      'a MAC with dots': { runtimeConfig: { mac: '0200.0000.000A' }, ...one },
      'keys in any case': { ISGATEWAY: true, ...one },
    },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', ipMasq: true },
    { 'ipMasq by whatever': one, 'ipMasq of both by whatever': dual },
    byDefault,
  ),
  ...rowsOf('bridge', {}, { 'the bridge cni0': one }),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    { 'a bridge that is there': one, 'promiscMode on a bridge that is there': { promiscMode: true, ...one } },
    { node: noVlans, ...ofOthers },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    { 'a bridge with an MTU': one, 'an MTU below that of the bridge': { mtu: 1300, ...one } },
    { node: 'ip link add br0 mtu 1400 type bridge; ip link set br0 up', ...sized },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', vlan: 7 },
    { 'VLAN 7 of a bridge that filters none': one },
    { node: noVlans, ...onlyBraidRefuses('bridge makes ports members of VLANs on a bridge that does not filter them') },
  ),
  ...rowsOf('bridge', { bridge: 'br0' }, { 'its own VLAN in the trunk': { vlan: 7, vlanTrunk: [{ id: 7 }] } }, mute),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isGateway: true },
    { 'the address that the bridge has': one },
    { node: withAddress('10.1.0.1/24'), ...ofOthers },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isGateway: true, forceAddress: true },
    { 'another address than the bridge has': one },
    { node: withAddress('10.7.0.1/24'), ...ofOthers },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isDefaultGateway: true },
    {
      'isDefaultGateway beside a default route without gateway': fixed(['10.1.0.5/24'], {
        routes: [{ dst: '0.0.0.0/0' }],
      }),
    },
    onlyReferenceRefuses('bridge with `isDefaultGateway` fails beside a default route without gateway'),
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isDefaultGateway: true },
    {
      'isDefaultGateway beside a default route of another table': fixed(['10.1.0.5/24'], {
        routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1', table: 77 }],
      }),
    },
    besideOthers,
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', enabledad: true },
    { 'enabledad in a pod that has it off': dual },
    { pod: 'for k in accept_dad enhanced_dad; do echo 0 >/proc/sys/net/ipv6/conf/default/$k; done' },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    { 'a pod without IPv6': dual },
    {
      pod: 'for k in all default; do echo 1 >/proc/sys/net/ipv6/conf/$k/disable_ipv6; done',
      after: 'echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6',
    },
  ),
  ...rowsOf('bridge', { bridge: 'br0' }, { 'an interface that is there': one }, taken),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    { 'an unknown backend without ipMasq': { ipMasqBackend: 'magic', ...one } },
    onlyBraidRefuses('`ipMasqBackend` may say anything without `ipMasq`'),
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    { 'a negative MTU': { mtu: -1, ...one } },
    onlyBraidRefuses('bridge, ptp and ipvlan take a negative `mtu` for none'),
  ),
  ...rowsOf('bridge', { bridge: 'br0' }, { 'a MAC in CNI_ARGS': one }, { args: `IgnoreUnknown=1;MAC=${mac}` }),
  ...inVersions({ name: 'bridge: gateways', plugins: [{ type: 'bridge', bridge: 'br0', isGateway: true, ...dual }] }),
  ...rowsOf(
    'bridge',
    { bridge: 'br0' },
    {
      'hairpin and promiscuous': { hairpinMode: true, promiscMode: true, ...one },
      'VLAN 4095': { vlan: 4095, ...one },
      'VLAN -1': { vlan: -1, ...one },
      'a trunk without an upper end': { vlanTrunk: [{ minID: 5 }] },
      'a trunk without a lower end': { vlanTrunk: [{ maxID: 5 }] },
      'a trunk upside down': { vlanTrunk: [{ minID: 9, maxID: 5 }] },
      'a trunk of VLAN 5000': { vlanTrunk: [{ id: 5000 }] },
      'addresses on an interface that is down': { disableContainerInterface: true, ...one },
      'an unknown backend of ipMasq': { ipMasq: true, ipMasqBackend: 'magic', ...one },
      'an empty backend of ipMasq': { ipMasq: true, ipMasqBackend: '', ...one },
      'isGateway with two subnets': { isGateway: true, ...fixed(['10.1.0.5/24', '10.2.0.5/24']) },
      'the MAC of a group': { runtimeConfig: { mac: '03:00:00:00:00:07' }, ...one },
      'an ipam that is not there': { ipam: { type: 'nope' } },
      'text where a number is due': { mtu: 'big', ...one },
    },
    { fails: true },
  ),
  ...rowsOf('bridge', { bridge: 'up0' }, { 'a link that is no bridge': one }, { fails: true }),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isGateway: true },
    { 'an address that the bridge must not have': one },
    { node: withAddress('10.7.0.1/24'), fails: true },
  ),
];
