/** Rows of ptp. Data only. */
import type { Row } from '../twins';
import {
  byDefault,
  fixed,
  inVersions,
  one,
  onlyBraidRefuses,
  onlyReferenceRefuses,
  pool,
  rowsOf,
  taken,
  wholeDns,
} from './words';

const routedOne = fixed(['10.2.0.5/24 via 10.2.0.1']);

export const ptpRows: readonly Row[] = [
  ...rowsOf('ptp', routedOne, {
    'an address': {},
    'an MTU': { mtu: 1400 },
    'both families': fixed(['10.2.0.5/24 via 10.2.0.1', 'fd00:2::5/64 via fd00:2::1']),
    'a default route': fixed(['10.2.0.5/24 via 10.2.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
    'a pool': pool(['10.2.0.0/24']),
    'two addresses': fixed(['10.2.0.5/24 via 10.2.0.1', '10.3.0.5/24 via 10.3.0.1']),
    ipMasq: { ipMasq: true, ipMasqBackend: 'nftables' },
    'ipMasq by iptables': { ipMasq: true, ipMasqBackend: 'iptables' },
    'dns of its own': wholeDns,
    'dns of ipam': fixed(['10.2.0.5/24 via 10.2.0.1'], { dns: { nameservers: ['9.9.9.9'] } }),
  }),
  ...rowsOf('ptp', routedOne, { 'ipMasq by whatever': { ipMasq: true } }, byDefault),
  ...inVersions({ name: 'ptp: an address', plugins: [{ type: 'ptp', ...routedOne }] }),
  ...rowsOf(
    'ptp',
    {},
    {
      'no ipam': {},
      'an address without gateway': one,
      'an unknown backend of ipMasq': { ipMasq: true, ipMasqBackend: 'magic', ...routedOne },
      'an empty backend of ipMasq': { ipMasq: true, ipMasqBackend: '', ...routedOne },
    },
    { fails: true },
  ),
  ...rowsOf('ptp', routedOne, { 'an interface that is there': {} }, taken),
  ...rowsOf(
    'ptp',
    routedOne,
    { 'a negative MTU': { mtu: -1 } },
    onlyBraidRefuses('bridge, ptp and ipvlan take a negative `mtu` for none'),
  ),
  ...rowsOf(
    'ptp',
    {},
    {
      'a single address': fixed(['10.2.0.5/32 via 10.2.0.1']),
      'two addresses with one gateway': fixed(['10.2.0.5/24 via 10.2.0.1', '10.2.0.6/24 via 10.2.0.1']),
    },
    onlyReferenceRefuses('ptp fails for an address whose subnet has no other, and for two with one gateway'),
  ),
];
