/** Braid's own configuration. */
import { describe, expect, it } from 'vitest';
import { parseConfig, parseConfigForDel, prefersExternal } from '../../src/cni/config';
import { failing } from '../failing';

const delegates = [{ type: 'bridge', name: 'cbr0', cniVersion: '1.0.0' }];
const least = { cniVersion: '1.0.0', name: 'node', type: 'braid', delegates };
const conf = (changes: object = {}) => parseConfig(JSON.stringify({ ...least, ...changes }));
const delConf = (changes: object = {}) => parseConfigForDel(JSON.stringify({ ...least, ...changes }));

it('has a default for every key', () => {
  expect(conf()).toEqual({
    name: 'node',
    cniVersion: '1.0.0',
    cniDir: '/var/lib/cni/braid',
    confDir: '/etc/cni/multus/net.d',
    binDir: '/opt/cni/bin',
    networksDir: [],
    kubeconfig: undefined,
    defaultNetwork: { from: 'delegates', networks: [expect.objectContaining({ name: 'cbr0', plugins: delegates })] },
    defaultNetworks: [],
    multusNamespace: 'kube-system',
    systemNamespaces: ['kube-system'],
    namespaceIsolation: false,
    globalNamespaces: ['default'],
    readinessIndicatorFile: undefined,
    log: {
      file: undefined,
      level: 'panic',
      toStderr: true,
      options: { maxAge: 5, maxSize: 100, maxBackups: 5, compress: true },
    },
    result: 'merged',
    isolation: true,
    defaultRouteGuard: true,
    clusterCIDRs: [],
    strict: false,
    externalDelegates: false,
    delegateTimeout: 60,
    runtimeConfig: {},
    podAnnotations: undefined,
    prevResult: undefined,
    validAttachments: undefined,
    warnings: [],
  });
});

it('takes null for the default, whatever the key', () => {
  const keys = Object.keys(conf()).filter((key) => !['name', 'defaultNetwork', 'warnings', 'log'].includes(key));
  const nulls = Object.fromEntries([...keys, 'logFile', 'logOptions', 'clusterNetwork'].map((key) => [key, null]));
  expect(conf({ ...nulls, cniVersion: '1.0.0' })).toEqual(conf());
});

