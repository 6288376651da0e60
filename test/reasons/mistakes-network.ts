/** What people get wrong in the values of a network's configuration, and in what they mean by it. */
import { type Mistake, plugin, type ConfigRow as Row, ofConfig as refused } from './mistake';

const ipam = (keys: string, type = 'host-local') => plugin(`"ipam": { "type": "${type}", ${keys} }`);
const alone = (keys: string, type: string) => `{ "cniVersion": "1.0.0", "type": "${type}"${keys} }`;
const chained = (keys: string) =>
  `{ "cniVersion": "1.0.0", "plugins": [{ "type": "macvlan", "master": "eth1" }, { ${keys} }] }`;

const values: readonly Row[] = [
  ['VLAN 4095', plugin('"vlan": ▸4095'), 'vlan', ['4095', '1 to 4094']],
  ['VLAN 0', plugin('"vlan": ▸0'), 'vlan', ['0', '1 to 4094']],
  ['a VLAN as text', plugin('"vlan": ▸"100"'), 'vlan', ['"100"', 'integer']],
  ['vlanId as text', plugin('"vlanId": ▸"100"', 'vlan'), 'vlanId', ['"100"', '0 to 4094']],
  ['several VLANs', plugin('"vlan": ▸[100, 200]'), 'vlan', ['[100,200]', 'integer']],
  ['an MTU as text', plugin('"mtu": ▸"9000"'), 'mtu', ['"9000"', 'integer']],
  ['an MTU above that of the master', plugin('"mtu": ▸9000'), 'mtu', ['9000', 'eth1', '1500']],
  ['a negative MTU', plugin('"mtu": ▸-1'), 'mtu', ['-1']],
  ['a misspelt mode', plugin('"mode": ▸"brige"'), 'mode', ['"brige"', 'bridge, private, vepa, passthru']],
  ['a mode in capitals', plugin('"mode": ▸"L2"', 'ipvlan'), 'mode', ['"L2"', 'l2, l3, l3s']],
  ['a MAC too short', plugin('"mac": ▸"02:00:00"'), 'mac', ['"02:00:00"', '6 bytes']],
  ['a master with a blank', plugin('"mtu": 0').replace('"eth1"', '▸"eth 1"'), 'master', ['"eth 1"', 'name of a link']],
  ['no master for a VLAN', alone(', "vlanId": 7', 'vlan').replace('{', '▸{'), undefined, ['master']],
  ['no device', alone('', 'host-device').replace('{', '▸{'), undefined, ['"device"', '"pciBusID"']],
  ['half a PCI address', alone(', "pciBusID": ▸"1f.6"', 'host-device'), 'pciBusID', ['"1f.6"', '0000:3b:00.1']],
  [
    'a bridge with too long a name',
    alone(', "bridge": ▸"bridge-of-the-lab"', 'bridge'),
    'bridge',
    ['"bridge-of-the-lab"', '15 bytes'],
  ],
  ['a flag as text', alone(', "isGateway": ▸"true"', 'bridge'), 'isGateway', ['"true"', 'true or false']],
  [
    'a trunk backwards',
    alone(', "vlanTrunk": [▸{ "minID": 200, "maxID": 100 }]', 'bridge'),
    'vlanTrunk[0]',
    ['200', '100'],
  ],
  ['a subnet without its length', ipam('"subnet": ▸"10.1.0.0"'), 'ipam.subnet', ['"10.1.0.0"', 'prefix length']],
  ['a prefix too long', ipam('"subnet": ▸"10.1.0.0/40"'), 'ipam.subnet', ['"10.1.0.0/40"']],
  ['an address above 255', ipam('"subnet": ▸"10.1.256.0/24"'), 'ipam.subnet', ['"10.1.256.0/24"']],
  ['an address for a subnet', ipam('"subnet": ▸"10.1.0.5/24"'), 'ipam.subnet', ['10.1.0.5/24', '10.1.0.0/24']],
  ['a subnet of one address', ipam('"subnet": ▸"10.1.0.7/32"'), 'ipam.subnet', ['10.1.0.7/32', 'too small']],
  ['no subnet', plugin('"ipam": ▸{ "type": "host-local" }'), 'ipam', ['ipam.subnet', 'ipam.ranges']],
  ['ranges that are no lists', ipam('"ranges": [▸{ "subnet": "10.1.0.0/24" }]'), 'ipam.ranges[0]', ['need a list']],
  ['an empty range', ipam('"ranges": [▸[]]'), 'ipam.ranges[0]', ['at least one range']],
  [
    'ranges that overlap',
    ipam('"ranges": ▸[[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "10.1.0.0/16" }]]'),
    'ipam.ranges',
    ['range set 0 overlaps with 1'],
  ],
  [
    'both families in one set',
    ipam('"ranges": [▸[{ "subnet": "10.1.0.0/24" }, { "subnet": "fd00::/64" }]]'),
    'ipam.ranges[0]',
    ['fd00::/64', 'a set for each'],
  ],
  [
    'a range backwards',
    ipam('"subnet": "10.1.0.0/24", "rangeStart": "10.1.0.50", "rangeEnd": ▸"10.1.0.10"'),
    'ipam.rangeEnd',
    ['10.1.0.10', '10.1.0.50'],
  ],
  [
    'a range outside of the subnet',
    ipam('"subnet": "10.1.0.0/24", "rangeStart": ▸"10.2.0.50"'),
    'ipam.rangeStart',
    ['10.2.0.50', '10.1.0.0/24'],
  ],
  [
    'a gateway with its length',
    ipam('"subnet": "10.1.0.0/24", "gateway": ▸"10.1.0.1/24"'),
    'ipam.gateway',
    ['"10.1.0.1/24"', 'IP address'],
  ],
  [
    'a route without a length',
    ipam('"subnet": "10.1.0.0/24", "routes": [{ "dst": ▸"10.5.0.0" }]'),
    'ipam.routes[0].dst',
    ['"10.5.0.0"'],
  ],
  [
    'a route called default',
    ipam('"subnet": "10.1.0.0/24", "routes": [{ "dst": ▸"default" }]'),
    'ipam.routes[0].dst',
    ['"default"'],
  ],
  [
    'routes as texts',
    ipam('"subnet": "10.1.0.0/24", "routes": [▸"0.0.0.0/0"]'),
    'ipam.routes[0]',
    ['"0.0.0.0/0"', 'need a JSON object'],
  ],
  [
    'a static address without its length',
    ipam('"addresses": [{ "address": ▸"10.1.0.5" }]', 'static'),
    'ipam.addresses[0].address',
    ['"10.1.0.5"', '10.1.0.5/24'],
  ],
  [
    'static addresses as texts',
    ipam('"addresses": [▸"10.1.0.5/24"]', 'static'),
    'ipam.addresses[0]',
    ['"10.1.0.5/24"'],
  ],
  ['a delegate as IPAM', plugin('"ipam": { "type": ▸"macvlan" }'), 'ipam.type', ['"macvlan"', 'host-local']],
  [
    'sbr alone',
    '{ "cniVersion": "1.0.0", "plugins": [{ "type": ▸"sbr" }] }',
    'plugins[0].type',
    ['sbr', 'after another one'],
  ],
  [
    'a sysctl that is not of networks',
    chained('"type": "tuning", "sysctl": { "kernel.panic": ▸"1" }'),
    'plugins[1].sysctl.kernel.panic',
    ['kernel.panic', 'net sysctl'],
  ],
  [
    'a sysctl as a number',
    chained('"type": "tuning", "sysctl": { "net.core.somaxconn": ▸500 }'),
    'plugins[1].sysctl.net.core.somaxconn',
    ['500', 'need a string'],
  ],
];

