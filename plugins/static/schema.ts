/** The keys of static. Data only. */
import { dns, ipam, routes } from '../../src/cni/schema';
import { cidr, ipAddress } from '../../src/net/schema';
import { anything, list, object } from '../../src/schema';

export const staticSchema = ipam('static', 'Addresses as they are written here, or asked for.', {
  addresses: list(
    object(
      { address: cidr('The address, with prefix length.', '192.168.0.21/24'), gateway: ipAddress('Its gateway.') },
      'An address.',
      {
        required: ['address'],
      },
    ),
    'Addresses of the pod. The annotation may ask for others.',
  ),
  shared: anything('true: pods share the addresses on purpose (VRRP, anycast).'),
  routes,
  dns,
});