describe('a key', () => {
  it.each<[object, object]>([
    [{ cniDir: '/tmp/state' }, { cniDir: '/tmp/state' }],
    [{ cniDir: '' }, { cniDir: '/var/lib/cni/braid' }],
    [{ networksDir: '/etc/nets' }, { networksDir: ['/etc/nets'] }],
    [{ networksDir: ['/a', '/b'] }, { networksDir: ['/a', '/b'] }],
    [{ readinessIndicatorFile: '/run/ready' }, { readinessIndicatorFile: '/run/ready' }],
    [{ readinessindicatorfile: '/run/ready' }, { readinessIndicatorFile: '/run/ready' }],
    [{ SystemNamespaces: ['a', 'b'] }, { systemNamespaces: ['a', 'b'] }],
    [{ systemNamespaces: [] }, { systemNamespaces: [] }],
    [{ globalNamespaces: ' a, b ,c' }, { globalNamespaces: ['a', 'b', 'c'] }],
    [{ globalNamespaces: ['a'] }, { globalNamespaces: ['a'] }],
    [{ globalNamespaces: '' }, { globalNamespaces: ['default'] }],
    [{ namespaceIsolation: true }, { namespaceIsolation: true }],
    [{ result: 'default-network' }, { result: 'default-network' }],
    [
      { isolation: false, defaultRouteGuard: false, strict: true },
      { isolation: false, defaultRouteGuard: false, strict: true },
    ],
    [{ clusterCIDRs: ['10.96.0.1/12', 'FD00::1/108'] }, { clusterCIDRs: ['10.96.0.0/12', 'fd00::/108'] }],
    [{ externalDelegates: true }, { externalDelegates: true }],
    [{ externalDelegates: ['bridge'] }, { externalDelegates: ['bridge'] }],
    [{ delegateTimeout: 5 }, { delegateTimeout: 5 }],
    [
      { LogLevel: 'DEBUG', LogFile: '/var/log/b' },
      { log: expect.objectContaining({ level: 'debug', file: '/var/log/b' }) },
    ],
    [{ logToStderr: false }, { log: expect.objectContaining({ toStderr: false }) }],
    [
      { logOptions: { maxAge: 1, compress: false } },
      { log: expect.objectContaining({ options: { maxAge: 1, maxSize: 100, maxBackups: 5, compress: false } }) },
    ],
    [{ multusNamespace: 'nets' }, { multusNamespace: 'nets' }],
    [{ defaultNetworks: ['a', '/etc/b.conf'] }, { defaultNetworks: ['a', '/etc/b.conf'] }],
    [{ retryDeleteOnError: true, allowTryDeleteOnErr: true, unheardOf: 1 }, { warnings: [] }],
    [
      { networkDir: '/etc/nets' },
      { networksDir: [], warnings: ['unknown key "networkDir" is ignored: did you mean "networksDir"?'] },
    ],
    [
      { logLevel: 'inof' },
      { warnings: ['logLevel "inof" means panic, which logs nothing: need one of panic, error, verbose, debug'] },
    ],
    [{ logLevel: 'Debug' }, { warnings: [] }],
    [{ cniVersion: '' }, { cniVersion: '0.1.0' }],
  ])('%j gives %j', (changes, expected) => {
    expect(conf(changes)).toMatchObject(expected);
  });

  it.each<[object, string]>([
    [{ name: undefined }, 'missing network name'],
    [{ name: '../x' }, 'invalid characters found in network name'],
    [{ cniDir: 'state' }, 'Cannot use "state" as cniDir: need an absolute path'],
    [{ confDir: 7 }, 'Cannot use 7 as confDir: need a string'],
    [{ networksDir: ['nets'] }, 'as networksDir: need an absolute path'],
    [{ networksDir: {} }, 'as networksDir: need a list'],
    [{ namespaceIsolation: 'true' }, 'as namespaceIsolation: need true or false'],
    [{ systemNamespaces: 'kube-system' }, 'as systemNamespaces: need a list'],
    [{ result: 'all' }, 'as result: need one of merged, default-network'],
    [{ clusterCIDRs: ['10.96.0.0'] }, 'as clusterCIDRs[0]: need an address with prefix length'],
    [{ externalDelegates: 'bridge' }, 'as externalDelegates: need true, false or a list'],
    [{ delegateTimeout: 0 }, 'as delegateTimeout: need an integer from 1 to 86400'],
    [{ delegateTimeout: '60s' }, 'as delegateTimeout'],
    [{ runtimeConfig: [] }, 'as runtimeConfig: need a JSON object'],
    [{ runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { a: 1 } } }, 'pod-annotations"]["a"]: need a string'],
    [{ retryDeleteOnError: 'x' }, 'as retryDeleteOnError'],
    [{ logOptions: { maxAge: '5' } }, 'as logOptions.maxAge'],
    [{ clusterNetwork: ['a'] }, 'as clusterNetwork: need a string'],
    [{ 'cni.dev/valid-attachments': [{ containerID: 'c' }] }, 'valid-attachments[0].ifname'],
  ])('%j is refused: %s', (changes, text) => {
    expect(() => conf(changes)).toThrow(failing('ConfigInvalid', text));
  });

  it.each(['auxiliaryCNIChainName', 'dialects'])('%s is refused by name', (key) => {
    expect(() => conf({ [key]: 'x' })).toThrow(failing('FieldUnsupported', key, '"x"'));
    expect(conf({ [key]: key === 'dialects' ? [] : '' }).warnings).toEqual([]);
  });

  it('cniVersion must be one that Braid speaks', () => {
    expect(() => conf({ cniVersion: '1.9.0' })).toThrow(failing('VersionIncompatible', '1.9.0'));
  });
});

describe('the default network', () => {
  it('is clusterNetwork when there is one; delegates are not even read', () => {
    const { defaultNetwork, warnings } = conf({ clusterNetwork: 'cluster', delegates: [null] });
    expect(defaultNetwork).toEqual({ from: 'clusterNetwork', name: 'cluster' });
    expect(warnings).toEqual(['delegates is ignored: clusterNetwork is set']);
  });

  it.each(['delegates', 'Delegates', 'DELEGATES'])('is found under %s', (key) => {
    expect(conf({ delegates: undefined, [key]: delegates }).defaultNetwork).toMatchObject({
      networks: [{ name: 'cbr0' }],
    });
  });

  it('and its followers get a name each when they have none', () => {
    const { defaultNetwork } = conf({
      delegates: [{ type: 'a' }, { plugins: [{ type: 'b' }] }, { type: 'c', name: 'own' }],
    });
    expect(defaultNetwork).toMatchObject({
      networks: [{ name: 'node' }, { name: 'node-1', shape: 'list' }, { name: 'own' }],
    });
  });

  it.each<[string, unknown, string]>([
    ['is missing', undefined, 'need "delegates" or "clusterNetwork"'],
    ['is an empty list', [], 'Cannot use [] as delegates: need at least one network'],
    ['is an object', { type: 'bridge' }, 'as delegates: need a list'],
    ['is null', [null], 'as delegates[0]: need a JSON object'],
    ['has no type', [{ name: 'a' }], 'network a: Cannot use the configuration: need "type"'],
    [
      'has an empty list of plugins',
      [{ type: 'a' }, { plugins: [] }],
      'network delegates[1]: Cannot use [] as plugins',
    ],
    ['has a plugin that is null', [{ plugins: [null] }], 'as plugins[0]: need a JSON object'],
    ['has a type with a slash', [{ type: '../a' }], 'as type: need the file name'],
  ])('is refused when it %s', (_, value, text) => {
    expect(() => conf({ delegates: value })).toThrow(failing('ConfigInvalid', text));
  });
});

