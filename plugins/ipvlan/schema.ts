/** The keys of ipvlan. Data only. */
import { childKeys } from '../../src/attach/schema';
import { plugin } from '../../src/cni/schema';
import { oneOf } from '../../src/schema';

export const ipvlanSchema = plugin(
  'ipvlan',
  'A link that shares the MAC address of a link of the node.',
  { ...childKeys, mode: oneOf(['l2', 'l3', 'l3s'], 'Whether the master bridges or routes.') },
  { dependentRequired: { vlanProtocol: ['vlan'] } },
);
