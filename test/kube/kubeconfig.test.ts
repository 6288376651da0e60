/** What a kubeconfig may say, and how a wrong one is refused. */
import { describe, expect, it } from 'vitest';
import { CniError } from '../../src/error';
import { parseKubeconfig } from '../../src/kube/kubeconfig';
import { base64, caught, kubeconfig } from './kubeconfigs';

const server = 'https://10.0.0.1:6443';
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const parse = (content: object | string) =>
  parseKubeconfig(typeof content === 'string' ? content : JSON.stringify(content), '/etc/braid/kubeconfig');

/** As Multus' thin installer writes it. */
const multusYaml = `# Kubeconfig file for Multus CNI plugin.
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://[fd00:10:96::1]:443
    certificate-authority-data: ${base64(pem)}
users:
- name: multus
  user:
    token: "abc.def"
contexts:
- name: multus-context
  context:
    cluster: local
    user: multus
current-context: multus-context
`;

it("reads Multus' own file, with an IPv6 server", async () => {
  expect(await parse(multusYaml)).toEqual({
    server: 'https://[fd00:10:96::1]',
    serverName: undefined,
    insecure: false,
    proxy: undefined,
    ca: { text: pem, says: 'certificate-authority-data of cluster "local" in kubeconfig /etc/braid/kubeconfig' },
    certificate: undefined,
    key: undefined,
    token: { text: 'abc.def', says: 'the token of user "multus" in kubeconfig /etc/braid/kubeconfig' },
  });
});

it('reads JSON that is indented with tabs', async () => {
  const text = JSON.stringify(kubeconfig({ server }), undefined, '\t');
  expect(await parse(text)).toMatchObject({ server, token: undefined });
});

