/** Rows of tap. Data only. */
import type { Row } from '../twins';
import { dual, inVersions, one, onlyBraidRefuses, pool, routed, rowsOf, taken, wholeDns } from './words';

const mac = '02:00:00:00:00:07';

export const tapRows: readonly Row[] = [
  ...rowsOf(
    'tap',
    {},
    {
      'layer 2': {},
      'an address': one,
      'both families': dual,
      'several queues': { multiQueue: true, ...one },
      'an owner': { owner: 64001, ...one },
      'a group': { group: 64002, ...one },
      'owner and group': { owner: 64001, group: 64002, ...one },
      'owner, group and several queues': { owner: 64001, group: 64002, multiQueue: true },
      'a MAC': { mac, ...one },
      'an MTU': { mtu: 1400, ...one },
      'a pool': pool(['10.1.0.0/24']),
      'the MAC that the runtime asks for': { mac: '02:00:00:00:00:09', runtimeConfig: { mac }, ...one },
      routes: routed,
      'dns of its own': { ...wholeDns, ...one },
    },
  ),
  ...rowsOf(
    'tap',
    { bridge: 'pod0' },
    { 'a bridge of the pod': {} },
    { pod: 'ip link add pod0 address 02:00:00:00:00:b0 type bridge; ip link set pod0 up' },
  ),
  ...rowsOf('tap', {}, { 'a MAC in CNI_ARGS': { mac: '02:00:00:00:00:09' } }, { args: `IgnoreUnknown=1;MAC=${mac}` }),
  ...inVersions({ name: 'tap: an address', plugins: [{ type: 'tap', ...one }] }),
  ...rowsOf(
    'tap',
    {},
    { 'a bridge that is not there': { bridge: 'nope' }, 'half a MAC': { mac: '02:00' } },
    { fails: true },
  ),
  ...rowsOf(
    'tap',
    {},
    { 'an interface that is there': one },
    { ...taken, ...onlyBraidRefuses('tap takes an interface that is there for its own, and leaves its device behind') },
  ),
  ...rowsOf(
    'tap',
    { bridge: 'pod0' },
    { 'a VRF as its bridge': {} },
    { pod: 'ip link add pod0 type vrf table 9', ...onlyBraidRefuses('tap takes a VRF or a bond as its `bridge`') },
  ),
];
