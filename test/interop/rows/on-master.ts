/** Rows of macvlan, ipvlan and vlan alike. Data only. */
import type { Row } from '../twins';
import { dual, fixed, inVersions, one, onlyReferenceRefuses, pool, routed, rowsOf, taken, wholeDns } from './words';

const inPod = 'ip link add ext0 type veth peer name ext1; ip link set ext0 up; ip link set ext1 up';

/** ipvlan and vlan cannot do without. */
export const layer2 = onlyReferenceRefuses('ipvlan and vlan fail without `ipam`');

/** What macvlan and ipvlan take, which can do without `master`. */
export const unnamed = (type: string): readonly Row[] => [
  ...rowsOf(type, {}, { 'the master of the default route': one }),
  ...rowsOf(
    type,
    { linkInContainer: true },
    { 'the master of the pod’s default route': one },
    { pod: `${inPod}; ip addr add 10.5.0.2/24 dev ext0; ip route add default via 10.5.0.1` },
  ),
];

/** What all three take. */
export const shared = (type: string, keys: Readonly<Record<string, unknown>>): readonly Row[] => [
  ...rowsOf(
    type,
    { master: 'up0', ...keys },
    {
      'an IPv4 address': one,
      'both families': dual,
      routes: routed,
      'two addresses of a family': fixed(['10.1.0.5/24', '10.1.0.6/24', '10.2.0.5/16']),
      'a single address': fixed(['10.1.0.5/32']),
      'a smaller MTU': { mtu: 1400, ...one },
      'MTU 0': { mtu: 0, ...one },
      'dns of its own': { ...wholeDns, ...one },
      'dns of ipam': fixed(['10.1.0.5/24'], { dns: { nameservers: ['9.9.9.9'] } }),
      'a pool': pool(['10.1.0.0/24']),
      'pools of both families': pool(['10.1.0.0/24', 'fd00:1::/64']),
      'keys in any case': { MTU: 1400, ...one },
      'a default route': fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
      'a route with metric and table': fixed(['10.1.0.5/24'], {
        routes: [{ dst: '10.9.0.0/16', gw: '10.1.0.1', priority: 50 }],
      }),
      'two gateways of a route': fixed(['10.1.0.5/24'], {
        routes: [
          { dst: '10.9.0.0/16', gw: '10.1.0.1' },
          { dst: '10.9.0.0/16', gw: '10.1.0.2' },
        ],
      }),
      'a route of the link': fixed(['10.1.0.5/24'], { routes: [{ dst: '10.9.0.0/16', scope: 253 }] }),
      'an unknown key': { whatever: { a: [1] }, ...one },
    },
  ),
  ...rowsOf(type, { master: 'ext0', linkInContainer: true, ...keys }, { 'a master in the pod': one }, { pod: inPod }),
  ...inVersions({ name: `${type}: both families`, plugins: [{ type, master: 'up0', ...keys, ...dual }] }),
  ...rowsOf(type, { master: 'up0', ...keys }, { 'an interface that is there': one }, taken),
  ...rowsOf(
    type,
    { master: 'up0', ...keys },
    {
      'a route written twice': fixed(['10.1.0.5/24'], { routes: [{ dst: '10.9.0.0/16' }, { dst: '10.9.0.0/16' }] }),
    },
    onlyReferenceRefuses('A route that is written twice fails'),
  ),
  ...rowsOf(
    type,
    { master: 'up0', ...keys },
    {
      'a gateway of the other family': fixed(['10.1.0.5/24', 'fd00:1::5/64'], {
        routes: [{ dst: '10.9.0.0/16', gw: 'fd00:1::1' }],
      }),
    },
    onlyReferenceRefuses('An IPv4 route by an IPv6 gateway fails'),
  ),
  ...rowsOf(
    type,
    { ...keys },
    {
      'a master that is not there': { master: 'nope', ...one },
      'an MTU that is text': { master: 'up0', mtu: '1400', ...one },
      'an ipam that is not there': { master: 'up0', ipam: { type: 'nope' } },
      'an address without prefix length': { master: 'up0', ...fixed(['10.1.0.5']) },
      'a route that cannot be': {
        master: 'up0',
        ...fixed(['10.1.0.5/24'], { routes: [{ dst: '10.9.0.0/16', gw: '172.31.0.1' }] }),
      },
      'an exhausted pool': {
        master: 'up0',
        ipam: { type: 'host-local', subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.1' },
      },
    },
    { fails: true },
  ),
];
