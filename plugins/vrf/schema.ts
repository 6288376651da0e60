/** The keys of vrf. Data only. */
import { chained } from '../../src/cni/schema';
import { ifName } from '../../src/net/schema';
import { integer } from '../../src/schema';

export const vrfSchema = chained(
  'vrf',
  'Puts the link that the plugin before made into a VRF of the pod.',
  {
    vrfname: ifName('Name of the VRF.'),
    table: integer(0, 2 ** 32 - 1, 'Routing table. 0 or none: the lowest that no VRF of the pod has.'),
  },
  { required: ['vrfname'] },
);
