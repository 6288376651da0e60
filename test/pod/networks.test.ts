/** A pod's networks annotation. */
import { describe, expect, it } from 'vitest';
import { parseDefaultNetwork, parseNetworks } from '../../src/pod/networks';
import { failing } from '../failing';

const key = 'k8s.v1.cni.cncf.io/networks';
const parse = (text: string | undefined) => parseNetworks(text, 'shop').selections;
const net = (name: string, rest: object = {}) => ({ namespace: 'shop', name, ...rest });

describe('nothing is asked for', () => {
  it.each([undefined, '', ' ', '\t\r\n', '[]', ' [ ] '])('by %j (X4)', (text) => {
    expect(parseNetworks(text, 'shop')).toEqual({ selections: [], warnings: [] });
  });
});

describe('the short form', () => {
  it.each([
    ['net', [net('net')]],
    ['ns/net', [{ namespace: 'ns', name: 'net' }]],
    ['net@if', [net('net', { ifName: 'if' })]],
    ['ns/net@if_1', [{ namespace: 'ns', name: 'net', ifName: 'if_1' }]],
    ['a,b, ns/c@x', [net('a'), net('b'), { namespace: 'ns', name: 'c', ifName: 'x' }]],
    [' ns / net @ if ', [{ namespace: 'ns', name: 'net', ifName: 'if' }]],
    ['\ta\r\n,\r\n b ', [net('a'), net('b')]],
    ['/net', [net('net')]],
    ['net@', [net('net')]],
    ['a,a', [net('a'), net('a')]],
    ['vlan.100', [net('vlan.100')]],
    [
      'vlan100@secure0, vlan200@nw2, vlan300@user0',
      [net('vlan100', { ifName: 'secure0' }), net('vlan200', { ifName: 'nw2' }), net('vlan300', { ifName: 'user0' })],
    ],
    [
      'flannel@eth1, customns/weavenet@eth2',
      [net('flannel', { ifName: 'eth1' }), { namespace: 'customns', name: 'weavenet', ifName: 'eth2' }],
    ],
    ['kube-system/vlan1-internal-pool', [{ namespace: 'kube-system', name: 'vlan1-internal-pool' }]],
    ['net@UPPER.1', [net('net', { ifName: 'UPPER.1' })]],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a,b,', 'item 3 is empty, remove a comma'],
    ['a,,b', 'item 2 is empty'],
    [',a', 'item 1 is empty'],
    [',', 'item 1 is empty'],
    ['a/b/c', 'need [namespace/]name[@interface]'],
    ['a@b@c', 'need [namespace/]name[@interface]'],
    ['ns/', 'Cannot use an empty name of'],
    ['@if', 'Cannot use an empty name of'],
    ['Net', 'Cannot use "Net" as name of'],
    ['my_net', 'Cannot use "my_net" as name of'],
    ['my net', 'Cannot use "my net" as k8s.v1.cni.cncf.io/networks[0]: need commas between networks'],
    ['-net', 'as name of'],
    ['net-', 'as name of'],
    ['a..b', 'as name of'],
    ['../etc', 'as namespace of'],
    ['Ns/net', 'Cannot use "Ns" as namespace of'],
    ['n.s/net', 'Cannot use "n.s" as namespace of'],
    [`${'n'.repeat(64)}/net`, 'as namespace of'],
    ['n'.repeat(254), 'as name of'],
    ['net@a b', 'Cannot use "a b" as interface of'],
    ['net@a:b', 'as interface of'],
    ['net@..', 'not . or ..'],
    [`net@${'x'.repeat(16)}`, 'at most 15 bytes'],
    ['ns/net@if/0', 'need [namespace/]name[@interface]'],
    ['net;other', 'need commas between networks'],
    ['a,\u00a0b', 'character U+00A0 at offset 2 is not allowed'],
    ['net\u0000', 'character U+0000 at offset 3'],
    ['nët', 'character U+00EB at offset 1'],
    ['“a”', 'the value is wrapped in quotes, remove them'],
    ["'a,b'", 'the value is wrapped in quotes, remove them'],
    ['"kube-system/vlan1-internal-pool"', 'the value is wrapped in quotes, remove them'],
  ])('refuses %.40j: %s', (text, problem) => {
    expect(() => parse(text)).toThrow(failing('AnnotationInvalid', key, problem));
  });

  it('warns of an @ with nothing behind', () => {
    expect(parseNetworks('net@', 'shop').warnings).toEqual([expect.stringContaining('"net@"')]);
  });
});

