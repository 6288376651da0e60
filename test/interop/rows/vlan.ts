/** Rows of vlan. Data only. */
import type { Row } from '../twins';
import { shared } from './on-master';
import { one, rowsOf } from './words';

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
  ...rowsOf(
    'vlan',
    {},
    {
      'no master': { vlanId: 7, ...one },
      'VLAN 4096': { master: 'up0', vlanId: 4096, ...one },
      'VLAN -1': { master: 'up0', vlanId: -1, ...one },
    },
    { fails: true },
  ),
];
