/** One network's configuration. */
import { describe, expect, it } from 'vitest';
import { parseNetwork, typeOf } from '../../src/cni/network';
import { failing } from '../failing';

const macvlan = { type: 'macvlan', master: 'eth1', ipam: { type: 'static' } };
const network = (config: object | string) =>
  parseNetwork(typeof config === 'string' ? config : JSON.stringify(config), 'macvlan-conf', 'default/macvlan-conf');

describe('a single configuration', () => {
  it('is a network of one plugin, kept as it came', () => {
    const config = { ...macvlan, cniVersion: '0.3.1', name: 'own', extra: { deep: [1] } };
    expect(network(config)).toEqual({
      name: 'own',
      cniVersion: '0.3.1',
      shape: 'conf',
      plugins: [config],
      capabilities: [],
      isolation: undefined,
      disableCheck: false,
      disableGC: false,
      warnings: [],
    });
  });

  it.each([[macvlan], [{ ...macvlan, name: '' }], [{ ...macvlan, name: null }]])(
    '%j takes the definition’s name',
    (config) => {
      expect(network(config).name).toBe('macvlan-conf');
    },
  );

  it('without cniVersion is 0.1.0, as in libcni', () => {
    expect(network(macvlan).cniVersion).toBe('0.1.0');
  });

  it('stays one when there are plugins, too', () => {
    expect(network({ ...macvlan, plugins: [] })).toMatchObject({ shape: 'conf', plugins: [{ type: 'macvlan' }] });
  });

  it('has its type in whatever case', () => {
    const { shape, plugins } = network({ Type: 'macvlan' });
    expect([shape, typeOf(plugins[0] ?? {})]).toEqual(['conf', 'macvlan']);
  });
});

describe('a list', () => {
  it('has its plugins in order, and a name of the definition (X7)', () => {
    const plugins = [macvlan, { type: 'sbr' }];
    expect(network({ cniVersion: '0.3.1', plugins })).toMatchObject({
      name: 'macvlan-conf',
      cniVersion: '0.3.1',
      shape: 'list',
      plugins,
    });
  });

  it('without cniVersion is 0.4.0 with a warning: 0.1.0 results have no interface for a chained plugin', () => {
    const { cniVersion, warnings } = network({ plugins: [macvlan, { type: 'sbr' }] });
    expect([cniVersion, warnings]).toEqual(['0.4.0', ['has no cniVersion: 0.4.0 is used']]);
  });

  it('whose ipam has keys but no type is told that it gives no addresses', () => {
    const told = (ipam: object) => network({ cniVersion: '1.0.0', plugins: [{ ...macvlan, ipam }] }).warnings;
    expect(told({ subnet: '10.1.0.0/24' })).toEqual(['gives no addresses: need ipam.type, like host-local']);
    expect([told({}), told({ type: '' }), told({ type: 'static', addresses: [] })]).toEqual([[], [], []]);
  });

  it.each([
    [{ cniVersion: '0.3.1', cniVersions: ['0.4.0', '1.0.0'] }, '1.0.0'],
    [{ cniVersions: ['0.3.1', '1.2.0', '2.0.0'] }, '0.3.1'],
    [{ cniVersion: '1.1.0', cniVersions: [] }, '1.1.0'],
    [{ cniVersion: '', cniVersions: ['1.0.0'] }, '1.0.0'],
  ])('%j has the highest version that Braid knows', (versions, expected) => {
    expect(network({ ...versions, plugins: [macvlan] }).cniVersion).toBe(expected);
  });

  it.each([
    [true, true],
    ['true', true],
    ['TRUE', true],
    ['false', false],
    [false, false],
    [null, false],
  ])('with disableCheck and disableGC %j', (value, expected) => {
    const parsed = network({ cniVersion: '1.0.0', disableCheck: value, disableGC: value, plugins: [macvlan] });
    expect([parsed.disableCheck, parsed.disableGC]).toEqual([expected, expected]);
  });

  it('has the capabilities that any plugin declares as true', () => {
    const plugins = [
      { ...macvlan, capabilities: { ips: true, mac: false } },
      { type: 'portmap', capabilities: { portMappings: true, ips: true } },
    ];
    expect(network({ cniVersion: '1.0.0', plugins }).capabilities).toEqual(['ips', 'portMappings']);
  });

  it.each([
    [{ isolation: false, plugins: [macvlan] }, false],
    [{ plugins: [macvlan, { type: 'sbr', isolation: false }] }, false],
    [{ plugins: [macvlan] }, undefined],
  ])('%j has isolation %s', (config, expected) => {
    expect(network(config).isolation).toBe(expected);
  });
});

it.each(['{}', '{"type":""}', 'null'])('leaves ipam %s to the plugin', (ipam) => {
  expect(network(`{"type": "bridge", "ipam": ${ipam}}`).plugins[0]).toHaveProperty('ipam', JSON.parse(ipam));
});

