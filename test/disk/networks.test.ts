/** Networks from manifests and from CNI configuration files, good and broken, on a real disk. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNetworks } from '../../src/disk/networks';
import { fakeLog } from '../../src/model/log';
import { failing } from '../failing';
import { temporaryDirectory } from './temp';

/** Files by path below one directory; manifests are looked for in `nets` and `more`, configurations in `conf`. */
function place(files: Readonly<Record<string, string | object>>) {
  const root = temporaryDirectory();
  for (const each of ['nets', 'more', 'conf']) mkdirSync(join(root, each));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const log = fakeLog();
  const networksDirs = [join(root, 'nets'), join(root, 'more')];
  const again = () => createNetworks({ networksDirs, confDir: join(root, 'conf') }, log);
  return { root, log, again, networks: again() };
}

const nad = (name: string, config: unknown, metadata: object = {}) => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, ...metadata },
  spec: { config },
});

const yaml = (name: string, config: string) => `apiVersion: "k8s.cni.cncf.io/v1"
kind: NetworkAttachmentDefinition
metadata:
  name: ${name}
spec:
  config: '${config}'
`;

describe('a network in a manifest', () => {
  it('is found as the documentation writes it, with its resource', async () => {
    const text = `# two networks
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: macvlan-conf
  namespace: prod
  annotations:
    k8s.v1.cni.cncf.io/resourceName: bridge.network.kubevirt.io/br1
spec:
  config: '{
      "cniVersion": "0.3.0",
      "type": "macvlan", "master": "eth1"
    }'
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: other}
`;
    const { root, networks, log } = place({ 'nets/a.yaml': text });
    const source = join(root, 'nets/a.yaml');
    expect(await networks.find('prod', 'macvlan-conf')).toEqual({
      namespace: 'prod',
      name: 'macvlan-conf',
      config: '{ "cniVersion": "0.3.0", "type": "macvlan", "master": "eth1" }',
      source,
      resourceName: 'bridge.network.kubevirt.io/br1',
    });
    const other = { namespace: 'default', name: 'other', config: '', source, resourceName: undefined };
    expect(await networks.find('default', 'other')).toEqual(other);
    expect(await networks.find('default', 'macvlan-conf')).toBeUndefined();
    expect(await networks.find('prod', 'macvlan')).toBeUndefined();
    expect(log.entries).toEqual([]);
  });

  it.each([
    ['a .json file', 'nets/a.json', nad('blue', '{"x":1}')],
    ['a .yml file', 'nets/a.yml', yaml('blue', '{"x":1}')],
    ['JSON in a .yaml file', 'nets/a.yaml', nad('blue', '{"x":1}')],
    ['the second directory', 'more/a.json', nad('blue', '{"x":1}')],
    ['a List', 'nets/a.json', { apiVersion: 'v1', kind: 'List', items: [nad('red', ''), nad('blue', '{"x":1}')] }],
    ['a typed list', 'nets/a.json', { kind: 'NetworkAttachmentDefinitionList', items: [nad('blue', '{"x":1}')] }],
    ['a file with Windows line ends', 'nets/a.yaml', yaml('blue', '{"x":1}').replaceAll('\n', '\r\n')],
    ['an empty namespace', 'nets/a.json', nad('blue', '{"x":1}', { namespace: '' })],
  ])('is found in %s', async (_, path, content) => {
    const { networks } = place({ [path]: content });
    expect(await networks.find('default', 'blue')).toMatchObject({
      config: '{"x":1}',
      source: expect.stringContaining(path),
    });
  });

  it.each([
    ['another kind', 'nets/a.json', { ...nad('blue', ''), kind: 'Pod' }],
    ['another API', 'nets/a.json', { ...nad('blue', ''), apiVersion: 'v1' }],
    ['another namespace', 'nets/a.json', nad('blue', '', { namespace: 'prod' })],
    ['another ending', 'nets/a.txt', nad('blue', '')],
    ['a hidden file', 'nets/.a.json', nad('blue', '')],
    ['a sub-directory', 'nets/sub/a.json', nad('blue', '')],
    ['a list of nothing', 'nets/a.json', { kind: 'List', items: null, note: 'blue' }],
    ['a bare word', 'nets/a.yaml', 'blue'],
  ])('is not found in %s', async (_, path, content) => {
    const { networks } = place({ [path]: content });
    expect(await networks.find('default', 'blue')).toBeUndefined();
  });

  it('is read as kubectl reads it: quoted lines may stand at or before their key', async () => {
    const config = ['{', '  "type": "macvlan",', '"master": "it\'\'s"', '}']
      .join('\n  ')
      .replace('\n  "master', '\n"master');
    const text = yaml('loose', config);
    const { networks } = place({ 'nets/a.yaml': `${text}---\n${text.replace('loose', 'second')}` });
    for (const name of ['loose', 'second']) {
      const found = await networks.find('default', name);
      expect(JSON.parse(found?.config ?? '')).toEqual({ type: 'macvlan', master: "it's" });
    }
  });

  it('is the later one when two files define it, and that is told', async () => {
    const { root, networks, log } = place({
      'nets/a.json': nad('blue', '1'),
      'nets/b.yaml': yaml('blue', '2'),
      'more/a.json': nad('blue', '3'),
    });
    expect(await networks.find('default', 'blue')).toMatchObject({ config: '3' });
    expect(log.entries.map(({ level, fields }) => [level, fields.used])).toEqual([
      ['warn', join(root, 'nets/b.yaml')],
      ['warn', join(root, 'more/a.json')],
    ]);
  });

  it('is that of the file with its own name, and no other file is read then', async () => {
    const { root, networks, log } = place({ 'nets/blue.yaml': yaml('blue', '1') });
    mkdirSync(join(root, 'nets/z.json')); // who reads it has an error in the log
    expect(await networks.find('default', 'blue')).toMatchObject({ config: '1' });
    expect(log.entries).toEqual([]);
  });

  it('is looked for in the others when the file with its name has another one, or cannot be read', async () => {
    const elsewhere = { 'nets/blue.yaml': yaml('green', '1'), 'nets/z.json': nad('blue', '2') };
    expect(await place(elsewhere).networks.find('default', 'blue')).toMatchObject({ config: '2' });
    const broken = { 'nets/blue.json': '{"name": "blue",', 'nets/z.json': nad('blue', '2') };
    expect(await place(broken).networks.find('default', 'blue')).toMatchObject({ config: '2' });
    const alone = place({ 'nets/blue.json': '{"name": "blue",', 'nets/z.json': nad('green', '2') });
    await expect(alone.networks.find('default', 'blue')).rejects.toMatchObject({ reason: 'NetworkInvalid' });
  });

  it('is seen by the next call when it changes, also in a mounted ConfigMap', async () => {
    const { root, again } = place({ 'data1/blue.json': nad('blue', '1') });
    expect(await again().find('default', 'blue')).toBeUndefined();
    symlinkSync(join(root, 'data1'), join(root, 'nets/..data'));
    symlinkSync('..data/blue.json', join(root, 'nets/blue.json'));
    expect(await again().find('default', 'blue')).toMatchObject({ config: '1' });
    writeFileSync(join(root, 'data1/blue.json'), JSON.stringify(nad('blue', '2')));
    expect(await again().find('default', 'blue')).toMatchObject({ config: '2' });
  });

  it('is found beside broken, huge and odd neighbours, which are told', async () => {
    const { root, networks, log } = place({
      'nets/a.json': '{"metadata": {"name": "blue"',
      'nets/b.yaml': 'metadata: [name: blue',
      'nets/c.yaml': `# blue\n${'#'.repeat(1024 * 1024)}`,
      'nets/d.json': nad('blue', '1'),
      'nets/e.yaml/f': 'a directory',
    });
    expect(await networks.find('default', 'blue')).toMatchObject({ config: '1' });
    const told = log.entries.map(({ level, fields }) => [level, fields.path]);
    expect(told).toEqual(['a.json', 'b.yaml', 'c.yaml', 'e.yaml'].map((file) => ['warn', join(root, 'nets', file)]));
  });

  it.each([
    [
      'nets/a.json',
      '{\n  "metadata": {"name": "blue"},\n  // comment\n}',
      'line 3, column 3: comments are not allowed in JSON',
    ],
    ['nets/a.json', '{"metadata": {"name": "blue"}, ', 'a.json'],
    [
      'nets/a.yaml',
      `${yaml('ok', '{}')}---\n${yaml('blue', '{}').slice(0, -3)}`,
      "invalid YAML at line 13, column 13: Missing closing 'quote",
    ],
    [
      'nets/a.yaml',
      'metadata:\n  name: blue\n x: 1\n',
      'invalid YAML at line 3, column 1: All mapping items must start at the same column',
    ],
    [
      'nets/a.yaml',
      'metadata:\n\tname: blue\n',
      'a.yaml: invalid YAML at line 2, column 1: Tabs are not allowed as indentation',
    ],
  ])('that stands in the broken file %s only is an error with the place', async (path, text, place_) => {
    const { networks } = place({ [path]: text, 'nets/z.json': nad('red', '1') });
    await expect(networks.find('default', 'blue')).rejects.toMatchObject({ reason: 'NetworkInvalid' });
    await expect(networks.find('default', 'blue')).rejects.toThrow(place_);
    await expect(networks.find('default', 'blue')).rejects.toThrow(path);
    expect(await networks.find('default', 'red')).toMatchObject({ config: '1' });
    expect(await networks.find('default', 'lue')).toBeUndefined(); // a part of a word says nothing
  });

  it.each([
    ['an object', { type: 'macvlan' }],
    ['a number', 5],
  ])('with %s for its config is NetworkInvalid', async (_, config) => {
    const { networks } = place({ 'nets/a.json': nad('blue', config) });
    await expect(networks.find('default', 'blue')).rejects.toMatchObject({
      reason: 'NetworkInvalid',
      problem: expect.stringMatching(/as spec\.config of default\/blue in .*a\.json: need a string that holds JSON/),
    });
  });

  it.each([
    ['spec:\n  conf: "{}"\n', 'Cannot use "conf" in spec of default/blue in ', 'did you mean "config"?'],
    ['spec:\n  Config: "{}"\n', 'Cannot use "Config" in spec of default/blue in ', 'did you mean "config"?'],
    ['config: "{}"\n', 'Cannot use "config" in default/blue in ', 'it belongs into spec'],
  ])('whose configuration stands elsewhere is NetworkInvalid: %j', async (text, ...words) => {
    const head = 'apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: blue}\n';
    const { networks } = place({ 'nets/a.yaml': head + text });
    await expect(networks.find('default', 'blue')).rejects.toThrow(failing('NetworkInvalid', ...words));
  });

  it('is not looked for in a directory that does not exist, which is told', async () => {
    const log = fakeLog();
    const networks = createNetworks({ networksDirs: ['/no/such'], confDir: undefined }, log);
    expect(await networks.find('default', 'blue')).toBeUndefined();
    expect(await networks.findInConfDir('blue')).toBeUndefined();
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { directory: '/no/such' } }]);
  });

  it('does not expand aliases without end', async () => {
    const bomb = [
      'a: &a [blue,x,x,x,x,x,x,x,x,x]',
      ...Array.from(
        { length: 12 },
        (_, i) => `${'bcdefghijklm'[i]}: &${'bcdefghijklm'[i]} [${Array(10).fill(`*${'abcdefghijkl'[i]}`)}]`,
      ),
    ];
    const { networks } = place({ 'nets/a.yaml': bomb.join('\n') });
    await expect(networks.find('default', 'blue')).rejects.toThrow('Excessive aliasing');
  });
});

