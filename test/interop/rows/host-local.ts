/** Rows of host-local. Data only. */
import type { Row } from '../twins';
import { inArgs, ipamRows, placedRoute, sized, sizedRoute, wanted } from './ipam';
import { inVersions, onlyBraidRefuses, onlyReferenceRefuses } from './words';

const resolvConf = '/tmp/twin-resolv.conf';

export const hostLocalRows: readonly Row[] = [
  ...ipamRows('host-local', {
    'a subnet': { subnet: '10.1.0.0/24' },
    'a small subnet': { subnet: '10.1.0.0/29' },
    'a range': { subnet: '10.1.0.0/24', rangeStart: '10.1.0.50', rangeEnd: '10.1.0.60' },
    'a gateway': { subnet: '10.1.0.0/24', gateway: '10.1.0.254' },
    'the gateway as first of the range': { subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', gateway: '10.1.0.1' },
    ranges: { ranges: [[{ subnet: '10.1.0.0/24' }]] },
    'two ranges of a set': { ranges: [[{ subnet: '10.1.0.0/30' }, { subnet: '10.2.0.0/24' }]] },
    'a range of a set': { ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.50', rangeEnd: '10.1.0.60' }]] },
    'two sets': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]] },
    'both families': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64', gateway: 'fd00:1::99' }]] },
    'IPv6 alone': { subnet: 'fd00:1::/120', rangeStart: 'fd00:1::50' },
    'a subnet beside ranges': { subnet: '10.3.0.0/24', ranges: [[{ subnet: '10.1.0.0/24' }]] },
    routes: { subnet: '10.1.0.0/24', routes: [{ dst: '10.9.0.0/16' }, { dst: '10.8.0.0/16', gw: '10.1.0.77' }] },
    'a default route': { subnet: '10.1.0.0/24', routes: [{ dst: '0.0.0.0/0' }] },
    'a route with all but sizes': { subnet: '10.1.0.0/24', routes: [placedRoute] },
  }),
  ...ipamRows('host-local', { 'a route with sizes': { subnet: '10.1.0.0/24', routes: [sizedRoute] } }, sized),
  ...ipamRows(
    'host-local',
    { 'a file of name servers': { subnet: '10.1.0.0/24', resolvConf } },
    {
      node: `printf '# of the node\\nnameserver 9.9.9.9\\nnameserver fd00::9\\ndomain lab\\nsearch a b\\noptions ndots:5 edns0\\n' >${resolvConf}`,
    },
  ),
  ...ipamRows(
    'host-local',
    { 'a file of name servers that is not there': { subnet: '10.1.0.0/24', resolvConf: '/tmp/nope' } },
    { fails: true },
  ),
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
  ...ipamRows(
    'host-local',
    { 'a folder elsewhere': { subnet: '10.1.0.0/24', dataDir: '/tmp/leases' } },
    onlyBraidRefuses('tuning and host-local take any folder as `dataDir`'),
  ),
  ...ipamRows(
    'host-local',
    {
      'the gateway of another range': {
        ranges: [
          [
            { subnet: '10.1.0.0/24', rangeStart: '10.1.0.10', rangeEnd: '10.1.0.20', gateway: '10.1.0.30' },
            { subnet: '10.1.0.0/24', rangeStart: '10.1.0.30', rangeEnd: '10.1.0.40', gateway: '10.1.0.1' },
          ],
        ],
      },
    },
    onlyBraidRefuses('host-local gives out an address that is the gateway of another range of the set'),
    wanted(['10.1.0.30']),
  ),
  ...ipamRows(
    'host-local',
    { 'two addresses of CNI_ARGS': { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] } },
    {
      args: 'IgnoreUnknown=1;IP=10.1.0.79,fd00:1::79',
      ...onlyReferenceRefuses('host-local takes one address in `IP` of CNI_ARGS'),
    },
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
];