describe('refuses, naming the definition,', () => {
  it.each<[string, string, string]>([
    ['nothing', '', 'the text ends too early'],
    ['null', 'null', 'need a JSON object, got null'],
    ['a list of configurations', '[{"type":"macvlan"}]', 'need a JSON object'],
    [
      'text cut off (T001-4)',
      '{"type":"cnv-bridge","ipam":{"type":"static","addresses":',
      'invalid JSON at line 1, column 58',
    ],
    [
      'a comment (T004-1)',
      '{\n"type": "bridge", // the type\n"bridge": "cni0"}',
      'line 2, column 19: comments are not allowed',
    ],
    ['typographic quotes', '{“type”: "bridge"}', 'U+201C'],
    ['neither type nor plugins', '{"master":"eth0"}', 'need "type", or "plugins"'],
    ['a misspelt type', '{"types":"macvlan"}', 'Cannot use "types" in the configuration: did you mean "type"?'],
    [
      'a misspelt list',
      '{"plugin":[{"type":"macvlan"}]}',
      'Cannot use "plugin" in the configuration: did you mean "plugins"?',
    ],
    ['a type that is no text', '{"type":5}', 'Cannot use 5 as type: need the file name of a plugin'],
    ['a version that is no text', '{"type":"macvlan","cniVersion":1}', 'Cannot use 1 as cniVersion: need a version'],
    ['an empty type', '{"type":""}', 'need "type"'],
    ['no plugins', '{"plugins":[]}', 'plugins: need at least one plugin'],
    ['plugins that are no list', '{"plugins":{}}', 'as plugins: need a list'],
    ['a plugin that is null', '{"plugins":[null]}', 'as plugins[0]: need a JSON object'],
    ['a plugin without type', '{"plugins":[{"type":"macvlan"},{}]}', 'as plugins[1].type: need the file name'],
    ['a type with a slash', '{"type":"../../bin/sh"}', 'as type: need the file name of a plugin'],
    ['a type that is a directory', '{"plugins":[{"type":".."}]}', 'as plugins[0].type'],
    ['a type that is a number', '{"plugins":[{"type":7}]}', 'as plugins[0].type'],
    ['a type too long for a file', `{"type":"${'x'.repeat(256)}"}`, 'as type: need the file name of a plugin'],
    ['a type with a zero byte', '{"type":"a\\u0000b"}', 'as type'],
    ['an ipam type with a slash', '{"type":"macvlan","ipam":{"type":"/bin/sh"}}', 'as ipam.type: need the file name'],
    ['ipam that is a list', '{"type":"macvlan","ipam":[]}', 'as ipam: need a JSON object'],
    ['args that are text', '{"type":"macvlan","args":"x"}', 'as args: need a JSON object'],
    ['args.cni that is text', '{"type":"macvlan","args":{"cni":"x"}}', 'as args.cni: need a JSON object'],
    ['itself', '{"type":"braid"}', 'by Braid itself again'],
    ['a name that is a path', '{"type":"macvlan","name":"../x"}', 'as name: invalid characters found in network name'],
    [
      'capabilities that are no booleans',
      '{"type":"macvlan","capabilities":{"ips":"yes"}}',
      'as capabilities.ips: need true or false',
    ],
    ['isolation that is no boolean', '{"type":"macvlan","isolation":"off"}', 'as isolation: need true or false'],
    [
      'isolation that is no boolean, in a plugin of a list that has its own',
      '{"isolation":false,"plugins":[{"type":"macvlan","isolation":"off"}]}',
      'as isolation: need true or false',
    ],
    [
      'an entry of cniVersions that is no version',
      '{"plugins":[{"type":"a"}],"cniVersions":["x"]}',
      'as cniVersions[0]',
    ],
    ['disableCheck that is a number', '{"plugins":[{"type":"a"}],"disableCheck":1}', 'as disableCheck'],
  ])('%s', (_, text, problem) => {
    expect(() => network(text)).toThrow(failing('NetworkInvalid', 'network default/macvlan-conf: ', problem));
  });

  it('a version Braid does not speak, with the code for that', () => {
    expect(() => network({ ...macvlan, cniVersion: '0.9.0' })).toThrow(
      failing('VersionIncompatible', 'network default/macvlan-conf'),
    );
  });
});

it('is refused with the reason of its caller', () => {
  expect(() => parseNetwork({ plugins: [] }, 'a', 'a', 'ConfigInvalid')).toThrow(
    failing('ConfigInvalid', 'network a: '),
  );
});

it('is not changed by keys named __proto__', () => {
  const text = '{"type":"macvlan","__proto__":{"type":"evil"},"capabilities":{"__proto__":true}}';
  expect(network(text)).toMatchObject({ shape: 'conf', capabilities: ['__proto__'] });
});
