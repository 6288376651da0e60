/** braid lint: each mistake has its own reason, the field, and the line and column at which a person would look for it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LintFile, type LintFinding, lintFiles } from '../../src/bin/lint';
import { toLintJson, toLintText, toSarif } from '../../src/bin/text/lint';
import { parseConfig } from '../../src/cni/config';
import { mapSource } from '../../src/disk/source-map';
import { cluster } from '../attach/world';
import { fakeNetworks } from '../fakes/networks';

const lint = (
  files: readonly LintFile[],
  complete = true,
  networks = fakeNetworks(),
): Promise<readonly LintFinding[]> =>
  lintFiles(files, {
    conf: parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster] })),
    networks,
    cluster: { findPod: async () => undefined },
    host: undefined,
    defaultAssumed: false,
    complete,
  });

/** A definition whose configuration is a literal block, with `name` in front. */
const definition = (config: string, name = 'n'): string =>
  `apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata:\n  name: ${name}\nspec:\n  config: |\n${config
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')}`;

const pod = (networks: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: thor\n  annotations:\n    k8s.v1.cni.cncf.io/networks: '${networks}'\n`;

const conf = (keys: string, type = 'macvlan'): string =>
  `{\n  "cniVersion": "1.0.0",\n  "type": "${type}",\n  "master": "eth1",\n  ${keys}\n}`;

const ipam = (keys: string): string => conf(`"ipam": {\n    "type": "host-local",\n    ${keys}\n  }`);

/** What stands at a finding's place. */
const textAt = (text: string, { line, column }: LintFinding): string =>
  (text.split('\n')[line - 1] ?? '').slice(column - 1);

describe('a broken network', () => {
  it.each([
    ['a VLAN id out of range', conf('"vlanId": 4095', 'vlan'), 'ConfigInvalid', 'vlanId', '4095'],
    ['a VLAN id as text', conf('"vlan": "100"'), 'ConfigInvalid', 'vlan', '"100"'],
    ['an unknown mode', conf('"mode": "brige"'), 'ConfigInvalid', 'mode', '"brige"'],
    ['an unknown ipvlan mode', conf('"mode": "l4"', 'ipvlan'), 'ConfigInvalid', 'mode', '"l4"'],
    ['an MTU as text', conf('"mtu": "9000"'), 'ConfigInvalid', 'mtu', '"9000"'],
    ['an MTU above the master’s', conf('"mtu": 9000'), 'ConfigInvalid', 'mtu', '9000'],
    ['a MAC too short', conf('"mac": "02:00:00"'), 'ConfigInvalid', 'mac', '"02:00:00"'],
    ['a subnet without length', ipam('"subnet": "10.1.0.0"'), 'ConfigInvalid', 'ipam.subnet', '"10.1.0.0"'],
    [
      'a subnet too long',
      ipam('"ranges": [[{ "subnet": "10.1.0.0/40" }]]'),
      'ConfigInvalid',
      'ipam.ranges[0][0].subnet',
      '"10.1.0.0/40"',
    ],
    [
      'a route without a network',
      ipam('"subnet": "10.1.0.0/24",\n    "routes": [{ "dst": "somewhere" }]'),
      'ConfigInvalid',
      'ipam.routes[0].dst',
      '"somewhere"',
    ],
    [
      'a gateway that is none',
      ipam('"subnet": "10.1.0.0/24",\n    "gateway": "10.1.0.300"'),
      'ConfigInvalid',
      'ipam.gateway',
      '"10.1.0.300"',
    ],
    [
      'a master that is no name',
      conf('"mtu": 1500').replace('"eth1"', '"et h1"'),
      'ConfigInvalid',
      'master',
      '"et h1"',
    ],
    ['a comma too many', conf('"mtu": 1500,'), 'NetworkInvalid', 'spec.config', '}'],
    ['a comment', conf('// fast\n  "mtu": 9000'), 'NetworkInvalid', 'spec.config', '// fast'],
    ['a comma too few', conf('"mtu": 1500 "mode": "bridge"'), 'NetworkInvalid', 'spec.config', '"mode"'],
    ['typographic quotes', conf('“mtu”: 1500'), 'NetworkInvalid', 'spec.config', '“mtu”'],
    [
      'a version of the future',
      conf('"mtu": 0').replace('1.0.0', '9.9.9'),
      'VersionIncompatible',
      'cniVersion',
      '"9.9.9"',
    ],
    ['itself as a delegate', conf('"mtu": 0', 'braid'), 'NetworkInvalid', 'type', '"braid"'],
    ['a path as type', conf('"mtu": 0', '../evil'), 'NetworkInvalid', 'type', '"../evil"'],
    ['no plugins', '{ "cniVersion": "1.0.0", "plugins": [] }', 'NetworkInvalid', 'plugins', '[]'],
    ['a name that is no name', conf('"name": "a/b"'), 'NetworkInvalid', 'name', '"a/b"'],
    [
      'host access through passthru',
      conf('"hostAccess": true,\n  "mode": "passthru"'),
      'ConfigInvalid',
      'hostAccess',
      'true',
    ],
  ])('%s', async (_, config, reason, field, there) => {
    const text = definition(config);
    const [finding, ...others] = await lint([{ path: 'n.yaml', text }]);
    expect(finding).toMatchObject({ level: 'error', reason, field, file: 'n.yaml' });
    expect(textAt(text, finding as LintFinding).startsWith(there), textAt(text, finding as LintFinding)).toBe(true);
    expect(finding?.message.length).toBeLessThanOrEqual(300);
    expect(others).toEqual([]);
  });

  it.each([
    ['single quotes', (json: string) => `'${json.replaceAll("'", "''")}'`],
    ['single quotes, outdented', (json: string) => `'${json.replaceAll('\n', '\n  ')}'`],
    ['double quotes', (json: string) => JSON.stringify(json)],
  ])('is found in %s, too', async (_, quoted) => {
    const whole = conf('"vlanId": 4095', 'vlan');
    const text = `${definition('X').split('  config: |')[0]}  config: ${quoted(whole)}\n`;
    const [finding] = await lint([{ path: 'n.yaml', text }]);
    expect(textAt(text, finding as LintFinding)).toMatch(/^4095/);
  });

  it('is found in each definition of a list', async () => {
    const one = JSON.stringify({
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name: 'n' },
      spec: { config: conf('"vlanId": 4095', 'vlan') },
    });
    const other = one.replace('"name":"n"', '"name":"m"').replace('4095', '4096');
    const text = `{"kind":"List","apiVersion":"v1","items":[\n${one},\n${other}\n]}`;
    const findings = await lint([{ path: 'n.json', text }]);
    expect(findings.map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe('a broken pod', () => {
  const networks = definition(conf('"ipam": { "type": "host-local", "subnet": "10.1.0.0/24" }'));
  it.each([
    ['a network that is nowhere', 'nosuch', 'NetworkMissing', 'nosuch'],
    ['a misspelt field', '[{"name": "n", "interfce": "x"}]', 'AnnotationInvalid', '"x"'],
    ['an address that is none', '[{"name": "n", "ips": ["10.1.0.999"]}]', 'AnnotationInvalid', '"10.1.0.999"'],
    ['an address outside of the range', '[{"name": "n", "ips": ["10.2.0.5"]}]', 'ConfigInvalid', '"10.2.0.5"'],
    ['a MAC of many', '[{"name": "n", "mac": "01:00:5e:00:00:01"}]', 'ConfigInvalid', '"01:00:5e'],
    [
      'a capability that nobody has',
      '[{"name": "n", "bandwidth": {"ingressRate": 1, "ingressBurst": 1}}]',
      'CapabilityMissing',
      '{"ingressRate"',
    ],
    ['an interface name too long', 'n@averylonginterfacename', 'AnnotationInvalid', 'n@avery'],
    ['JSON with a mistake', '[{"name": "n",}]', 'AnnotationInvalid', '}]'],
    ['the name of the first interface', 'n@eth0', 'InterfaceNameTaken', 'n@eth0'],
  ])('asks for %s', async (_, annotation, reason, there) => {
    const text = pod(annotation);
    const findings = await lint([
      { path: 'n.yaml', text: networks },
      { path: 'pod.yaml', text },
    ]);
    expect(findings.map(({ file, level }) => [file, level])).toEqual([['pod.yaml', 'error']]);
    expect(findings[0]?.reason).toBe(reason);
    expect(
      textAt(text, findings[0] as LintFinding)
        .replace(/^'/, '')
        .startsWith(there),
      textAt(text, findings[0] as LintFinding),
    ).toBe(true);
  });

  it('may get networks from elsewhere unless the cluster was asked', async () => {
    const [finding] = await lint([{ path: 'pod.yaml', text: pod('nosuch') }], false);
    expect(finding).toMatchObject({ level: 'warning', reason: 'NetworkMissing' });
  });
});

describe('a definition without a configuration', () => {
  const head = definition('').split('spec:')[0] ?? '';
  it.each([
    ['spec: {}', '{}'],
    ['spec:\n  config: ""', '""'],
    ['spec:\n  config: " "', '" "'],
  ])('is found at %j', async (spec, there) => {
    const text = `${head}${spec}\n`;
    const [finding, ...others] = await lint([{ path: 'n.yaml', text }]);
    expect(finding).toMatchObject({ level: 'error', reason: 'NetworkInvalid', field: 'spec.config' });
    expect(finding && textAt(text, finding)).toBe(there);
    expect(others).toEqual([]);
  });
});

describe('a network that is missing', () => {
  it.each([
    ['wrong/lan', 'did you mean default/lan? else '],
    ['lann', 'did you mean default/lan? else '],
    ['storage', ''],
  ])('%s may be another one', async (asked, hint) => {
    const lan = definition(conf('"mtu": 0'), 'lan');
    const [finding] = await lint([
      { path: 'n.yaml', text: lan },
      { path: 'pod.yaml', text: pod(asked) },
    ]);
    expect(finding).toMatchObject({
      reason: 'NetworkMissing',
      hint: `${hint}create the NetworkAttachmentDefinition, or fix its name in the annotation`,
    });
  });
});

describe('a mistake of a network', () => {
  it('is told at the network, and not again at its pods', async () => {
    const findings = await lint([
      { path: 'n.yaml', text: definition(conf('"mtu": "9000"')) },
      { path: 'pod.yaml', text: pod('n') },
    ]);
    expect(findings.map(({ file }) => file)).toEqual(['n.yaml']);
  });

  it('that stands elsewhere is told at the pod', async () => {
    const networks = fakeNetworks({ definitions: { 'default/n': conf('"mtu": "9000"') } });
    const findings = await lint([{ path: 'pod.yaml', text: pod('n') }], true, networks);
    expect(findings).toMatchObject([{ file: 'pod.yaml', line: 6, reason: 'ConfigInvalid' }]);
  });
});

describe('other files', () => {
  it('text that is no YAML', async () => {
    expect(await lint([{ path: 'a.yaml', text: 'kind: Pod\nmetadata: {name: [}\n' }])).toMatchObject([
      { reason: 'DecodeFailed', line: 2 },
    ]);
  });

  it('a configuration of type braid', async () => {
    const text =
      '{\n  "cniVersion": "1.0.0",\n  "name": "braid",\n  "plugins": [{\n    "type": "braid",\n    "delegates": [],\n    "strct": true\n  }]\n}';
    const [finding] = await lint([{ path: '00.conflist', text }]);
    expect(finding).toMatchObject({ reason: 'ConfigInvalid', line: 6, field: 'plugins[0].delegates' });
  });

  it('a network of a file', async () => {
    const [finding] = await lint([{ path: 'x.conf', text: conf('"vlanId": -1,\n  "name": "x"', 'vlan') }]);
    expect(finding).toMatchObject({ reason: 'ConfigInvalid', line: 5, column: 13, field: 'vlanId' });
  });

  it('what is not about networks', async () => {
    expect(await lint([{ path: 'a.yaml', text: 'kind: Service\nmetadata: {name: s}\n' }])).toEqual([]);
  });
});

describe('networks together', () => {
  it('are told what they share, once for each pair, at the later one', async () => {
    const one = definition(conf('"vlan": 7'), 'a');
    const findings = await lint([
      { path: 'a.yaml', text: one },
      { path: 'b.yaml', text: one.replace('name: a', 'name: b') },
    ]);
    expect(findings).toMatchObject([{ reason: 'Shared', level: 'warning', file: 'b.yaml', line: 4 }]);
    expect(findings[0]?.message).toContain('VLAN 7');
  });
});

describe('pods together', () => {
  const fixed = (address: string): string =>
    conf(`"ipam": { "type": "static", "addresses": [{ "address": "${address}" }] }`);
  const files = (config: string, ...networks: readonly string[]) => [
    { path: 'net.yaml', text: definition(config, 'lan') },
    ...networks.map((text, at) => ({ path: `pod${at}.yaml`, text: pod(text).replace('thor', `pod${at}`) })),
  ];

  it('are told of a static address that both ask for, once, at the later one', async () => {
    const findings = await lint(files(fixed('10.1.0.5/24'), 'lan', 'lan'));
    expect(findings).toMatchObject([{ reason: 'Shared', level: 'warning', file: 'pod1.yaml', line: 6 }]);
    expect(findings[0]?.message).toBe('pod default/pod0 and pod default/pod1 both ask for 10.1.0.5 of default/lan');
  });

  it('are told of one that their annotations ask for', async () => {
    const ask = (address: string): string => `[{"name": "lan", "ips": ["${address}/24"]}]`;
    const network = conf('"capabilities": { "ips": true }, "ipam": { "type": "static" }');
    expect(await lint(files(network, ask('10.1.0.5'), ask('10.1.0.6')))).toMatchObject([{ file: 'net.yaml' }]); // no address without a pod
    const findings = await lint(files(network, ask('10.1.0.5'), ask('10.1.0.5')));
    expect(findings.filter(({ reason }) => reason === 'Shared')).toMatchObject([{ file: 'pod1.yaml' }]);
  });

  it('may share one that is meant for several', async () => {
    const shared = fixed('10.1.0.5/24').replace('"static",', '"static", "shared": true,');
    expect(await lint(files(shared, 'lan', 'lan'))).toEqual([]);
  });
});

describe('the examples of this repository', () => {
  it.each([['vlan-100'], ['vlan-200'], ['macvlan-lan'], ['macvlan-sbr'], ['ipvlan-static'], ['bridge-vlan-300']])(
    '%s has nothing to fix',
    async (name) => {
      const path = `conf/networks/${name}.yaml`;
      expect(await lint([{ path, text: readFileSync(path, 'utf8') }])).toEqual([]);
    },
  );
});

describe('output', () => {
  it('is for people, programs and code hosts', async () => {
    const findings = await lint([{ path: 'n.yaml', text: definition(conf('"vlanId": 4095', 'vlan')) }]);
    expect(toLintText(findings, 1)).toBe(
      'n.yaml:11:17: error: Cannot use 4095 as vlanId: need an integer from 0 to 4094 [ConfigInvalid]\n    fix the network configuration\n1 file: 1 errors, 0 warnings\n',
    );
    expect(JSON.parse(toLintJson(findings))).toEqual(findings);
    expect(JSON.parse(toSarif(findings, '1.2.3'))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'braid', version: '1.2.3', rules: [{ id: 'ConfigInvalid' }] } },
          results: [
            {
              ruleId: 'ConfigInvalid',
              level: 'error',
              locations: [
                {
                  physicalLocation: { artifactLocation: { uri: 'n.yaml' }, region: { startLine: 11, startColumn: 17 } },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

it('a place of what is not there is its parent’s', () => {
  expect(mapSource('a:\n  b: 1\n').place(0, ['a', 'c'])).toEqual({ line: 2, column: 3 });
});

describe('a key that nobody reads', () => {
  it('is found at its place in spec.config', async () => {
    const text = definition(ipam('"subnet": "10.1.0.0/24",\n    "gatway": "10.1.0.1"'));
    const [finding, ...others] = await lint([{ path: 'a.yaml', text }]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      level: 'warning',
      reason: 'Odd',
      field: 'ipam.gatway',
      message: 'unknown key "gatway" is ignored: did you mean "gateway"?',
    });
    expect(finding && textAt(text, finding)).toBe('"10.1.0.1"');
  });

  it('is told once of the node’s configuration', async () => {
    const text = `{"cniVersion":"1.0.0","name":"braid","type":"braid","clusterNetwork":"x","strct":true,"logOptions":{"maxSze":1}}`;
    const messages = (await lint([{ path: '00.conf', text }])).map(({ message }) => message);
    expect(messages).toEqual([
      'unknown key "strct" is ignored: did you mean "strict"?',
      'unknown key "maxSze" is ignored: did you mean "maxSize"?',
    ]);
  });
});
