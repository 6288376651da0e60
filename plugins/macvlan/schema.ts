/** The keys of macvlan. Data only. */
import { childKeys } from '../../src/attach/schema';
import { plugin } from '../../src/cni/schema';
import { macAddress } from '../../src/net/schema';
import { integer, oneOf } from '../../src/schema';

export const macvlanSchema = plugin(
  'macvlan',
  'A link with a MAC address of its own on a link of the node.',
  {
    ...childKeys,
    mode: oneOf(['bridge', 'private', 'vepa', 'passthru'], 'How links of one master reach each other.'),
    mac: macAddress('MAC address. Default: one of the kernel’s choice.'),
    bcqueuelen: integer(0, 2 ** 32 - 1, 'Length of the queue of broadcast frames. 0 or none: the kernel’s default.'),
  },
  { dependentRequired: { vlanProtocol: ['vlan'] } },
);