describe('a network in confDir', () => {
  const conf = (name: string, extra: object = {}) => ({ cniVersion: '1.0.0', name, type: 'bridge', ...extra });
  const list = (name: string, plugins: unknown, extra: object = {}) => ({
    cniVersion: '1.0.0',
    name,
    plugins,
    ...extra,
  });

  it('is found by its CNI name, lists before single configurations', async () => {
    const { root, networks } = place({
      'conf/10-a.conf': conf('blue', { from: 'conf' }),
      'conf/20-b.conflist': list('red', [{ type: 'x' }]),
      'conf/30-c.conflist': list('blue', [{ type: 'x' }]),
      'conf/40-d.json': conf('green'),
    });
    const source = join(root, 'conf/30-c.conflist');
    const config = JSON.stringify(list('blue', [{ type: 'x' }]));
    expect(await networks.findInConfDir('blue')).toEqual({
      namespace: undefined,
      name: 'blue',
      config,
      source,
      resourceName: undefined,
    });
    expect(await networks.findInConfDir('green')).toMatchObject({ config: JSON.stringify(conf('green')) });
    expect(await networks.findInConfDir('10-a')).toBeUndefined();
  });

  it('is found behind a broken neighbour, and the error when it stands in that one only', async () => {
    const { root, networks, log } = place({
      'conf/10-a.conf': '{"name": "dbnet", // the database\n "type": "bridge"}',
      'conf/20-b.conf': conf('blue', { beside: 'dbnet' }),
    });
    expect(await networks.findInConfDir('blue')).toMatchObject({ source: join(root, 'conf/20-b.conf') });
    await expect(networks.findInConfDir('dbnet')).rejects.toMatchObject({
      reason: 'NetworkInvalid',
      problem: expect.stringMatching(/10-a\.conf: invalid JSON at line 1, column 19: comments are not allowed in JSON/),
    });
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { path: join(root, 'conf/10-a.conf') } }]);
  });

  it.each([
    ['has no type', 'conf/a.conf', { name: 'blue' }, 'need "type"'],
    ['has a list but the wrong ending', 'conf/a.conf', list('blue', [{ type: 'x' }]), 'or the ending .conflist'],
    ['has no plugins', 'conf/a.conflist', list('blue', []), 'need at least one plugin'],
    ['has no list at all', 'conf/a.conflist', list('blue', undefined), 'need at least one plugin'],
    ['has a word for plugins', 'conf/a.conflist', list('blue', 'x'), 'need a list'],
  ])('that %s is NetworkInvalid', async (_, path, content, why) => {
    const { root, networks } = place({ [path]: content });
    await expect(networks.findInConfDir('blue')).rejects.toMatchObject({
      reason: 'NetworkInvalid',
      problem: expect.stringContaining(why),
    });
    await expect(networks.findAtPath(join(root, path))).rejects.toMatchObject({ reason: 'NetworkInvalid' });
  });

  it('gets the plugins of its own directory behind those of the list', async () => {
    const files = {
      'conf/blue/20-second.conf': { type: 'sbr' },
      'conf/blue/10-first.conf': { type: 'tuning' },
      'conf/blue/ignored.json': { type: 'no' },
    };
    const own = [{ type: 'bridge' }];
    const all = [{ type: 'bridge' }, { type: 'tuning' }, { type: 'sbr' }];
    const pluginsOf = async (content: object) => {
      const { root, networks } = place({ ...files, 'conf/x.conflist': content });
      const found = [await networks.findInConfDir('blue'), await networks.findAtPath(join(root, 'conf/x.conflist'))];
      return found.map((each) => (JSON.parse(each?.config ?? '') as { plugins: unknown }).plugins);
    };
    expect(await pluginsOf(list('blue', own))).toEqual([all, all]);
    expect(await pluginsOf(list('blue', undefined))).toEqual([all.slice(1), all.slice(1)]);
    expect(await pluginsOf(list('blue', own, { loadOnlyInlinedPlugins: 'True' }))).toEqual([own, own]);
    expect(await pluginsOf(list('blue', own, { loadOnlyInlinedPlugins: true }))).toEqual([own, own]);
  });

  it('never reads outside, whatever its name', async () => {
    const { root, networks } = place({
      'evil/x.conf': { type: 'evil' },
      'conf/a.conflist': list('../evil', [{ type: 'x' }]),
    });
    await expect(networks.findAtPath(join(root, 'conf/a.conflist'))).rejects.toMatchObject({ reason: 'ConfigInvalid' });
  });
});

