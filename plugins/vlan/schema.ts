/** The keys of vlan. Data only. */
import { childKeys, master } from '../../src/attach/schema';
import { plugin } from '../../src/cni/schema';
import { integer, refused } from '../../src/schema';

export const vlanSchema = plugin(
  'vlan',
  'One tagged sub-interface of a link of the node, inside the pod.',
  {
    ...childKeys,
    master: master('Link of the node that carries the VLAN.'),
    vlanId: integer(0, 4094, 'VLAN id. 0: priority tag only.', { default: 0 }),
    vlan: refused('Use vlanId, or a network of type macvlan with vlan.'),
    vlanProtocol: refused('Use a network of type macvlan with vlan.'),
    hostAccess: { const: false, description: 'Use a network of type macvlan with vlan.' },
  },
  { required: ['master'] },
);
