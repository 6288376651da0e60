/** What runtimes and people get wrong in a call: its environment and its stdin. */
import type { Env } from '../../src/cni/request';
import type { Reason } from '../../src/error';
import type { Json } from '../../src/json';
import { cluster } from '../attach/world';

/** A call that cannot be served. */
export interface BadCall {
  readonly what: string;
  readonly env: Env;
  readonly stdin: string;
  /** The network default/lan of the node. */
  readonly lan: Json | undefined;
  readonly reason: Reason;
  readonly says: readonly string[];
}

type Row = readonly [what: string, change: Env | Json | string, says: readonly string[]];

const env: Env = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/var/run/netns/pod',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=thor',
};
const asking = (networks: unknown): Json => ({
  runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'k8s.v1.cni.cncf.io/networks': networks } },
});
const configuration = (keys: Json = {}): string =>
  JSON.stringify({
    cniVersion: '1.0.0',
    name: 'braid',
    type: 'braid',
    delegates: [cluster],
    ...asking('lan'),
    ...keys,
  });

const good = { env, stdin: configuration(), lan: undefined };
const inEnv = ([what, change, says]: readonly [string, Env, readonly string[]]): BadCall => ({
  ...good,
  what,
  env: { ...env, ...change },
  reason: 'EnvironmentInvalid',
  says,
});
const onStdin =
  (reason: Reason) =>
  ([what, change, says]: Row): BadCall => ({
    ...good,
    what,
    stdin: typeof change === 'string' ? change : configuration(change),
    reason,
    says,
  });
const ofNetwork =
  (reason: Reason) =>
  ([what, change, says]: readonly [string, Json, readonly string[]]): BadCall => ({
    ...good,
    what,
    lan: { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ...change },
    reason,
    says: ['pod default/thor', 'network default/lan', ...says],
  });

const environments: readonly (readonly [string, Env, readonly string[]])[] = [
  ['no command', { CNI_COMMAND: undefined }, ['CNI_COMMAND']],
  ['a command in small letters', { CNI_COMMAND: 'add' }, ['"add"', 'ADD, CHECK, DEL']],
  ['no container and no namespace', { CNI_CONTAINERID: '', CNI_NETNS: '' }, ['CNI_CONTAINERID,CNI_NETNS']],
  ['a container id that is a path', { CNI_CONTAINERID: '../c1' }, ['"../c1"']],
  ['a namespace by its number', { CNI_NETNS: '4026531840' }, ['"4026531840"']],
  ['an interface name too long', { CNI_IFNAME: 'interface-of-pod' }, ['"interface-of-pod"', '15 bytes']],
  ['an interface name with a slash', { CNI_IFNAME: 'eth/0' }, ['"eth/0"', 'CNI_IFNAME']],
  ['no directory of plugins', { CNI_PATH: '' }, ['CNI_PATH']],
  ['arguments without =', { CNI_ARGS: 'K8S_POD_NAME' }, ['CNI_ARGS', 'K8S_POD_NAME']],
  ['half a pod', { CNI_ARGS: 'K8S_POD_NAMESPACE=default' }, ['K8S_POD_NAME', 'missing']],
  ['a pod that is a path', { CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=../etc' }, ['"../etc"', 'K8S_POD_NAME']],
];

export const callMistakes: readonly BadCall[] = [
  ...environments.map(inEnv),
  ...(
    [
      ['nothing on stdin', '', ['line 1, column 1', 'ends too early']],
      ['null on stdin', 'null', ['null', 'need a JSON object']],
      ['a configuration in quotes', JSON.stringify(configuration()), ['remove the quotes']],
      ['a comma too many', '{\n  "type": "braid",\n}', ['line 3, column 1', 'comma']],
      ['a byte order mark', `\uFEFF${configuration()}`, ['byte order mark']],
      ['a version as a number', { cniVersion: 1 }, ['cniVersion', '"1.0.0"']],
    ] as const
  ).map(onStdin('DecodeFailed')),
  ...([['a version of the future', { cniVersion: '2.0.0' }, ['2.0.0', '1.1.0']]] as const).map(
    onStdin('VersionIncompatible'),
  ),
  ...(
    [
      ['no name', { name: undefined }, ['name']],
      ['a name that is a path', { name: '../braid' }, ['"../braid"']],
      [
        'annotations as text',
        { runtimeConfig: { 'io.kubernetes.cri.pod-annotations': 'a=b' } },
        ['"a=b"', 'runtimeConfig'],
      ],
      ['an annotation as a list', asking(['lan']), ['["lan"]', 'k8s.v1.cni.cncf.io/networks', 'need a string']],
      ['a delegate without plugins', { delegates: [{ name: 'first', plugins: [] }] }, ['first', 'plugins']],
    ] as const
  ).map(onStdin('ConfigInvalid')),
  ...(
    [['a network that is nowhere', {}, ['pod default/thor', 'network default/lan', 'namespace default']]] as const
  ).map(onStdin('NetworkMissing')),
  ...(
    [
      ['VLAN 4095', { vlan: 4095 }, ['interface net1', '4095', 'vlan']],
      ['an MTU as text', { mtu: '9000' }, ['"9000"', 'mtu']],
      [
        'a subnet without its length',
        { ipam: { type: 'host-local', subnet: '10.1.0.0' } },
        ['"10.1.0.0"', 'ipam.subnet'],
      ],
      ['a delegate as IPAM', { ipam: { type: 'ipvlan' } }, ['"ipvlan"', 'ipam.type']],
    ] as const
  ).map(ofNetwork('ConfigInvalid')),
  ...([['a master of another node', { master: 'enp7s0' }, ['interface net1', '"enp7s0"', 'eth1']]] as const).map(
    ofNetwork('MasterMissing'),
  ),
  ...(
    [['a misspelt type', { type: 'macvaln' }, ['interface net1', '"macvaln"', 'did you mean "macvlan"?']]] as const
  ).map(ofNetwork('DelegateMissing')),
];
