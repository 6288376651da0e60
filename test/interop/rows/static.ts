/** Rows of static. Data only. */
import type { Row } from '../twins';
import { inArgs, ipamRows, placedRoute, sized, sizedRoute, wanted } from './ipam';
import { inVersions, onlyBraidRefuses } from './words';

export const staticRows: readonly Row[] = [
  ...ipamRows('static', {
    'an address': { addresses: [{ address: '10.1.0.5/24' }] },
    'a gateway': { addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }] },
    'both families': { addresses: [{ address: '10.1.0.5/24' }, { address: 'fd00:1::5/64' }] },
    'routes and dns': {
      addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '10.1.0.9' }],
      dns: { nameservers: ['9.9.9.9'], domain: 'lab', search: ['lab'], options: ['ndots:5'] },
    },
    'a route with all but sizes': { addresses: [{ address: '10.1.0.5/24' }], routes: [placedRoute] },
    'an address written long': { addresses: [{ address: 'FD00:0001:0:0::5/64' }] },
  }),
  ...ipamRows(
    'static',
    { 'a route with sizes': { addresses: [{ address: '10.1.0.5/24' }], routes: [sizedRoute] } },
    sized,
  ),
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
  ...ipamRows(
    'static',
    { 'half an address beside one of the runtime': { addresses: [{ address: '10.1.0.5' }] } },
    onlyBraidRefuses('static does not read its `addresses` when others are asked for'),
    wanted(['10.1.0.7/24']),
  ),
  ...ipamRows('static', { 'half an address of the runtime': { addresses: [] } }, { fails: true }, wanted(['10.1.0.7'])),
  ...ipamRows(
    'static',
    { 'half an address of CNI_ARGS': { addresses: [] } },
    { fails: true, args: 'IgnoreUnknown=1;IP=10.1.0.7' },
  ),
];
