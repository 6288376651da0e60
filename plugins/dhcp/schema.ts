/** The keys of dhcp. Data only. */
import { ipam } from '../../src/cni/schema';
import { path } from '../../src/net/schema';
import { flag, integer, list, object, oneOf, type Schema, text } from '../../src/schema';

const names = [
  'dhcp-client-identifier',
  'subnet-mask',
  'routers',
  'host-name',
  'user-class',
  'vendor-class-identifier',
];

const numbers = '0?[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5]';

const option: Schema = text('Name of an option, or its number as text.', {
  pattern: `^(${names.join('|')}|${numbers})$`,
  examples: [...names, '121'],
});

const names6 = ['dhcp6.name-servers', 'dhcp6.domain-search'];

const asked: Schema = text('Name of an option, or its number as text; `dhcp6.` for those of DHCPv6.', {
  pattern: `^(${[...names, ...names6.map((name) => name.replace('.', '\\.'))].join('|')}|${numbers})$`,
  examples: [...names, ...names6, '121'],
});

export const dhcpSchema = ipam('dhcp', 'Addresses of a DHCP server on the network.', {
  daemonSocketPath: path('Socket of the DHCP daemon. Default: /run/cni/dhcp.sock.', { maxLength: 107 }),
  family: oneOf(
    ['ipv4', 'ipv6', 'dual'],
    'Which addresses are leased; dual: one of each. The dhcp daemon of the reference plugins knows IPv4 only.',
  ),
  prefixLength: integer(
    1,
    128,
    'Prefix length of IPv6 addresses, for DHCPv6 tells none. Default: 128, and hosts of the link are reached as routers advertise.',
  ),
  priority: integer(0, 2 ** 31 - 1, 'Metric of the routes. 0 or none: the kernel’s.'),
  provide: list(
    object(
      {
        option: { ...option, minLength: 1 },
        value: text('What is told.', { maxLength: 255 }),
        fromArg: text('Key of CNI_ARGS that has the value.', { examples: ['K8S_POD_NAME'] }),
      },
      'An option that is told to the server.',
      { required: ['option'] },
    ),
    'Options that are told to the server.',
  ),
  request: list(
    object(
      { option: asked, skipDefault: flag('The options of IPv4 that are usually asked for are not.') },
      'An option that is asked for.',
    ),
    'Options that are asked for.',
  ),
});
