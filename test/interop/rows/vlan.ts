/** Rows of vlan. Data only. */
import { record } from '../../../src/json';
import type { Row } from '../twins';
import { layer2, shared } from './on-master';
import { one, rowsOf, withoutOfLinks } from './words';

export const vlanRows: readonly Row[] = [
  ...shared('vlan', { vlanId: 7 }),
  ...rowsOf(
    'vlan',
    { master: 'up0' },
    {
      'VLAN 1': { vlanId: 1, ...one },
      'VLAN 4094': { vlanId: 4094, ...one },
    },
  ),
  ...rowsOf('vlan', { master: 'up0', vlanId: 7 }, { 'layer 2': {} }, layer2),
  ...rowsOf(
    'vlan',
    { master: 'up0', vlanId: 7 },
    { 'a MAC that the runtime asks for': { runtimeConfig: { mac: '02:00:00:00:00:07' }, ...one } },
    {
      differs: {
        why: 'vlan and ipvlan ignore the MAC that the runtime asks for',
        // whose packets the master must take in
        alike: (side) =>
          withoutOfLinks({ ...side, result: { ...record(side.result), interfaces: [] } }, 'address', 'promiscuity'),
      },
    },
  ),
  ...rowsOf(
    'vlan',
    {},
    {
      'an MTU above the master’s': { master: 'up0', vlanId: 7, mtu: 1501, ...one },
      'a negative MTU': { master: 'up0', vlanId: 7, mtu: -1, ...one },
      'no master': { vlanId: 7, ...one },
      'VLAN 4096': { master: 'up0', vlanId: 4096, ...one },
      'VLAN -1': { master: 'up0', vlanId: -1, ...one },
    },
    { fails: true },
  ),
];
