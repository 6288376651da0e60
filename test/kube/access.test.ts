/** As whom the API server is asked, and how it is trusted, against real TLS servers. */
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { files } from '../../src/disk/files';
import type { Json } from '../../src/json';
import type { AccessPlace } from '../../src/kube/access';
import { createCluster } from '../../src/kube/cluster';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { apiServer, rawServer, tcpServer } from './api';
import { podObject, podPath } from './api-server';
import { makeCertificates } from './certificates';
import { base64, caught, kubeconfig, writeKubeconfig } from './kubeconfigs';

const certificates = makeCertificates();
const { ca, client, other } = certificates;
const web = podObject('web', 'uid-1', { a: 'b' });
const objects = { [podPath('web')]: web };
const patience = { request: 2000, total: 5000, pause: 1 };

const open = (place: AccessPlace) => createCluster(place, files, fakeLog(), patience);
const findWeb = (place: AccessPlace) => open(place).findPod('default', 'web', 'uid-1');
const asked = (cluster: Json, user: Json, beside: Readonly<Record<string, string>> = {}) =>
  findWeb({ kubeconfig: writeKubeconfig(kubeconfig(cluster, user), beside) });
const caData = base64(ca);

/** For this test. */
function setVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe('the token', () => {
  it('of the kubeconfig is shown', async () => {
    const api = apiServer(certificates, { objects });
    await asked({ server: api.url, 'certificate-authority-data': caData }, { token: 'good' });
    expect(api.seen).toEqual([{ method: 'GET', path: podPath('web'), authorization: 'Bearer good' }]);
  });

  it('of a file is read at each request, so a renewed one counts at once', async () => {
    const api = apiServer(certificates, { objects, tokens: ['first'] });
    const content = kubeconfig({ server: api.url, 'certificate-authority-data': caData }, { tokenFile: 'token' });
    const path = writeKubeconfig(content, { token: 'first\n' });
    const cluster = open({ kubeconfig: path });
    await cluster.findPod('default', 'web', 'uid-1');
    api.allowed.clear();
    api.allowed.add('second');
    writeFileSync(join(dirname(path), 'token'), 'second\n');
    await cluster.findPod('default', 'web', 'uid-1');
    expect(api.seen.map(({ authorization }) => authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it('is not shown when there is none', async () => {
    const api = apiServer(certificates, { objects });
    const error = await caught(asked({ server: api.url, 'certificate-authority-data': caData }, {}));
    expect(api.seen).toEqual([{ method: 'GET', path: podPath('web'), authorization: null }]);
    expect(error).toMatchObject({ reason: 'ClusterRefused', message: expect.stringContaining('accept no credential') });
  });

  it.each([
    ['is missing', undefined, 'there is no such file'],
    ['is empty', ' \n', 'it is empty'],
    ['would break the request', 's3cret\nX-Evil: 1', 'need one token'],
    ['is no ASCII', 's3crét', 'need one token'],
  ])('is refused by its name when it %s', async (_, token, problem) => {
    const api = apiServer(certificates, { objects });
    const beside: Record<string, string> = token === undefined ? {} : { token };
    const error = await caught(
      asked({ server: api.url, 'certificate-authority-data': caData }, { tokenFile: 'token' }, beside),
    );
    expect(error).toMatchObject({ reason: 'KubeconfigInvalid', message: expect.stringContaining(problem) });
    expect(error.message).toContain('tokenFile token of user "braid"');
    expect(Bun.inspect(error)).not.toContain('s3cr');
    expect(api.seen).toEqual([]);
  });

  it('is refused by its name when it cannot be read', async () => {
    const api = apiServer(certificates, { objects });
    const error = await caught(asked({ server: api.url, 'certificate-authority-data': caData }, { tokenFile: '/dev' }));
    expect(error).toMatchObject({
      reason: 'KubeconfigInvalid',
      message: expect.stringMatching(/^Cannot read tokenFile \/dev of user "braid".*regular file/),
    });
  });

  it('does not stand in the error when the server gives it back', async () => {
    const api = apiServer(certificates, {
      first: [() => Response.json({ message: 'no such token: s3cret' }, { status: 401 })],
    });
    const error = await caught(asked({ server: api.url, 'certificate-authority-data': caData }, { token: 's3cret' }));
    expect(error).toMatchObject({ reason: 'ClusterRefused', message: expect.stringContaining('no such token') });
    expect(Bun.inspect(error)).not.toContain('s3cret');
  });

  it('does not follow a redirect', async () => {
    const target = apiServer(certificates, { objects });
    const api = apiServer(certificates, { first: [() => Response.redirect(`${target.url}${podPath('web')}`, 307)] });
    const error = await caught(asked({ server: api.url, 'certificate-authority-data': caData }, { token: 'good' }));
    expect(error).toMatchObject({ reason: 'PodUnavailable', message: expect.stringContaining('HTTP 307') });
    expect(target.seen).toEqual([]);
  });
});

describe('a client certificate', () => {
  const body = JSON.stringify(web);
  const mutual = () =>
    rawServer(
      certificates,
      (socket, peer) => {
        const text = peer === 'client' ? body : '{}';
        socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
      },
      ca,
    );

  it.each([
    ['in files', { 'client-certificate': 'c.crt', 'client-key': 'c.key' }],
    ['as data', { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) }],
  ])('%s is shown', async (_, user) => {
    const { url } = await mutual();
    const beside = { 'c.crt': client.cert, 'c.key': client.key };
    expect(await asked({ server: url, 'certificate-authority-data': caData }, user, beside)).toMatchObject({
      uid: 'uid-1',
    });
  });

  it.each([
    ['with the key of another one', client.cert, other.key, 'client-key c.key of user "braid"'],
    ['that is none', 'nonsense', client.key, 'client-certificate c.crt of user "braid"'],
    ['with a key that is none', client.cert, 'nonsense', 'client-key c.key of user "braid"'],
  ])('%s is refused by its name', async (_, cert, key, problem) => {
    const { url } = await mutual();
    const user = { 'client-certificate': 'c.crt', 'client-key': 'c.key' };
    const error = await caught(
      asked({ server: url, 'certificate-authority-data': caData }, user, { 'c.crt': cert, 'c.key': key }),
    );
    expect(error).toMatchObject({ reason: 'KubeconfigInvalid', message: expect.stringContaining(problem) });
    expect(Bun.inspect(error)).not.toContain('PRIVATE KEY');
  });
});

describe('the server', () => {
  it('is trusted by an authority in a file', async () => {
    const api = apiServer(certificates, { objects });
    const cluster = { server: api.url, 'certificate-authority': 'ca.crt' };
    expect(await asked(cluster, { token: 'good' }, { 'ca.crt': ca })).toMatchObject({ uid: 'uid-1' });
  });

  it('is trusted by one of several authorities', async () => {
    const api = apiServer(certificates, { objects });
    const cluster = { server: api.url, 'certificate-authority': 'ca.crt' };
    expect(await asked(cluster, { token: 'good' }, { 'ca.crt': other.cert + ca })).toMatchObject({ uid: 'uid-1' });
  });

  it('is asked at an IPv6 address', async () => {
    const api = apiServer(certificates, { objects, hostname: '::1' });
    expect(api.url).toContain('[::1]');
    expect(await asked({ server: api.url, 'certificate-authority-data': caData }, { token: 'good' })).toMatchObject({
      uid: 'uid-1',
    });
  });

  it('of this node is asked without TLS, as kubectl proxy has it', async () => {
    const plain = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json(web) });
    onTestFinished(() => plain.stop(true));
    expect(await asked({ server: `http://127.0.0.1:${plain.port}` }, {})).toMatchObject({ uid: 'uid-1' });
  });

  it('is asked below a path', async () => {
    const api = apiServer(certificates, { objects: { [`/k8s/clusters/c-1${podPath('web')}`]: web } });
    const cluster = { server: `${api.url}/k8s/clusters/c-1/`, 'certificate-authority-data': caData };
    expect(await asked(cluster, { token: 'good' })).toMatchObject({ uid: 'uid-1' });
  });

  it('may have another name, when tls-server-name says which', async () => {
    const api = apiServer(certificates, { objects });
    const cluster = { server: `https://localhost:${api.port}`, 'certificate-authority-data': caData };
    expect(await caught(asked(cluster, { token: 'good' }))).toMatchObject({
      reason: 'ClusterUntrusted',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(api.seen).toEqual([]);
    expect(await asked({ ...cluster, 'tls-server-name': 'kube.test' }, { token: 'good' })).toMatchObject({
      uid: 'uid-1',
    });
  });

  it('is not trusted without an authority, and is with insecure-skip-tls-verify', async () => {
    const api = apiServer(certificates, { objects });
    expect(await caught(asked({ server: api.url }, { token: 'good' }))).toMatchObject({ reason: 'ClusterUntrusted' });
    expect(api.seen).toEqual([]);
    expect(await asked({ server: api.url, 'insecure-skip-tls-verify': true }, { token: 'good' })).toMatchObject({
      uid: 'uid-1',
    });
  });

  it('is not asked with an authority that is none', async () => {
    const api = apiServer(certificates, { objects });
    const cluster = { server: api.url, 'certificate-authority': 'ca.crt' };
    expect(await caught(asked(cluster, { token: 'good' }, { 'ca.crt': '-----BEGIN CERTIFICATE-----' }))).toMatchObject({
      reason: 'KubeconfigInvalid',
      message: expect.stringContaining('certificate-authority ca.crt of cluster "here"'),
    });
  });

  it.each(['proxy-url', 'HTTPS_PROXY'])('is reached through %s', async (by) => {
    const api = apiServer(certificates, { objects });
    const seen: string[] = [];
    const port = await tcpServer((socket) =>
      socket.once('data', (head) => {
        seen.push(head.toString().split('\r\n')[0] ?? '');
        const onward = connect(api.port ?? 0, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.pipe(onward).pipe(socket);
        });
        onward.on('error', () => undefined);
      }),
    );
    const proxy = `http://127.0.0.1:${port}`;
    if (by === 'HTTPS_PROXY') setVariable('HTTPS_PROXY', proxy);
    setVariable('NO_PROXY', '10.0.0.0/8');
    const cluster = {
      server: api.url,
      'certificate-authority-data': caData,
      ...(by === 'proxy-url' && { [by]: proxy }),
    };
    expect(await asked(cluster, { token: 'good' })).toMatchObject({ uid: 'uid-1' });
    expect(seen).toEqual([`CONNECT 127.0.0.1:${api.port} HTTP/1.1`]);
  });

  it('is reached without HTTPS_PROXY when it lies in a subnet of NO_PROXY', async () => {
    const api = apiServer(certificates, { objects });
    setVariable('HTTPS_PROXY', 'http://127.0.0.1:1');
    setVariable('NO_PROXY', '10.0.0.0/8,127.0.0.0/8');
    const cluster = { server: api.url, 'certificate-authority-data': caData };
    expect(await asked(cluster, { token: 'good' })).toMatchObject({ uid: 'uid-1' });
  });
});

describe("the pod's service account", () => {
  const account = (beside: Readonly<Record<string, string>>): string => {
    const directory = temporaryDirectory();
    for (const [name, text] of Object.entries(beside)) writeFileSync(join(directory, name), text);
    return directory;
  };

  it.each(['127.0.0.1', '::1'])('asks the server at %s', async (host) => {
    const api = apiServer(certificates, { objects, hostname: host });
    const directory = account({ 'ca.crt': ca, token: 'good' });
    expect(await findWeb({ host, port: String(api.port), directory })).toMatchObject({ uid: 'uid-1' });
    expect(api.seen).toEqual([{ method: 'GET', path: podPath('web'), authorization: 'Bearer good' }]);
  });

  it('is named when its token is not accepted, and when it is gone', async () => {
    const api = apiServer(certificates, { objects });
    const directory = account({ 'ca.crt': ca, token: 'expired' });
    const place = { host: '127.0.0.1', port: String(api.port), directory };
    expect(await caught(findWeb(place))).toMatchObject({
      reason: 'ClusterRefused',
      message: expect.stringContaining(`${directory}/token`),
    });
    rmSync(join(directory, 'token'));
    expect(await caught(findWeb(place))).toMatchObject({
      reason: 'KubeconfigInvalid',
      message: expect.stringContaining(`${directory}/token: there is no such file`),
    });
  });
});

it('says when there is no kubeconfig', async () => {
  expect(await caught(findWeb({ kubeconfig: '/nowhere/kubeconfig' }))).toMatchObject({
    reason: 'KubeconfigInvalid',
    message: 'Cannot read kubeconfig /nowhere/kubeconfig: there is no such file',
  });
});

it('reads the kubeconfig when it is first asked', async () => {
  const api = apiServer(certificates, { objects });
  const path = writeKubeconfig('broken');
  const cluster = open({ kubeconfig: path });
  writeFileSync(
    path,
    JSON.stringify(kubeconfig({ server: api.url, 'certificate-authority-data': caData }, { token: 'good' })),
  );
  expect(await cluster.findPod('default', 'web', 'uid-1')).toMatchObject({ uid: 'uid-1' });
});
