/** The keys of dhcp. Data only. */
import { ipam } from '../../src/cni/schema';
import { path } from '../../src/net/schema';
import { flag, integer, list, object, type Schema, text } from '../../src/schema';

const names = [
  'dhcp-client-identifier',
  'subnet-mask',
  'routers',
  'host-name',
  'user-class',
  'vendor-class-identifier',
];

const option: Schema = text('Name of an option, or its number as text.', {
  pattern: `^(${names.join('|')}|0?[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])$`,
  examples: [...names, '121'],
});

export const dhcpSchema = ipam('dhcp', 'Addresses of a DHCP server on the network.', {
  daemonSocketPath: path('Socket of the DHCP daemon. Default: /run/cni/dhcp.sock.', { maxLength: 107 }),
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
      { option, skipDefault: flag('The options that are usually asked for are not.') },
      'An option that is asked for.',
    ),
    'Options that are asked for.',
  ),
});
