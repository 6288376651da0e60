/** Reasons that the node makes come: its links, its kernel, its addresses. Touches fakes, and asks the real kernel for what is not there. */
import type { Json } from '../../src/json';
import { openKernel } from '../../src/kernel/kernel';
import { writeSysctl } from '../../src/kernel/sysctl';
import { ifName, netnsPath } from '../../src/net/names';
import { type WorldOptions, world } from '../attach/world';
import type { Provocations } from './provoked';

const place = ['pod default/thor', 'network default/lan', 'interface net1'];
const macvlan = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' };
const bridge = { cniVersion: '1.0.0', type: 'bridge', bridge: 'br1' };
const pool = (keys: object) => ({ ipam: { type: 'host-local', subnet: '10.1.0.0/24', ...keys } });

/** ADD of a pod that asks for default/lan, or for what the annotation says. */
const attach = (lan: Json, annotation = 'lan', more: WorldOptions['networks'] = {}) =>
  world({ networks: { 'default/lan': lan, ...more } }).add(annotation);

export const nodeTroubles: Provocations<
  | 'NetnsSame'
  | 'NetnsMissing'
  | 'MasterMissing'
  | 'MasterConflict'
  | 'LinkExists'
  | 'LinkMissing'
  | 'LinkUnsuitable'
  | 'PoolExhausted'
  | 'AddressTaken'
  | 'AddressMissing'
  | 'AddressConflict'
  | 'RouteImpossible'
  | 'KernelRefused'
  | 'SysctlRefused'
  | 'CheckFailed'
  | 'NotReady'
  | 'Internal'
> = {
  NetnsSame: [
    {
      how: "the node's own namespace",
      by: () => world().add(undefined, 'c1', '/proc/self/ns/net'),
      names: ['pod default/thor', 'CNI_NETNS', '/proc/self/ns/net'],
    },
    {
      how: 'the same of the real kernel',
      by: () => openKernel().open(netnsPath('/proc/self/ns/net')),
      names: ['CNI_NETNS', '/proc/self/ns/net'],
    },
  ],
  NetnsMissing: [
    {
      how: 'a sandbox that ended',
      by: () => world().add(undefined, 'c1', '/var/run/netns/gone'),
      names: ['pod default/thor', '/var/run/netns/gone'],
    },
    {
      how: 'the same of the real kernel',
      by: () => openKernel().open(netnsPath('/var/run/netns/gone')),
      names: ['/var/run/netns/gone'],
    },
  ],
  MasterMissing: [
    {
      how: 'a master that this node does not have',
      by: () => attach({ ...macvlan, master: 'enp7s0' }),
      names: [...place, '"enp7s0"', 'eth1'],
    },
  ],
  MasterConflict: [
    {
      how: 'macvlan and ipvlan on one master',
      by: () => attach(macvlan, 'lan,wan', { 'default/wan': { ...macvlan, type: 'ipvlan' } }),
      names: ['pod default/thor', 'network default/wan', 'default/lan', 'eth1'],
    },
  ],
  LinkExists: [
    {
      how: 'the pod has an interface of that name',
      by: async () => {
        const { pod, add } = world({ networks: { 'default/lan': macvlan } });
        await pod.createLink({ kind: 'dummy', name: ifName('net1', 'test') });
        await add('lan');
      },
      names: [...place, 'net1'],
    },
  ],
  LinkMissing: [
    {
      how: 'a device that this node does not have',
      by: () => attach({ cniVersion: '1.0.0', type: 'host-device', device: 'ens9' }),
      names: [...place, 'ens9'],
    },
  ],
  LinkUnsuitable: [
    { how: 'a bridge that is none', by: () => attach({ ...bridge, bridge: 'eth0' }), names: [...place, 'eth0'] },
  ],
  PoolExhausted: [
    {
      how: 'a range of one address, asked for twice',
      by: () => attach({ ...macvlan, ...pool({ rangeStart: '10.1.0.9', rangeEnd: '10.1.0.9' }) }, 'lan,lan'),
      names: ['pod default/thor', 'network default/lan', 'interface net2', '10.1.0.9'],
    },
  ],
  AddressTaken: [
    {
      how: 'one address, asked for twice',
      by: () =>
        attach({ ...macvlan, ...pool({}) }, '[{"name":"lan","ips":["10.1.0.7"]},{"name":"lan","ips":["10.1.0.7"]}]'),
      names: ['pod default/thor', 'network default/lan', 'interface net2', '10.1.0.7'],
    },
  ],
  AddressMissing: [
    {
      how: 'static addresses without an address',
      by: () => attach({ ...macvlan, ipam: { type: 'static' } }),
      names: [...place, 'ipam'],
    },
  ],
  AddressConflict: [
    {
      how: 'two subnets on one bridge that is the gateway',
      by: () =>
        attach({ ...bridge, isGateway: true, ...pool({}) }, 'lan,wan', {
          'default/wan': { ...bridge, isGateway: true, ...pool({ subnet: '10.2.0.0/24' }) },
        }),
      names: ['network default/wan', 'br1', '10.2.0.1/24', '10.1.0.1/24'],
    },
  ],
  RouteImpossible: [
    {
      how: 'a default route by a gateway that lies elsewhere',
      by: () => attach({ ...macvlan, ...pool({}) }, '[{"name":"lan","default-route":["10.9.0.1"]}]'),
      names: ['pod default/thor', 'network default/lan', 'default-route', '10.9.0.1', '10.1.0.0/24'],
    },
  ],
  KernelRefused: [
    {
      how: 'the kernel says no',
      by: async () => {
        const { kernel, add } = world({ networks: { 'default/lan': { ...macvlan, ...pool({}) } } });
        kernel.failNext('createLink', 'ENOMEM');
        await add('lan');
      },
      names: ['pod default/thor', 'ENOMEM'],
    },
  ],
  SysctlRefused: [
    {
      how: 'a sysctl that this kernel does not have',
      by: () =>
        attach({
          cniVersion: '1.0.0',
          plugins: [macvlan, { type: 'tuning', sysctl: { 'net.ipv4.conf.IFNAME.nosuch': '1' } }],
        }),
      names: [...place, 'nosuch', '1'],
    },
    {
      how: 'the same of the real kernel',
      by: () => writeSysctl('net/ipv4/no_such_key', '1'),
      names: ['net/ipv4/no_such_key', '1', 'no such key'],
    },
  ],
  CheckFailed: [
    {
      how: 'somebody removed the interface',
      by: async () => {
        const { add, pod, check } = world({ networks: { 'default/lan': macvlan } });
        await add('lan');
        await pod.deleteLink(ifName('net1', 'test'));
        await check();
      },
      names: [...place, 'net1'],
    },
  ],
  NotReady: [
    {
      how: 'the default network has not made its file',
      by: () => world().status({ readinessindicatorfile: '/run/calico/ready' }),
      names: ['/run/calico/ready'],
    },
  ],
  Internal: [
    {
      how: 'a defect',
      by: async () => {
        const { edges, add } = world();
        edges.leases.locked = () => {
          throw new TypeError('x is not a function');
        };
        await add();
      },
      names: ['pod default/thor', 'TypeError', 'x is not a function'],
    },
  ],
};
