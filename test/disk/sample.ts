/** Values that the disk's tests share: names, and a record that has every field. */
import type { AttachRecord } from '../../src/attach/record';
import type { Result } from '../../src/cni/result';
import { cidr, ip } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { type ContainerId, containerId, type IfName, ifName, netnsPath, networkName } from '../../src/net/names';

/** Short for tests: the parsed names. */
export const id = (text: string): ContainerId => containerId(text);
export const link = (text: string): IfName => ifName(text, 'test');
export const addr = (text: string) => ip(text, 'test');
export const net = (text: string) => networkName(text);

const result: Result = {
  interfaces: [
    { name: 'eth1' },
    {
      name: 'net1',
      mac: mac('02:00:00:00:00:01', 'test'),
      mtu: 1400,
      sandbox: '/run/netns/x',
      socketPath: '/s',
      pciID: '0000:00:01.0',
    },
  ],
  ips: [
    { address: cidr('10.5.0.2/24', 'test'), gateway: addr('10.5.0.1'), interface: 1 },
    { address: cidr('fd05::2/64', 'test') },
  ],
  routes: [
    { dst: cidr('0.0.0.0/0', 'test'), gw: addr('10.5.0.1'), mtu: 1300, advmss: 1200, priority: 5, table: 0, scope: 0 },
    { dst: cidr('::/0', 'test') },
  ],
  dns: { nameservers: ['10.5.0.53'], domain: 'x.test', search: ['a.test'], options: ['ndots:5'] },
};

/** A record of a container and interface, with every optional part there. */
export function sampleRecord(container = 'cid1', interfaceName = 'eth0'): AttachRecord {
  return {
    version: 1,
    containerId: id(container),
    ifName: link(interfaceName),
    netns: netnsPath('/run/netns/x'),
    pod: { namespace: 'default', name: 'web-0', uid: '0f7e' },
    bootId: 'b00t',
    createdAt: '2026-01-02T03:04:05Z',
    attachments: [
      {
        network: 'default/blue',
        name: net('blue'),
        cniVersion: '1.0.0',
        ifName: link('net1'),
        isDefault: false,
        plugins: [{ type: 'macvlan', master: 'eth1', odd: { 'ключ "€"': [1, null, 2.5e300] } }, { type: 'sbr' }],
        capabilities: { ips: ['10.5.0.2/24'] },
        args: [
          ['IgnoreUnknown', '1'],
          ['K8S_POD_NAME', 'web-0'],
        ],
        defaultRoute: [addr('10.5.0.1')],
        asked: { ips: ['10.5.0.2/24'], mac: '02:00:00:00:00:01' },
        isolated: true,
        disableCheck: false,
        device: { id: '0000:03:02.3', resourceName: 'intel.com/sriov' },
        deviceInfo: { type: 'pci', version: '1.1.0', pci: { 'pci-address': '0000:03:02.3' } },
        result,
      },
      {
        network: 'red',
        name: net('red'),
        cniVersion: '',
        ifName: link('net2'),
        isDefault: false,
        plugins: [],
        capabilities: {},
        args: [],
        defaultRoute: undefined,
        asked: { ips: [], mac: undefined },
        isolated: false,
        disableCheck: true,
        result: undefined,
      },
    ],
    result,
    unpublished: { problem: 'Cannot write it: ECONNREFUSED' },
  };
}
