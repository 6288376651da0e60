/** Rows of macvlan. Data only. */
import type { Row } from '../twins';
import { shared, unnamed } from './on-master';
import { one, onlyBraidRefuses, onlyReferenceRefuses, rowsOf } from './words';

const mac = '02:00:00:00:00:07';

export const macvlanRows: readonly Row[] = [
  ...shared('macvlan', {}),
  ...unnamed('macvlan'),
  ...rowsOf(
    'macvlan',
    { master: 'up0' },
    {
      'layer 2': {},
      'an empty ipam': { ipam: {} },
      'mode of no word': { mode: '', ...one },
      'mode bridge': { mode: 'bridge', ...one },
      'mode private': { mode: 'private', ...one },
      'mode vepa': { mode: 'vepa', ...one },
      'mode passthru': { mode: 'passthru', ...one },
      'a MAC': { mac, ...one },
      'a MAC that the runtime asks for': { mac: '02:00:00:00:00:09', runtimeConfig: { mac }, ...one },
      'a queue for broadcasts': { bcqueuelen: 2000, ...one },
      'addresses that the runtime asks for': { runtimeConfig: { ips: ['10.1.0.77/24'] }, ipam: { type: 'static' } },
    },
  ),
  ...rowsOf(
    'macvlan',
    { master: 'up0' },
    { 'a word in CNI_ARGS that nobody knows': one },
    { args: 'K8S_POD_UID=p;a=b=c;', ...onlyReferenceRefuses('CNI_ARGS fail for a key that the plugin does not know') },
  ),
  ...rowsOf(
    'macvlan',
    { master: 'up0' },
    { 'half the name of a pod in CNI_ARGS': one },
    {
      args: 'IgnoreUnknown=1;K8S_POD_NAME=p',
      ...onlyBraidRefuses('`K8S_POD_NAME` without `K8S_POD_NAMESPACE`, or the other way round, is taken'),
    },
  ),
  ...rowsOf(
    'macvlan',
    { master: 'up0' },
    { 'a MAC in CNI_ARGS': { mac: '02:00:00:00:00:09' } },
    { args: `IgnoreUnknown=1;MAC=${mac}` },
  ),
  ...rowsOf(
    'macvlan',
    { master: 'up0' },
    {
      'an MTU above the master’s': { mtu: 1501, ...one },
      'a negative MTU': { mtu: -1, ...one },
      'an unknown mode': { mode: 'loud', ...one },
      'half a MAC': { mac: '02:00', ...one },
    },
    { fails: true },
  ),
  ...rowsOf('macvlan', { master: 'up0' }, { 'layer 2 in version 0.2.0': {} }, { fails: true, cniVersion: '0.2.0' }),
];
