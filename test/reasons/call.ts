/** Reasons that a runtime, a configuration or an annotation makes come. Touches only fakes. */
import { parseConfig } from '../../src/cni/config';
import { parseRequest } from '../../src/cni/request';
import { requireAllowed } from '../../src/cni/version';
import type { Json } from '../../src/json';
import { world } from '../attach/world';
import type { Provocations } from './provoked';

const braid = (keys: object) =>
  parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', clusterNetwork: 'x', ...keys }));

/** ADD of pod default/thor with that annotation, where network default/lan has that configuration. */
const attach = (lan: Json | string, annotation = 'lan', conf: Json = {}) =>
  world({ networks: { 'default/lan': lan }, conf }).add(annotation);

const place = ['pod default/thor', 'network default/lan'];
const macvlan = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' };

export const calls: Provocations<
  | 'VersionIncompatible'
  | 'FieldUnsupported'
  | 'EnvironmentInvalid'
  | 'DecodeFailed'
  | 'ConfigInvalid'
  | 'PodUnavailable'
  | 'AnnotationInvalid'
  | 'NetworkMissing'
  | 'NetworkInvalid'
  | 'NetworkForbidden'
  | 'CapabilityMissing'
  | 'InterfaceNameTaken'
> = {
  VersionIncompatible: [
    {
      how: 'a version of the future',
      by: () => braid({ cniVersion: '9.9.9' }),
      names: ['cniVersion', '9.9.9', '1.1.0'],
    },
    {
      how: 'CHECK of a version that has none',
      by: () => requireAllowed('0.3.1', 'CHECK'),
      names: ['CHECK', '0.3.1'],
    },
  ],
  FieldUnsupported: [
    {
      how: 'a key of Multus that Braid does not have',
      by: () => braid({ dialects: ['a'] }),
      names: ['dialects', '"a"'],
    },
    {
      how: 'an IPAMClaim that no delegate reads',
      by: () => attach(macvlan, '[{"name":"lan","ipam-claim-reference":"vm-1"}]'),
      names: [...place, 'ipam-claim-reference', '"vm-1"'],
    },
  ],
  EnvironmentInvalid: [
    {
      how: 'variables are missing',
      by: () => parseRequest({ CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_PATH: '/opt/cni/bin' }),
      names: ['ADD', 'CNI_NETNS', 'CNI_IFNAME'],
    },
    {
      how: 'half a pod in CNI_ARGS',
      by: () =>
        parseRequest({
          CNI_COMMAND: 'ADD',
          CNI_CONTAINERID: 'c1',
          CNI_NETNS: '/var/run/netns/x',
          CNI_IFNAME: 'eth0',
          CNI_PATH: '/opt/cni/bin',
          CNI_ARGS: 'K8S_POD_NAME=web',
        }),
      names: ['CNI_ARGS', 'K8S_POD_NAMESPACE'],
    },
  ],
  DecodeFailed: [
    {
      how: 'a comma too many on stdin',
      by: () => parseConfig('{\n  "type": "braid",\n}'),
      names: ['the network configuration', 'line 3, column 1', 'comma'],
    },
  ],
  ConfigInvalid: [
    {
      how: 'a value that a delegate cannot use',
      by: () => attach({ ...macvlan, vlan: 4095 }),
      names: [...place, 'interface net1', 'vlan', '4095'],
    },
    { how: 'no default network', by: () => braid({ clusterNetwork: '' }), names: ['delegates', 'clusterNetwork'] },
  ],
  PodUnavailable: [
    {
      how: 'neither runtime nor cluster knows the annotations',
      by: () => attach(macvlan, '', { runtimeConfig: {} }),
      names: ['pod default/thor', 'annotations'],
    },
  ],
  AnnotationInvalid: [
    {
      how: 'a misspelt field',
      by: () => attach(macvlan, '[{"name":"lan","interfce":"x"}]'),
      names: ['pod default/thor', '"interfce"', '"interface"', 'k8s.v1.cni.cncf.io/networks[0]'],
    },
  ],
  NetworkMissing: [
    {
      how: 'a network that nobody defined',
      by: () => attach(macvlan, 'prod/wan'),
      names: ['pod default/thor', 'network prod/wan'],
    },
  ],
  NetworkInvalid: [
    {
      how: 'a list without plugins',
      by: () => attach({ cniVersion: '1.0.0', plugins: [] }),
      names: [...place, 'plugins'],
    },
    { how: 'text that is no JSON', by: () => attach('{"type": "macvlan",}'), names: [...place, 'line 1, column 20'] },
  ],
  NetworkForbidden: [
    {
      how: 'a network of another namespace',
      by: () => attach(macvlan, 'prod/lan', { namespaceIsolation: true, globalNamespaces: 'shared' }),
      names: ['pod default/thor', 'network prod/lan', 'namespaceIsolation', 'shared'],
    },
  ],
  CapabilityMissing: [
    {
      how: 'ports that no plugin can map',
      by: () => attach(macvlan, '[{"name":"lan","portMappings":[{"hostPort":80,"containerPort":80}]}]'),
      names: [...place, 'portMappings'],
    },
  ],
  InterfaceNameTaken: [
    {
      how: 'two networks with one interface name',
      by: () => attach(macvlan, 'lan@net7,lan@net7'),
      names: [...place, 'net7'],
    },
  ],
};