describe('runtimeConfig', () => {
  it('is kept whole: unknown capabilities are for the default network', () => {
    const runtimeConfig = {
      portMappings: [{ hostPort: 1 }],
      aliases: { a: ['b'] },
      cgroupPath: '/x',
      'org.example/own': 1,
    };
    expect(conf({ runtimeConfig }).runtimeConfig).toEqual(runtimeConfig);
  });

  it("has the pod's annotations when the runtime hands them over", () => {
    const annotations = { 'k8s.v1.cni.cncf.io/networks': 'a' };
    expect(conf({ RuntimeConfig: { 'io.kubernetes.cri.pod-annotations': annotations } }).podAnnotations).toEqual(
      annotations,
    );
  });
});

it.each([
  ['an IPAM plugin’s odd prevResult', { prevResult: { ips: 'garbage' } }, { ips: 'garbage' }],
  ['a prevResult that is no object', { prevResult: 7 }, 7],
])('tolerates %s', (_, changes, expected) => {
  expect(conf(changes).prevResult).toEqual(expected);
});

it.each([
  ['absent', {}, undefined],
  ['null', { 'cni.dev/valid-attachments': null }, []],
  [
    'a list',
    { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] },
    [{ containerId: 'c1', ifName: 'eth0' }],
  ],
])('knows what lives when the list is %s', (_, changes, expected) => {
  expect(conf(changes).validAttachments).toEqual(expected);
});

it.each([
  [true, 'bridge', true],
  [false, 'bridge', false],
  [['bridge'], 'bridge', true],
  [['bridge'], 'macvlan', false],
])('externalDelegates %j: %s external %s', (externalDelegates, type, expected) => {
  expect(prefersExternal({ externalDelegates }, type)).toBe(expected);
});

it.each([
  ['{"name": "a", }', 'comma with nothing after it'],
  ['', 'the text ends too early'],
  ['[]', 'need a JSON object'],
])('refuses %j on stdin', (text, problem) => {
  expect(() => parseConfig(text)).toThrow(failing('DecodeFailed', 'the network configuration', problem));
});

describe('for DEL', () => {
  it('is the same when nothing is wrong', () => {
    expect(delConf({ binDir: '/b' })).toEqual(conf({ binDir: '/b' }));
  });

  it.each<[object, object]>([
    [{ name: undefined }, { name: 'braid' }],
    [{ cniVersion: '9.9.9' }, { cniVersion: '1.1.0' }],
    [{ delegates: undefined }, { defaultNetwork: { from: 'delegates', networks: [] } }],
    [{ delegates: [null] }, { defaultNetwork: { from: 'delegates', networks: [] } }],
    [{ binDir: 7 }, { binDir: '/opt/cni/bin' }],
    [{ delegateTimeout: 'x' }, { delegateTimeout: 60 }],
    [{ auxiliaryCNIChainName: 'x' }, { name: 'node' }],
    [{ logOptions: 'x' }, { log: expect.objectContaining({ level: 'panic' }) }],
    [{ runtimeConfig: 'x' }, { runtimeConfig: {} }],
    [{ prevResult: 'x' }, { prevResult: 'x' }],
  ])('%j reads as %j', (changes, expected) => {
    expect(delConf(changes)).toMatchObject(expected);
  });

  it('warns of what it could not read', () => {
    expect(delConf({ binDir: 7, strict: 'x' }).warnings).toEqual([
      'Cannot use 7 as binDir: need a string',
      'Cannot use "x" as strict: need true or false',
    ]);
  });

  it.each([7, 'state'])('fails when cniDir is %j: the record cannot be found', (cniDir) => {
    expect(() => delConf({ cniDir })).toThrow(failing('ConfigInvalid', 'as cniDir'));
  });

  it('fails when stdin is no JSON', () => {
    expect(() => parseConfigForDel('{')).toThrow(failing('DecodeFailed', 'the network configuration'));
  });
});
