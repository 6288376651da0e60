/** Rows of vrf. Data only. */
import type { Row } from '../twins';
import { behind, dual, fixed, inVersions, one, rowsOf } from './words';

const routed = fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '10.9.0.0/16' }] });

export const vrfRows: readonly Row[] = [
  ...behind(routed, {
    'a VRF': { type: 'vrf', vrfname: 'blue' },
    'a table': { type: 'vrf', vrfname: 'blue', table: 77 },
    'a table above 255': { type: 'vrf', vrfname: 'blue', table: 1234 },
  }),
  ...behind(dual, { 'both families': { type: 'vrf', vrfname: 'blue' } }),
  ...behind(
    one,
    { 'a VRF that is there': { type: 'vrf', vrfname: 'blue' } },
    { pod: 'ip link add blue type vrf table 9; ip link set blue up; ip link add x0 master blue type dummy' },
  ),
  ...inVersions(
    {
      name: 'vrf: a VRF',
      plugins: [
        { type: 'bridge', bridge: 'br0', ...routed },
        { type: 'vrf', vrfname: 'blue' },
      ],
    },
    ['0.3.1', '0.4.0', '1.1.0'],
  ),
  ...behind(fixed(['10.1.0.5/24', '10.2.0.5/24']), { 'two addresses': { type: 'vrf', vrfname: 'blue' } }),
  ...behind(fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }), {
    'a default route': { type: 'vrf', vrfname: 'blue' },
  }),
  ...behind(
    fixed(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64'], {
      routes: [
        { dst: '10.9.0.0/16', priority: 50 },
        { dst: 'fd00:9::/64', gw: 'fd00:1::9' },
      ],
    }),
    { 'routes with metric and of both families': { type: 'vrf', vrfname: 'blue' } },
  ),
  ...behind(
    one,
    { 'another table than the VRF has': { type: 'vrf', vrfname: 'blue', table: 8 } },
    { pod: 'ip link add blue type vrf table 9', fails: true },
  ),
  ...behind(
    one,
    { 'a link that is no VRF': { type: 'vrf', vrfname: 'blue' } },
    { pod: 'ip link add blue type dummy', fails: true },
  ),
  ...rowsOf('vrf', {}, { 'no plugin before it': { vrfname: 'blue' } }, { fails: true }),
  ...behind(one, { 'no name': { type: 'vrf' } }, { fails: true }),
];
