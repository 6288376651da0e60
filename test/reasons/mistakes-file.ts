/** What people get wrong in whole files: manifests, CNI configuration files, the node's own configuration. */
import type { LintFinding } from '../../src/bin/lint';
import { definition, type Mistake } from './mistake';

const lan = definition('{ "cniVersion": "1.0.0", "type": "macvlan", "master": "eth1" }');
const [head = ''] = lan.split('spec:');
const conf = '{\n  "cniVersion": "1.0.0",\n  "name": "lan",\n  "type": "macvlan",\n  "master": "eth1"\n}\n';
const node = (keys: string): string =>
  `{\n  "cniVersion": "1.0.0",\n  "name": "braid",\n  "type": "braid",\n  ${keys}\n}\n`;

type Row = readonly [what: string, path: string, text: string, field: string | undefined, says: readonly string[]];

const refused =
  (reason: LintFinding['reason'], level: LintFinding['level'] = 'error') =>
  ([what, path, text, field, says]: Row): Mistake => ({ what, files: { [path]: text }, reason, level, field, says });

const texts: readonly Row[] = [
  ['tabs in YAML', 'lan.yaml', 'kind: Pod\nmetadata:\n▸\tname: web\n', undefined, ['Tabs']],
  ['a bracket left open', 'lan.yaml', 'kind: Pod\nmetadata: {name: [▸}\n', undefined, ['end with a ]']],
  [
    'a comment in a .conf',
    '10.conf',
    conf.replace('"name"', '▸// the lab\n  "name"'),
    undefined,
    ['line 3', 'comments'],
  ],
  ['a comma too many in a .conflist', '10.conflist', conf.replace('"eth1"\n}', '"eth1",\n▸}'), undefined, ['comma']],
  ['a byte order mark', '10.conf', `▸\uFEFF${conf}`, undefined, ['byte order mark']],
  ['YAML in a .json', 'lan.json', `▸${lan}`, undefined, ['need a value']],
];

const objects: readonly Row[] = [
  [
    'another version of the group',
    'lan.yaml',
    lan.replace('k8s.cni.cncf.io/v1', '▸k8s.cni.cncf.io/v1beta1'),
    'apiVersion',
    ['"k8s.cni.cncf.io/v1beta1"', 'need k8s.cni.cncf.io/v1'],
  ],
  [
    'the group of the core',
    'lan.yaml',
    lan.replace('k8s.cni.cncf.io/v1', '▸v1'),
    'apiVersion',
    ['"v1"', 'need k8s.cni.cncf.io/v1'],
  ],
  ['no apiVersion', 'lan.yaml', `▸${lan.replace(/^apiVersion.*\n/, '')}`, 'apiVersion', ['need k8s.cni.cncf.io/v1']],
  [
    'a misspelt kind',
    'lan.yaml',
    lan.replace('kind: Network', 'kind: ▸Netwrk'),
    'kind',
    ['"NetwrkAttachmentDefinition"'],
  ],
  [
    'the short name as kind',
    'lan.yaml',
    lan.replace(/kind: .*/, 'kind: ▸net-attach-def'),
    'kind',
    ['"net-attach-def"'],
  ],
  ['no kind', 'lan.yaml', `▸${lan.replace(/kind.*\n/, '')}`, 'kind', ['need NetworkAttachmentDefinition']],
  ['no name', 'lan.yaml', lan.replace('  name: lan', '  ▸namespace: x'), 'metadata.name', ['metadata.name']],
  [
    'a name in capitals',
    'lan.yaml',
    lan.replace('name: lan', 'name: ▸Lan_1'),
    'metadata.name',
    ['"Lan_1"', 'lower-case'],
  ],
  ['no spec', 'lan.yaml', `▸${head}`, 'spec.config', ['lan', 'no spec.config']],
  [
    'config as an object',
    'lan.yaml',
    `${head}spec:\n  config:\n    ▸type: macvlan\n    master: eth1\n`,
    'spec.config',
    ['{"type":"macvlan","master":"eth1"}', 'default/lan', 'string that holds JSON'],
  ],
  [
    'conf for config',
    'lan.yaml',
    lan.replace('config: |', 'conf: ▸|'),
    'spec.conf',
    ['"conf"', 'did you mean "config"?'],
  ],
  [
    'Config for config',
    'lan.yaml',
    lan.replace('config: |', 'Config: ▸|'),
    'spec.Config',
    ['"Config"', 'did you mean "config"?'],
  ],
  ['config beside spec', 'lan.yaml', `${head}config: ▸'{"type": "macvlan"}'\n`, 'config', ['"config"', 'into spec']],
];

