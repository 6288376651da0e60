/** Rows of dummy. Data only. */
import type { Row } from '../twins';
import { dual, fixed, inVersions, one, pool, routed, rowsOf, taken } from './words';

export const dummyRows: readonly Row[] = [
  ...rowsOf(
    'dummy',
    {},
    {
      'an address': one,
      'both families': dual,
      'a pool': pool(['10.1.0.0/24']),
      'dns of ipam': fixed(['10.1.0.5/24'], { dns: { nameservers: ['9.9.9.9'] } }),
    },
  ),
  ...rowsOf('dummy', { ...one }, { 'dns of its own': { dns: { domain: 'lab' } }, 'an unknown key': { whatever: 1 } }),
  ...rowsOf(
    'dummy',
    {},
    {
      routes: routed,
      'two addresses of a family': fixed(['10.1.0.5/24', '10.1.0.6/24']),
      'a default route': fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
    },
  ),
  ...inVersions({ name: 'dummy: both families', plugins: [{ type: 'dummy', ...dual }] }),
  ...rowsOf('dummy', {}, { 'an interface that is there': one }, taken),
  ...rowsOf('dummy', {}, { 'no ipam': {} }, { fails: true }),
];
