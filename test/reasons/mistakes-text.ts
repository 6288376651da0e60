/** What people get wrong in the text and the shape of a network's configuration. */
import { type Mistake, ofConfig, plugin, type ConfigRow as Row } from './mistake';

const texts: readonly Row[] = [
  ['a trailing comma', plugin('"mtu": 1500,').replace(/}$/, '▸}'), 'spec.config', ['line 6, column 1', 'comma']],
  ['typographic quotes', plugin('▸“mtu”: 1500'), 'spec.config', ['line 5, column 3', 'U+201C']],
  ['single quotes', plugin("▸'mtu': 1500"), 'spec.config', ['line 5', 'double quotes']],
  ['a comment', plugin('▸// jumbo frames\n  "mtu": 1500'), 'spec.config', ['line 5', 'comments are not allowed']],
  ['a comma too few', plugin('"mtu": 1500 ▸"mode": "bridge"'), 'spec.config', ['line 5', 'need a comma']],
  ['no colon', plugin('"mtu" ▸1500'), 'spec.config', ['line 5', 'need a colon']],
  ['a brace too few', plugin('"mtu": 1500').replace(/\n}$/, '▸'), 'spec.config', ['ends too early']],
  ['a key without quotes', plugin('▸mtu: 1500'), 'spec.config', ['line 5', 'double quotes']],
  ['two objects', `${plugin('"mtu": 1500')}▸{}`, 'spec.config', ['need the end of the text']],
  ['YAML in place of JSON', '▸type: macvlan\nmaster: eth1', 'spec.config', ['line 1', 'need a value']],
  ['the value wrapped in quotes', '▸"{\\"type\\": \\"macvlan\\"}"', 'spec.config', ['remove the quotes']],
  [
    'a list in place of an object',
    '▸[{ "type": "macvlan" }]',
    'spec.config',
    ['need a JSON object', '[{"type":"macvlan"}]'],
  ],
];

const shapes: readonly Row[] = [
  ['an empty object', '▸{}', undefined, ['need "type"', '"plugins"']],
  [
    'plugin for plugins',
    '{ "cniVersion": "1.0.0", "plugin": ▸[{ "type": "macvlan" }] }',
    'plugin',
    ['did you mean "plugins"'],
  ],
  ['plugins: []', '{ "cniVersion": "1.0.0", "plugins": ▸[] }', 'plugins', ['need at least one plugin']],
  ['plugins: [null]', '{ "cniVersion": "1.0.0", "plugins": [▸null] }', 'plugins[0]', ['null', 'need a JSON object']],
  ['a plugin as text', '{ "cniVersion": "1.0.0", "plugins": [▸"macvlan"] }', 'plugins[0]', ['"macvlan"']],
  ['plugins as an object', '{ "cniVersion": "1.0.0", "plugins": ▸{ "type": "sbr" } }', 'plugins', ['need a list']],
  [
    'a plugin without type',
    '{ "cniVersion": "1.0.0", "plugins": [▸{ "master": "eth1" }] }',
    'plugins[0]',
    ['plugins[0].type'],
  ],
  ['a type as a number', '{ "cniVersion": "1.0.0", "type": ▸5 }', 'type', ['5', 'file name of a plugin']],
  [
    'a path as type',
    plugin('"mtu": 0', '/opt/cni/bin/macvlan').replace('"/', '▸"/'),
    'type',
    ['"/opt/cni/bin/macvlan"'],
  ],
  ['Braid inside of itself', plugin('"mtu": 0', 'braid').replace('"braid"', '▸"braid"'), 'type', ['"braid"']],
  ['a name with a blank', plugin('"name": ▸"my lan"'), 'name', ['"my lan"']],
  ['ipam as text', plugin('"ipam": ▸"dhcp"'), 'ipam', ['"dhcp"', 'need a JSON object']],
  ['ipam as a list', plugin('"ipam": ▸[{ "type": "dhcp" }]'), 'ipam', ['need a JSON object']],
  ['capabilities as a list', plugin('"capabilities": ▸["ips"]'), 'capabilities', ['["ips"]', 'need a JSON object']],
  [
    'a capability as text',
    plugin('"capabilities": { "ips": ▸"true" }'),
    'capabilities.ips',
    ['"true"', 'true or false'],
  ],
  ['isolation as a word', plugin('"isolation": ▸"off"'), 'isolation', ['"off"', 'true or false']],
  ['a version with a v', plugin('"mtu": 0').replace('"1.0.0"', '▸"v1.0.0"'), 'cniVersion', ['"v1.0.0"', '"1.0.0"']],
  ['a version as a number', plugin('"mtu": 0').replace('"1.0.0"', '▸1'), 'cniVersion', ['1', '"1.0.0"']],
];

export const textMistakes: readonly Mistake[] = [...texts, ...shapes].map(ofConfig('NetworkInvalid'));