const odd: readonly Row[] = [
  [
    'a misspelt type',
    plugin('"mtu": 0', 'macvaln').replace('"macvaln"', '▸"macvaln"'),
    'type',
    ['"macvaln"', 'did you mean "macvlan"?'],
  ],
  [
    'a type in capitals',
    plugin('"mode": "l2"', 'IPVLAN').replace('"IPVLAN"', '▸"IPVLAN"'),
    'type',
    ['"IPVLAN"', 'did you mean "ipvlan"?'],
  ],
  [
    'a misspelt type of others',
    alone('', 'wherabouts').replace('"wherabouts"', '▸"wherabouts"'),
    'type',
    ['did you mean "whereabouts"?'],
  ],
  [
    'a misspelt IPAM',
    plugin('"ipam": { "type": ▸"host_local", "subnet": "10.1.0.0/24" }'),
    'ipam.type',
    ['"host_local"', 'did you mean "host-local"?'],
  ],
  [
    'an IPAM as the plugin',
    alone(', "ipam": { "type": "host-local", "subnet": "10.1.0.0/24" }', 'host-local').replace(
      '"host-local"',
      '▸"host-local"',
    ),
    'type',
    ['makes no interface', '"ipam"'],
  ],
  [
    'ipam without a type',
    plugin('"ipam": ▸{ "subnet": "10.1.0.0/24" }'),
    'ipam',
    ['default/lan', 'no addresses', 'host-local'],
  ],
  [
    'a misspelt key',
    plugin('"mtu": 0').replace('"master": ', '"mastr": ▸'),
    'mastr',
    ['"mastr"', 'did you mean "master"?'],
  ],
  [
    'a misspelt key of ipam',
    ipam('"subnet": "10.1.0.0/24", "gatway": ▸"10.1.0.1"'),
    'ipam.gatway',
    ['did you mean "gateway"?'],
  ],
  [
    'a gateway outside of the subnet',
    ipam('"subnet": "10.1.0.0/24", "gateway": ▸"10.2.0.1"'),
    'ipam.gateway',
    ['10.2.0.1', '10.1.0.0/24'],
  ],
  [
    'a static gateway elsewhere',
    ipam('"addresses": [{ "address": "10.1.0.5/24", "gateway": ▸"10.3.0.1" }]', 'static'),
    'ipam.addresses[0].gateway',
    ['10.3.0.1', '10.1.0.5/24'],
  ],
  ['a VLAN without an id', plugin('"mtu": 0', 'vlan').replace('"vlan"', '▸"vlan"'), 'type', ['vlanId']],
];

