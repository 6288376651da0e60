/** Rows of bridge. Data only. */
import type { Row } from '../twins';
import { dual, fixed, inVersions, one, pool, routed, rowsOf, wholeDns } from './words';

const mac = '02:00:00:00:00:07';
const gateways = fixed(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64 via fd00:1::1']);
const noVlans = 'ip link add br0 type bridge; ip link set br0 up';
const withAddress = (address: string): string => `${noVlans}; ip addr add ${address} dev br0`;

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
      'VLAN 7': { vlan: 7, ...one },
      'VLAN 7 at layer 2': { vlan: 7 },
      'VLAN 7 with VLAN 1 preserved': { vlan: 7, preserveDefaultVlan: true, ...one },
      'a trunk': { vlanTrunk: [{ id: 5 }, { minID: 10, maxID: 12 }] },
      'a trunk beside a VLAN': { vlan: 7, vlanTrunk: [{ id: 9 }, { minID: 10, maxID: 12 }], ...one },
      'a trunk with VLAN 1 preserved': { vlanTrunk: [{ id: 5 }], preserveDefaultVlan: true },
      'a trunk of one range and an id in it': { vlanTrunk: [{ minID: 10, maxID: 12 }, { id: 11 }] },
      'the gateway of a VLAN': { vlan: 7, isGateway: true, ...one },
      'keys in any case': { ISGATEWAY: true, ...one },
    },
  ),
  ...rowsOf('bridge', {}, { 'the bridge cni0': one }),
  ...rowsOf('bridge', { bridge: 'br0' }, { 'a bridge that is there': one }, { node: noVlans }),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isGateway: true },
    { 'the address that the bridge has': one },
    { node: withAddress('10.1.0.1/24') },
  ),
  ...rowsOf(
    'bridge',
    { bridge: 'br0', isGateway: true, forceAddress: true },
    { 'another address than the bridge has': one },
    { node: withAddress('10.7.0.1/24') },
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
