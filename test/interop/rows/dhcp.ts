/** What `ipam` sections of type dhcp say, by what is special about them; dhcp.test.ts adds type and socket. Data only. */
import type { Json } from '../../e2e/runtime';

export const dhcpSections: Readonly<Record<string, Json>> = {
  'nothing more': {},
  'classless routes': { request: [{ option: '121' }], priority: 42 },
  'static routes by class': { request: [{ option: '33' }] },
  'without the usual': { request: [{ skipDefault: true, option: 'subnet-mask' }] },
  'a host name and a vendor class': {
    provide: [
      { option: 'host-name', fromArg: 'HOST' },
      { option: 'vendor-class-identifier', value: 'braid-test' },
    ],
  },
};