describe('the JSON form', () => {
  it.each([
    ['[{"name": "a"}]', [net('a')]],
    [
      '\n[\n  {"name": "vlan1-internal-pool",\n   "namespace": "kube-system"}\n]\n',
      [{ namespace: 'kube-system', name: 'vlan1-internal-pool' }],
    ],
    ['[{"name": "a"}, {"name": "b", "interface": "lan0"}]', [net('a'), net('b', { ifName: 'lan0' })]],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['{"name": "a"}', 'need a list'],
    ['[null]', `as ${key}[0]: need a JSON object`],
    ['["a"]', `as ${key}[0]: need a JSON object`],
    ['[[]]', 'need a JSON object'],
    ['[{"name": "a"},]', 'line 1, column 16: comma with nothing after it'],
    ['[{"name": "a"}', 'the text ends too early'],
    ["[{'name': 'a'}]", 'single quote'],
    ['[{“name”: "a"}]', 'line 1, column 3: typographic quote U+201C'],
    ['[{"name": “1k”}]', 'U+201C'],
    ['[\u00a0{"name": "a"}]', 'U+00A0'],
    ['[{"name": "a"}] // mine', 'comments are not allowed'],
    ['a, {"name": "b"}', 'line 1, column 1'],
    ['\'[{"name": "a"}]\'', 'the value is wrapped in quotes'],
    ['[{"name": "a"}', 'too early'],
    ['[{}]', `Cannot use an empty ${key}[0].name`],
    ['[{"name": ""}]', `Cannot use an empty ${key}[0].name`],
    ['[{"name": "a"}, {"name": 7}]', `Cannot use 7 as ${key}[1].name: need a string`],
  ])('refuses %j: %s', (text, problem) => {
    expect(() => parse(text)).toThrow(failing('AnnotationInvalid', key, problem));
  });
});

describe('default-route', () => {
  const asking = (...routes: (string[] | undefined)[]) =>
    parse(JSON.stringify(routes.map((route, index) => ({ name: `n${index}`, 'default-route': route }))));

  it.each([
    [[['10.0.0.1'], undefined]],
    [[['10.0.0.1'], ['fe80::1']]],
    [[['10.0.0.1', 'fe80::1'], undefined]],
    [[['10.0.0.1', '10.0.0.2', 'fe80::1', 'fe80::2'], undefined]],
    [[undefined, []]],
  ])('may be asked as %j', (routes) => {
    expect(asking(...routes)).toHaveLength(2);
  });

  it.each([
    ['IPv4', [['10.0.0.1'], ['10.1.0.1']]],
    ['IPv6', [['fe80::1'], ['10.1.0.1', 'fe80::2']]],
    ['IPv4', [[], []]],
    ['IPv4', [['10.0.0.1'], []]],
  ])('of %s is one network’s: %j', (family, routes) => {
    expect(() => asking(...routes)).toThrow(
      failing('AnnotationInvalid', 'shop/n0 and shop/n1', `${family} default route`),
    );
  });
});

describe('a hostile text', () => {
  it('of more than Kubernetes allows is refused unread', () => {
    expect(() => parse('a,'.repeat(140_000))).toThrow(failing('AnnotationInvalid', 'need at most 262144'));
  });

  it('of a hundred thousand items is read', () => {
    expect(parse(`a${',a'.repeat(100_000)}`)).toHaveLength(100_001);
  });

  it.each([
    ['blanks between', `a${' '.repeat(200_000)}a`],
    ['opening brackets', '[{"name":'.repeat(20_000)],
    ['quotes', `[${'"'.repeat(200_000)}`],
    [
      'unknown fields',
      `[{"name":"a",${Array.from({ length: 5_000 }, (_, i) => `"f${i}":"${'x'.repeat(20)}"`).join(',')}}]`,
    ],
  ])('full of %s is answered within two seconds', (_, text) => {
    const begun = performance.now();
    try {
      parse(text);
    } catch (error) {
      expect(error).toMatchObject({ reason: 'AnnotationInvalid' });
    }
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('nested a hundred thousand deep is refused', () => {
    const depth = 100_000;
    expect(() => parse('['.repeat(depth) + ']'.repeat(depth))).toThrow(
      failing('AnnotationInvalid', 'need at most 100 levels'),
    );
    expect(() => parse('[{"name":'.repeat(20_000))).toThrow(failing('AnnotationInvalid', 'too early'));
  });

  it('with __proto__ changes nothing', () => {
    const { selections, warnings } = parseNetworks('[{"name":"a","__proto__":{"mac":"02:00:00:00:00:01"}}]', 'shop');
    expect(selections).toEqual([net('a')]);
    expect(warnings).toEqual([expect.stringContaining('unknown field "__proto__"')]);
    expect(Object.prototype).not.toHaveProperty('mac');
  });
});

describe('the default-network annotation', () => {
  const first = (text: string | undefined) => parseDefaultNetwork(text, 'kube-system');

  it('is optional', () => {
    expect(first(undefined)).toBeUndefined();
  });

  it.each([
    ['net', { namespace: 'kube-system', name: 'net' }],
    ['ns/net', { namespace: 'ns', name: 'net' }],
    ['[{"name": "net", "ips": ["10.0.0.5/24"]}]', { namespace: 'kube-system', name: 'net', ips: ['10.0.0.5/24'] }],
  ])('%s is one network, of multusNamespace by default', (text, selection) => {
    expect(first(text)).toEqual({ selection, warnings: [] });
  });

  it.each(['', ' ', '[]', 'a,b', '[{"name":"a"},{"name":"b"}]'])('refuses %j: it is not exactly one', (text) => {
    const problem = ['v1.multus-cni.io/default-network', 'need exactly one network'];
    expect(() => first(text)).toThrow(failing('AnnotationInvalid', ...problem));
  });

  it('refuses [null]', () => {
    expect(() => first('[null]')).toThrow(failing('AnnotationInvalid', 'v1.multus-cni.io/default-network[0]'));
  });
});
