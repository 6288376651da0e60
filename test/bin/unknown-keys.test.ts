/** Unknown keys are found wherever a table says which keys there are, and nowhere else. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findUnknownKeys } from '../../src/bin/unknown-keys';

const root = path.resolve(import.meta.dirname, '../..');
const told = (value: unknown, file = 'network.json') =>
  findUnknownKeys(value, file).map(({ path: at, message }) => `${at.join('.')}: ${message}`);

describe('unknown keys', () => {
  it.each<[string, unknown, string]>([
    [
      'a misspelling',
      { type: 'macvlan', mastr: 'eth0' },
      'mastr: unknown key "mastr" is ignored: did you mean "master"?',
    ],
    [
      'another plugin’s',
      { type: 'vlan', master: 'eth0', bcqueuelen: 1 },
      'bcqueuelen: unknown key "bcqueuelen" is ignored',
    ],
    [
      'of a list',
      { plugins: [{ type: 'sbr' }, { type: 'sbr', tables: 7 }] },
      'plugins.1.tables: unknown key "tables" is ignored: did you mean "table"?',
    ],
    [
      'of ipam',
      { type: 'macvlan', ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/24', rangestrt: 'x' }]] } },
      'ipam.ranges.0.0.rangestrt: unknown key "rangestrt" is ignored: did you mean "rangeStart"?',
    ],
    [
      'of somebody else’s plugin with an ipam of Braid',
      { type: 'fancy', x: 1, ipam: { type: 'static', addreses: [] } },
      'ipam.addreses: unknown key "addreses" is ignored: did you mean "addresses"?',
    ],
  ])('%s', (_, value, expected) => {
    expect(told(value)).toEqual([expected]);
  });

  it('of the node’s configuration, its networks too', () => {
    const delegates = [{ type: 'bridge', brige: 'br0' }];
    const conf = {
      name: 'b',
      plugins: [{ type: 'braid', strct: true, delegates, logOptions: { maxage: 1, maxsiz: 2 } }],
    };
    expect(told(conf, 'braid.json').map((line) => line.split(':')[0])).toEqual([
      'plugins.0.delegates.0.brige',
      'plugins.0.strct',
      'plugins.0.logOptions.maxsiz',
    ]);
  });

  it.each<[string, unknown]>([
    ['another case', { TYPE: 'macvlan', type: 'macvlan', MTU: 1400 }],
    ['a note', { $schema: 'x', _note: 'y', '//': 'z', type: 'macvlan' }],
    ['somebody else’s plugin', { type: 'fancy', x: { y: 1 } }],
    ['somebody else’s ipam', { type: 'macvlan', ipam: { type: 'whereabouts', range: '10.0.0.0/8' } }],
    ['a sysctl', { type: 'tuning', sysctl: { 'net.core.somaxconn': '1' } }],
    ['what is no object', [1]],
  ])('are not %s', (_, value) => {
    expect(told(value)).toEqual([]);
  });

  it.each(globSync('plugins/*/example*.json', { cwd: root }))('are not in %s', (file) => {
    expect(told(JSON.parse(readFileSync(path.join(root, file), 'utf8')))).toEqual([]);
  });
});
