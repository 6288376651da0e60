/** host-local and static: the reference plugins and Braid give the same addresses, by the same store. Runs both on nodes of its own. */
import type { Json } from '../e2e/runtime';
import { inVersions } from './rows';
import { twinFacts } from './twin-facts';
import type { Row } from './twins';

/** Rows of an IPAM behind a bridge network. */
const ipamRows = (
  type: string,
  table: Readonly<Record<string, Json>>,
  more: Partial<Row> = {},
  keys: Json = {},
): readonly Row[] =>
  Object.entries(table).map(([name, ipam]) => ({
    name: `${type}: ${name}`,
    plugins: [{ type: 'bridge', bridge: 'br0', ...keys, ipam: { type, ...ipam } }],
    ...more,
  }));
const wanted = (ips: readonly string[]): Json => ({ runtimeConfig: { ips } });
const inArgs = (ips: readonly string[]): Json => ({ args: { cni: { ips } } });

twinFacts([
  ...ipamRows('host-local', {
    'a subnet': { subnet: '10.1.0.0/24' },
    'a small subnet': { subnet: '10.1.0.0/29' },
    'a range': { subnet: '10.1.0.0/24', rangeStart: '10.1.0.50', rangeEnd: '10.1.0.60' },
    'a gateway': { subnet: '10.1.0.0/24', gateway: '10.1.0.254' },
    'the gateway as first of the range': { subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', gateway: '10.1.0.1' },
    ranges: { ranges: [[{ subnet: '10.1.0.0/24' }]] },
    'two ranges of a set': { ranges: [[{ subnet: '10.1.0.0/30' }, { subnet: '10.2.0.0/24' }]] },
    'two sets': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]] },
    'both families': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64', gateway: 'fd00:1::99' }]] },
    'IPv6 alone': { subnet: 'fd00:1::/120', rangeStart: 'fd00:1::50' },
    'a subnet beside ranges': { subnet: '10.3.0.0/24', ranges: [[{ subnet: '10.1.0.0/24' }]] },
    routes: { subnet: '10.1.0.0/24', routes: [{ dst: '10.9.0.0/16' }, { dst: '10.8.0.0/16', gw: '10.1.0.77' }] },
    'a default route': { subnet: '10.1.0.0/24', routes: [{ dst: '0.0.0.0/0' }] },
  }),
  ...ipamRows(
    'host-local',
    { 'an address that the runtime asks for': { subnet: '10.1.0.0/24' } },
    {},
    wanted(['10.1.0.77/24']),
  ),
  ...ipamRows(
    'host-local',
    { 'an address without prefix length': { subnet: '10.1.0.0/24' } },
    {},
    wanted(['10.1.0.77']),
  ),
  ...ipamRows('host-local', { 'an address of args.cni': { subnet: '10.1.0.0/24' } }, {}, inArgs(['10.1.0.78'])),
  ...ipamRows(
    'host-local',
    { 'an address of CNI_ARGS': { subnet: '10.1.0.0/24' } },
    { args: 'IgnoreUnknown=1;IP=10.1.0.79' },
  ),
  ...ipamRows(
    'host-local',
    { 'one address for each set': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] } },
    {},
    wanted(['10.1.0.77', 'fd00:1::77']),
  ),
  ...ipamRows(
    'host-local',
    { 'ranges of the runtime': { subnet: '10.3.0.0/24' } },
    {},
    { runtimeConfig: { ipRanges: [[{ subnet: '10.1.0.0/24' }]] } },
  ),
  ...inVersions({
    name: 'host-local: both families',
    plugins: [
      {
        type: 'bridge',
        bridge: 'br0',
        ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] },
      },
    ],
  }),
  ...ipamRows(
    'host-local',
    {
      'no range': {},
      'a subnet with host bits': { subnet: '10.1.0.5/24' },
      'a subnet of one address': { subnet: '10.1.0.5/32' },
      'a range outside': { subnet: '10.1.0.0/24', rangeStart: '10.2.0.5' },
      'an end outside': { subnet: '10.1.0.0/24', rangeEnd: '10.2.0.5' },
      'an empty set': { ranges: [[]] },
      'mixed families': { ranges: [[{ subnet: '10.1.0.0/24' }, { subnet: 'fd00:1::/64' }]] },
      'sets that overlap': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.1.0.0/16' }]] },
      'ranges of a set that overlap': { ranges: [[{ subnet: '10.1.0.0/24' }, { subnet: '10.1.0.0/25' }]] },
      'no free address': { subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.1' },
    },
    { fails: true },
  ),
  ...ipamRows('host-local', { 'an address outside': { subnet: '10.1.0.0/24' } }, { fails: true }, wanted(['10.7.0.5'])),
  ...ipamRows(
    'host-local',
    { 'the gateway’s address': { subnet: '10.1.0.0/24' } },
    { fails: true },
    wanted(['10.1.0.1']),
  ),
  ...ipamRows('host-local', { 'an address that is none': { subnet: '10.1.0.0/24' } }, { fails: true }, wanted(['ten'])),
  ...ipamRows(
    'host-local',
    { 'two sets of a family in version 0.2.0': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]] } },
    { fails: true, cniVersion: '0.2.0' },
  ),
  ...ipamRows('static', {
    'an address': { addresses: [{ address: '10.1.0.5/24' }] },
    'a gateway': { addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }] },
    'both families': { addresses: [{ address: '10.1.0.5/24' }, { address: 'fd00:1::5/64' }] },
    'routes and dns': {
      addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '10.1.0.9' }],
      dns: { nameservers: ['9.9.9.9'], domain: 'lab', search: ['lab'], options: ['ndots:5'] },
    },
    'an address written long': { addresses: [{ address: 'FD00:0001:0:0::5/64' }] },
  }),
  ...ipamRows(
    'static',
    { 'addresses of CNI_ARGS': {} },
    { args: 'IgnoreUnknown=1;IP=10.1.0.7/24,fd00:1::7/64;GATEWAY=10.1.0.1' },
  ),
  ...ipamRows(
    'static',
    { 'addresses of CNI_ARGS beside its own': { addresses: [{ address: '10.2.0.5/24' }] } },
    { args: 'IgnoreUnknown=1;IP=10.1.0.7/24' },
  ),
  ...ipamRows(
    'static',
    { 'addresses that the runtime asks for': { addresses: [{ address: '10.2.0.5/24' }] } },
    {},
    wanted(['10.1.0.7/24']),
  ),
  ...ipamRows(
    'static',
    { 'addresses of args.cni': { addresses: [{ address: '10.2.0.5/24' }] } },
    {},
    inArgs(['10.1.0.8/24']),
  ),
  ...inVersions({
    name: 'static: both families',
    plugins: [
      {
        type: 'bridge',
        bridge: 'br0',
        ipam: {
          type: 'static',
          addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }, { address: 'fd00:1::5/64' }],
          routes: [{ dst: '10.9.0.0/16' }],
        },
      },
    ],
  }),
  ...ipamRows(
    'static',
    {
      'no prefix length': { addresses: [{ address: '10.1.0.5' }] },
      'no address': { addresses: [{ gateway: '10.1.0.1' }] },
      'a gateway that is none': { addresses: [{ address: '10.1.0.5/24', gateway: 'x' }] },
      nothing: {},
      'a route that is none': { addresses: [{ address: '10.1.0.5/24' }], routes: [{ dst: 'x' }] },
    },
    { fails: true },
  ),
  ...ipamRows('static', { 'half an address of the runtime': { addresses: [] } }, { fails: true }, wanted(['10.1.0.7'])),
  ...ipamRows(
    'static',
    { 'half an address of CNI_ARGS': { addresses: [] } },
    { fails: true, args: 'IgnoreUnknown=1;IP=10.1.0.7' },
  ),
]);