describe('a network at a path', () => {
  it('is that file, or the first of that directory', async () => {
    const { root, networks } = place({
      'conf/20-b.conf': { name: 'b', type: 'x' },
      'conf/10-a.json': { name: 'a', type: 'x' },
      'conf/05-readme.txt': 'no',
    });
    expect(await networks.findAtPath(join(root, 'conf/20-b.conf'))).toMatchObject({ namespace: undefined, name: 'b' });
    expect(await networks.findAtPath(join(root, 'conf'))).toMatchObject({
      name: 'a',
      source: join(root, 'conf/10-a.json'),
    });
    expect(await networks.findAtPath(join(root, 'nets'))).toBeUndefined();
    expect(await networks.findAtPath(join(root, 'conf/no.conf'))).toBeUndefined();
    expect(await networks.findAtPath(join(root, 'no/such/dir'))).toBeUndefined();
  });

  it('is refused when it is relative, no file, or has no name', async () => {
    const { root, networks } = place({ 'conf/a.conf': { type: 'x' } });
    await expect(networks.findAtPath('conf/a.conf')).rejects.toMatchObject({ reason: 'NetworkInvalid' });
    await expect(networks.findAtPath('/dev/zero')).rejects.toMatchObject({ reason: 'IoFailed' });
    await expect(networks.findAtPath(join(root, 'conf/a.conf'))).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining('a.conf'),
    });
  });
});