it.each([
  ['10.0.0.1:6443', 'https://10.0.0.1:6443'],
  ['https://rancher.example/k8s/clusters/c-1/', 'https://rancher.example/k8s/clusters/c-1'],
  ['https://[::1]:6443/', 'https://[::1]:6443'],
  ['http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
  ['http://[::1]:8001', 'http://[::1]:8001'],
])('takes the server %s', async (text, url) => {
  expect((await parse(kubeconfig({ server: text }))).server).toBe(url);
});

it.each([
  ['JSON', 'tokenFile', '"\\u0041\\/b"', 'A/b'],
  ['YAML 1.2', 'token', 'yes', 'yes'],
])('reads %s', async (_, key, written, read) => {
  const text = JSON.stringify(kubeconfig({ server }, { [key]: 'TEXT' })).replace('"TEXT"', written);
  expect(JSON.stringify((await parse(text)).token)).toContain(read);
});

it('takes paths from the directory of the file', async () => {
  const user = { tokenFile: 'token', 'client-certificate': 'c.crt', 'client-key': '/pki/c.key' };
  expect(await parse(kubeconfig({ server, 'certificate-authority': '../ca.crt' }, user))).toMatchObject({
    ca: { path: '/etc/ca.crt' },
    certificate: { path: '/etc/braid/c.crt' },
    key: { path: '/pki/c.key' },
    token: { path: '/etc/braid/token' },
  });
});

it('lets tokenFile win over token, and data over a file', async () => {
  const cluster = { server, 'certificate-authority': 'ca.crt', 'certificate-authority-data': base64(pem) };
  const access = await parse(kubeconfig(cluster, { token: 'old', tokenFile: 'token' }));
  expect(access.token).toMatchObject({ path: '/etc/braid/token' });
  expect(access.ca).toMatchObject({ text: pem });
});

describe('refuses', () => {
  const good = kubeconfig({ server });
  it.each([
    ['exec', kubeconfig({ server }, { exec: { command: 'aws' } }), 'Cannot use exec of user "braid"'],
    ['auth-provider', kubeconfig({ server }, { 'auth-provider': { name: 'gcp' } }), 'auth-provider of user "braid"'],
    ['a password', kubeconfig({ server }, { username: 'a', password: 's3cret' }), 'Cannot use username of'],
    ['impersonation', kubeconfig({ server }, { as: 'admin' }), 'Cannot use as of'],
    ['no current-context', { ...good, 'current-context': '' }, 'need "current-context"'],
    ['a context that is not there', { ...good, 'current-context': 'prod' }, 'it has no context "prod"'],
    ['a user that is not there', { ...good, users: [] }, 'it has no user "braid"'],
    ['a cluster that is not there', { ...good, clusters: null }, 'it has no cluster "here"'],
    ['clusters that are no list', { ...good, clusters: {} }, 'Cannot use clusters of'],
    ['no server', kubeconfig({}), 'server is missing'],
    ['a server that is no URL', kubeconfig({ server: 'https://[::1' }), 'need a URL like'],
    ['a server with a password', kubeconfig({ server: 'https://a:s3cret@b' }), 'need a URL like'],
    ['a server with a user', kubeconfig({ server: 'https://a@b' }), 'need a URL like'],
    ['a server with a query', kubeconfig({ server: 'https://b/?a' }), 'need a URL like'],
    ['http to another node', kubeconfig({ server: 'http://10.0.0.1:8080' }), 'need https'],
    ['a certificate without key', kubeconfig({ server }, { 'client-certificate': 'a' }), 'client-key is missing'],
    ['a key without certificate', kubeconfig({ server }, { 'client-key': 'a' }), 'client-certificate is missing'],
    ['data that is no PEM', kubeconfig({ server, 'certificate-authority-data': 's3cret' }), 'need PEM text in base64'],
    ['a token that is no text', kubeconfig({ server }, { token: ['s3cret'] }), 'Cannot use token of'],
    ['insecure in quotes', kubeconfig({ server, 'insecure-skip-tls-verify': 'true' }), 'need true or false'],
    [
      'insecure with an authority',
      kubeconfig({ server, 'insecure-skip-tls-verify': true, 'certificate-authority': 'ca.crt' }),
      'contradict each other',
    ],
    ['broken YAML', 'users:\n- name: s3cret\n  user: {token: s3cret\n', 'mistake at line'],
    ['broken JSON', '{"users": [{"token": "s3cret"}', 'mistake at line'],
    ['a text', 's3cret', 'the file must be an object'],
    ['nothing', '', 'the file must be an object'],
  ])('%s', async (_, content, problem) => {
    const error = await caught(parse(content));
    expect(error).toMatchObject({ reason: 'KubeconfigInvalid', message: expect.stringContaining(problem) });
    expect(error.message).toContain('/etc/braid/kubeconfig');
    expect(Bun.inspect(error)).not.toContain('s3cret');
  });
});

describe('a damaged kubeconfig is taken or refused without its content,', () => {
  const text = multusYaml.replace('abc.def', 's3cret').replace(base64(pem), base64(`s3cret${pem}`));
  const outcome = async (damaged: string): Promise<string> => {
    try {
      await parse(damaged);
      return 'taken';
    } catch (error) {
      if (Bun.inspect(error).includes('s3cret')) return `leak: ${damaged}`;
      return error instanceof CniError && error.reason === 'KubeconfigInvalid' ? 'refused' : Bun.inspect(error);
    }
  };
  const places = Array.from({ length: Math.ceil(text.length / 5) }, (_, index) => index * 5);
  it.each<[string, (at: number) => string]>([
    ['cut', (at) => text.slice(0, at)],
    ['without a character', (at) => text.slice(0, at) + text.slice(at + 1)],
    ...[...'\t\0:["&*#\n'].map((sign): [string, (at: number) => string] => [
      `with ${JSON.stringify(sign)} in it`,
      (at) => text.slice(0, at) + sign + text.slice(at + 1),
    ]),
  ])('%s', async (_, damage) => {
    const outcomes = await Promise.all(places.map((at) => outcome(damage(at))));
    expect(outcomes.filter((each) => each !== 'taken' && each !== 'refused')).toEqual([]);
  });
});