const ours: readonly Row[] = [
  ['no default network', '00-braid.conf', `▸${node('"strict": true')}`, undefined, ['"delegates"', '"clusterNetwork"']],
  ['delegates: []', '00-braid.conf', node('"delegates": ▸[]'), 'delegates', ['at least one network']],
  ['delegates as an object', '00-braid.conf', node('"delegates": ▸{ "type": "bridge" }'), 'delegates', ['need a list']],
  [
    'a delegate with a wrong value',
    '00-braid.conf',
    node('"delegates": [{ "type": "bridge", "name": "a" }, { "type": "macvlan", "name": "b", "mtu": ▸"1500" }]'),
    'delegates[1].mtu',
    ['"1500"', 'integer'],
  ],
  [
    'a path from nowhere',
    '00-braid.conf',
    node('"clusterNetwork": "a", "kubeconfig": ▸"braid.d/kubeconfig"'),
    'kubeconfig',
    ['"braid.d/kubeconfig"', 'absolute path'],
  ],
  [
    'a word that is none',
    '00-braid.conf',
    node('"clusterNetwork": "a", "result": ▸"all"'),
    'result',
    ['"all"', 'merged, default-network'],
  ],
  [
    'a flag as text',
    '00-braid.conf',
    node('"clusterNetwork": "a", "namespaceIsolation": ▸"true"'),
    'namespaceIsolation',
    ['"true"'],
  ],
  [
    'seconds with a unit',
    '00-braid.conf',
    node('"clusterNetwork": "a", "delegateTimeout": ▸"60s"'),
    'delegateTimeout',
    ['"60s"', '86400'],
  ],
  [
    'a cluster subnet without length',
    '00-braid.conf',
    node('"clusterNetwork": "a", "clusterCIDRs": [▸"10.96.0.0"]'),
    'clusterCIDRs[0]',
    ['"10.96.0.0"'],
  ],
  [
    'one type that is no list',
    '00-braid.conf',
    node('"clusterNetwork": "a", "externalDelegates": ▸"bridge"'),
    'externalDelegates',
    ['"bridge"', 'list of plugin types'],
  ],
];

export const fileMistakes: readonly Mistake[] = [
  ...texts.map(refused('DecodeFailed')),
  ...objects.map(refused('NetworkInvalid')),
  ...ours.map(refused('ConfigInvalid')),
  ...[
    [
      'a key of Multus that Braid lacks',
      '00-braid.conf',
      node('"clusterNetwork": "a", "auxiliaryCNIChainName": ▸"x"'),
      'auxiliaryCNIChainName',
      ['auxiliaryCNIChainName', 'remove the key'],
    ] as const,
  ].map(refused('FieldUnsupported')),
  ...[
    [
      'a misspelt key',
      '00-braid.conf',
      node('"clusterNetwork": "a", "strct": ▸true'),
      'strct',
      ['did you mean "strict"?'],
    ] as const,
    [
      'a misspelt log level',
      '00-braid.conf',
      node('"clusterNetwork": "a", "logLevel": ▸"inof"'),
      'logLevel',
      ['"inof"', 'verbose'],
    ] as const,
    [
      'a misspelt delegate',
      '00-braid.conf',
      node('"delegates": [{ "name": "a", "type": ▸"brigde" }]'),
      'delegates[0].type',
      ['"brigde"', 'did you mean "bridge"?'],
    ] as const,
    [
      'one name for two networks',
      'lan.yaml',
      `${lan}---\n${lan.replace('name: lan', 'name: ▸lan')}`,
      'metadata.name',
      ['default/lan', 'line 4 of lan.yaml'],
    ] as const,
  ].map(refused('Odd', 'warning')),
];
