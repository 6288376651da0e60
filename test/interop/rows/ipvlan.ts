/** Rows of ipvlan. Data only. */
import type { Row } from '../twins';
import { layer2, shared, unnamed } from './on-master';
import { fixed, one, onlyBraidRefuses, rowsOf } from './words';

/** An IPAM as a plugin of its own gives addresses to the plugin behind it. */
const before = {
  type: 'static',
  ...fixed(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64'], { routes: [{ dst: '10.9.0.0/16' }] }),
};

export const ipvlanRows: readonly Row[] = [
  ...shared('ipvlan', {}),
  ...unnamed('ipvlan'),
  ...rowsOf(
    'ipvlan',
    { master: 'up0' },
    {
      'mode l2': { mode: 'l2', ...one },
      'mode l3': { mode: 'l3', ...one },
      'mode l3s': { mode: 'l3s', ...one },
    },
  ),
  ...rowsOf('ipvlan', { master: 'up0' }, { 'layer 2': {} }, layer2),
  ...rowsOf(
    'ipvlan',
    { master: 'up0' },
    { 'a MAC that the runtime asks for': { runtimeConfig: { mac: '02:00:00:00:00:07' }, ...one } },
    onlyBraidRefuses('vlan and ipvlan ignore the MAC that the runtime asks for'),
  ),
  ...rowsOf(
    'ipvlan',
    { master: 'up0' },
    { 'an MTU above the master’s': { mtu: 1501, ...one } },
    onlyBraidRefuses('ipvlan takes an `mtu` that its master cannot carry'),
  ),
  ...rowsOf(
    'ipvlan',
    { master: 'up0' },
    { 'a negative MTU': { mtu: -1, ...one } },
    onlyBraidRefuses('bridge, ptp and ipvlan take a negative `mtu` for none'),
  ),
  { name: 'ipvlan: the addresses of the plugin before', plugins: [before, { type: 'ipvlan', master: 'up0' }] },
  { name: 'ipvlan: no master, behind a plugin without interface', plugins: [before, { type: 'ipvlan' }], fails: true },
  ...rowsOf('ipvlan', { master: 'up0' }, { 'an unknown mode': { mode: 'l4', ...one } }, { fails: true }),
];
