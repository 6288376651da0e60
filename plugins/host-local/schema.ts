/** The keys of host-local. Data only. */
import { ipam, routes } from '../../src/cni/schema';
import { cidr, ipAddress } from '../../src/net/schema';
import { type Keys, list, object, text } from '../../src/schema';

const range: Keys = {
  subnet: cidr('The subnet, by its network address.', '10.1.0.0/24'),
  rangeStart: ipAddress('First address. Default: the second of the subnet.'),
  rangeEnd: ipAddress('Last address. Default: the last of the subnet that is not for broadcasts.'),
  gateway: ipAddress('Gateway; never handed out. Default: the second address of the subnet.'),
};

export const hostLocalSchema = ipam('host-local', 'Addresses from ranges of this node.', {
  ...range,
  ranges: list(
    list(
      object(range, 'A range.', { required: ['subnet'] }),
      'Ranges of one family: the pod gets one address of them.',
      { minItems: 1 },
    ),
    'Sets of ranges: the pod gets one address of each.',
  ),
  routes,
  dataDir: text('Where the leases are kept. Default: /var/lib/cni/networks.'),
  resolvConf: text('File of the node from which the name servers are taken.'),
});