export const networkMistakes: readonly Mistake[] = [
  ...values.map(refused('ConfigInvalid')),
  ...odd.map(refused('Odd', 'warning')),
  ...[
    ['vlan for vlanId', plugin('"vlan": ▸100', 'vlan'), 'vlan', ['100', 'vlanId']] as const,
    [
      'a master that is to be one of two',
      plugin('"mtu": 0').replace('"eth1"', '▸["eth1", "eth2"]'),
      'master',
      ['["eth1","eth2"]', 'one link'],
    ] as const,
  ].map(refused('FieldUnsupported')),
  ...[
    [
      'a version of the future',
      plugin('"mtu": 0').replace('"1.0.0"', '▸"1.2.0"'),
      'cniVersion',
      ['1.2.0', '1.1.0'],
    ] as const,
  ].map(refused('VersionIncompatible')),
  ...[
    [
      'a route by a gateway elsewhere',
      ipam('"subnet": "10.1.0.0/24", "routes": [{ "dst": "10.9.0.0/16", "gw": ▸"10.2.0.1" }]'),
      'ipam.routes[0].gw',
      ['10.9.0.0/16', '10.2.0.1'],
    ] as const,
  ].map(refused('RouteImpossible')),
  ...[['static without addresses', plugin('"ipam": ▸{ "type": "static" }'), 'ipam', ['ipam', '"ips"']] as const].map(
    refused('AddressMissing', 'warning'),
  ),
];
