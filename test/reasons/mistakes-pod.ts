/** What people get wrong where a pod asks for networks. */
import type { LintFinding } from '../../src/bin/lint';
import { definition, type Mistake } from './mistake';

const key = 'k8s.v1.cni.cncf.io/networks';
const lan = definition(`{
  "cniVersion": "1.0.0",
  "type": "macvlan",
  "master": "eth1",
  "ipam": { "type": "host-local", "subnet": "10.1.0.0/24" }
}`);
const pod = (value: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    ${key}: ${value}
`;

type Row = readonly [what: string, text: string, field: string | undefined, says: readonly string[]];

const refused =
  (reason: LintFinding['reason'], level: LintFinding['level'] = 'error') =>
  ([what, text, field, says]: Row): Mistake => ({
    what,
    files: { 'lan.yaml': lan, 'pod.yaml': text },
    reason,
    level,
    field,
    says,
  });

/** The annotation in single quotes of YAML. */
const json = (text: string): string => pod(`'${text}'`);

const annotations: readonly Row[] = [
  ['a comma at the end', pod('▸lan,'), key, ['"lan,"', 'item 2 is empty']],
  ['semicolons', pod('▸lan;lan'), `${key}`, ['"lan;lan"', 'commas']],
  ['blanks between networks', pod('▸lan wan'), key, ['"lan wan"', 'commas']],
  ['quotes inside of quotes', pod(`"▸'lan'"`), key, ['wrapped in quotes']],
  ['capitals', pod('▸LAN'), key, ['"LAN"', 'lower-case']],
  ['an underscore', pod('▸my_lan'), key, ['"my_lan"']],
  ['three parts', pod('▸a/b/c'), key, ['"a/b/c"', '[namespace/]name[@interface]']],
  ['an interface name too long', pod('▸lan@storage-network-0'), key, ['"storage-network-0"', '15 bytes']],
  ['[null]', json('[▸null]'), `${key}[0]`, ['null', 'need a JSON object']],
  ['names in a list', json('[▸"lan"]'), `${key}[0]`, ['"lan"', 'need a JSON object']],
  ['an object in place of a list', json('▸{"name": "lan"}'), key, ['{"name":"lan"}', 'need a list']],
  ['an element without a name', json('[▸{}]'), `${key}[0]`, [`${key}[0].name`]],
  ['a trailing comma', json('[{"name": "lan"},▸]'), key, ['comma with nothing after it']],
  ['Python quotes', pod(`"[{▸'name': 'lan'}]"`), key, ['single quote']],
  ['quotes of a word processor', json('[{▸“name”: “lan”}]'), key, ['U+201C']],
  [
    'a misspelt field',
    json('[{"name": "lan", "interfce": ▸"x"}]'),
    `${key}[0].interfce`,
    ['did you mean "interface"?'],
  ],
  ['ip for ips', json('[{"name": "lan", "ip": ▸["10.1.0.5"]}]'), `${key}[0].ip`, ['did you mean "ips"?']],
  ['an address that is no list', json('[{"name": "lan", "ips": ▸"10.1.0.5"}]'), `${key}[0].ips`, ['need a list']],
  ['an address above 255', json('[{"name": "lan", "ips": [▸"10.1.0.500"]}]'), `${key}[0].ips[0]`, ['"10.1.0.500"']],
  ['half a MAC', json('[{"name": "lan", "mac": ▸"00:11"}]'), `${key}[0].mac`, ['"00:11"', '6 bytes']],
  [
    'a gateway that is no list',
    json('[{"name": "lan", "default-route": ▸"10.1.0.1"}]'),
    `${key}[0].default-route`,
    ['need a list'],
  ],
  [
    'a gateway with its length',
    json('[{"name": "lan", "default-route": [▸"10.1.0.1/24"]}]'),
    `${key}[0].default-route[0]`,
    ['"10.1.0.1/24"'],
  ],
  [
    'two default routes',
    json('[{"name": "lan", "default-route": ▸["10.1.0.1"]}, {"name": "lan", "default-route": ["10.1.0.1"]}]'),
    `${key}[0].default-route`,
    ['default/lan', 'one network'],
  ],
  [
    'a port as text',
    json('[{"name": "lan", "portMappings": [{"hostPort": ▸"80", "containerPort": 80}]}]'),
    `${key}[0].portMappings[0].hostPort`,
    ['"80"', '1 to 65535'],
  ],
  [
    'a port above 65535',
    json('[{"name": "lan", "portMappings": [{"hostPort": 80, "containerPort": ▸70000}]}]'),
    `${key}[0].portMappings[0].containerPort`,
    ['70000'],
  ],
  [
    'a rate with a unit',
    json('[{"name": "lan", "bandwidth": {"ingressRate": ▸"10M"}}]'),
    `${key}[0].bandwidth.ingressRate`,
    ['"10M"', 'integer'],
  ],
  [
    'a burst without a rate',
    json('[{"name": "lan", "bandwidth": {"ingressBurst": ▸10}}]'),
    `${key}[0].bandwidth.ingressBurst`,
    ['ingressRate'],
  ],
  ['arguments as text', json('[{"name": "lan", "cni-args": ▸"a=b"}]'), `${key}[0].cni-args`, ['"a=b"']],
  ['a list of YAML', pod('▸[lan]'), `metadata.annotations.${key}`, ['["lan"]', 'put it in quotes']],
  ['objects of YAML', pod('\n      ▸- name: lan'), `metadata.annotations.${key}`, ['put it in quotes']],
  [
    'a key without its s',
    pod('▸lan').replace('/networks', '/network'),
    'metadata.annotations.k8s.v1.cni.cncf.io/network',
    ['did you mean', key],
  ],
  [
    'a key without its group',
    pod('▸lan').replace('.cni.cncf', '.cncf'),
    'metadata.annotations.k8s.v1.cncf.io/networks',
    ['did you mean', key],
  ],
  ['a label', pod('▸lan').replace('annotations', 'labels'), `metadata.labels.${key}`, ['metadata.annotations']],
  [
    'networks of a pod of the node',
    `${pod('lan')}spec:\n  hostNetwork: ▸true\n`,
    'spec.hostNetwork',
    ['"lan"', 'hostNetwork'],
  ],
  [
    'a Deployment annotated at its top',
    pod('▸lan').replace('Pod', 'Deployment').concat('spec:\n  template:\n    metadata: {}\n'),
    `metadata.annotations.${key}`,
    ['spec.template.metadata.annotations'],
  ],
  [
    'two default networks',
    pod('▸a,b').replace(key, 'v1.multus-cni.io/default-network'),
    'v1.multus-cni.io/default-network',
    ['"a,b"', 'exactly one'],
  ],
];

export const podMistakes: readonly Mistake[] = [
  ...annotations.map(refused('AnnotationInvalid')),
  ...[
    ['a network that is nowhere', pod('▸wan'), key, ['wan', 'namespace default']] as const,
    ['a network of another namespace', pod('▸prod/lan'), key, ['lan', 'namespace prod']] as const,
  ].map(refused('NetworkMissing')),
  ...[
    ['the name of the first interface', pod('▸lan@eth0'), key, ['eth0', 'cluster']] as const,
    ['one name for two interfaces', pod('▸lan@net7,lan@net7'), key, ['net7', 'default/lan']] as const,
  ].map(refused('InterfaceNameTaken')),
  ...[
    [
      'ports that no plugin maps',
      json('[{"name": "lan", "portMappings": ▸[{"hostPort": 80, "containerPort": 80}]}]'),
      `${key}[0].portMappings`,
      ['portMappings', 'capability'],
    ] as const,
    [
      'bandwidth that no plugin limits',
      json('[{"name": "lan", "bandwidth": ▸{"ingressRate": 1000}}]'),
      `${key}[0].bandwidth`,
      ['bandwidth'],
    ] as const,
  ].map(refused('CapabilityMissing')),
  ...[
    [
      'an address outside of the range',
      json('[{"name": "lan", "ips": [▸"10.9.0.5"]}]'),
      `${key}[0].ips[0]`,
      ['10.9.0.5', '10.1.0.1-10.1.0.254'],
    ] as const,
    [
      'a MAC of many',
      json('[{"name": "lan", "mac": ▸"01:00:5e:00:00:01"}]'),
      `${key}[0].mac`,
      ['01:00:5e:00:00:01'],
    ] as const,
  ].map(refused('ConfigInvalid')),
  ...[
    [
      'a gateway outside of the subnet',
      json('[{"name": "lan", "default-route": ▸["10.9.0.1"]}]'),
      `${key}[0].default-route`,
      ['10.9.0.1', '10.1.0.0/24'],
    ] as const,
  ].map(refused('RouteImpossible')),
  ...[
    [
      'a claim that nobody reads',
      json('[{"name": "lan", "ipam-claim-reference": ▸"vm-1"}]'),
      `${key}[0].ipam-claim-reference`,
      ['"vm-1"', 'allowPersistentIPs'],
    ] as const,
  ].map(refused('FieldUnsupported')),
  ...[['an @ with nothing behind', pod('▸lan@'), key, ['"lan@"', 'no interface']] as const].map(
    refused('Odd', 'warning'),
  ),
];
