/** Rows of ptp. Data only. */
import type { Row } from '../twins';
import { byDefault, fixed, inVersions, one, pool, rowsOf, wholeDns } from './words';

export const ptpRows: readonly Row[] = [
  ...rowsOf('ptp', fixed(['10.2.0.5/24 via 10.2.0.1']), {
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
  ...rowsOf('ptp', fixed(['10.2.0.5/24 via 10.2.0.1']), { 'ipMasq by whatever': { ipMasq: true } }, byDefault),
  ...inVersions({ name: 'ptp: an address', plugins: [{ type: 'ptp', ...fixed(['10.2.0.5/24 via 10.2.0.1']) }] }),
  ...rowsOf(
    'ptp',
    {},
    { 'no ipam': {}, 'an unknown backend of ipMasq': { ipMasq: true, ipMasqBackend: 'magic', ...one } },
    { fails: true },
  ),
];
