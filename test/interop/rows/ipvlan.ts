/** Rows of ipvlan. Data only. */
import type { Row } from '../twins';
import { shared } from './on-master';
import { one, rowsOf } from './words';

export const ipvlanRows: readonly Row[] = [
  ...shared('ipvlan', {}),
  ...rowsOf(
    'ipvlan',
    { master: 'up0' },
    {
      'mode l2': { mode: 'l2', ...one },
      'mode l3': { mode: 'l3', ...one },
      'mode l3s': { mode: 'l3s', ...one },
    },
  ),
  ...rowsOf('ipvlan', { master: 'up0' }, { 'an unknown mode': { mode: 'l4', ...one } }, { fails: true }),
];
