/** What the edge does when the API server, or the way to it, is in trouble. */
import { describe, expect, it } from 'vitest';
import { files } from '../../src/disk/files';
import { createCluster } from '../../src/kube/cluster';
import type { Patience } from '../../src/kube/patience';
import { fakeLog } from '../../src/model/log';
import { apiServer, rawServer, tcpServer } from './api';
import { networkObject, networkPath, podObject, podPath, status } from './api-server';
import { makeCertificates } from './certificates';
import { base64, caught, kubeconfig, writeKubeconfig } from './kubeconfigs';

const certificates = makeCertificates();
const web = podObject('web', 'uid-1', {});
const objects = { [podPath('web')]: web };
const body = JSON.stringify(web);

const patient: Patience = { request: 30_000, total: 30_000, pause: 1 };
/** For servers that answer, and never well. */
const brief: Patience = { request: 30_000, total: 1500, pause: 400 };
/** For servers that do not answer. */
const hasty: Patience = { request: 50, total: 200, pause: 20 };

function open(server: string, patience: Patience) {
  const cluster = { server, 'certificate-authority-data': base64(certificates.ca) };
  const log = fakeLog();
  const place = { kubeconfig: writeKubeconfig(kubeconfig(cluster, { token: 'good' })) };
  return { ...createCluster(place, files, log, patience), log };
}
const findWeb = (server: string, patience = patient) => open(server, patience).findPod('default', 'web', 'uid-1');

const unavailable = (...words: readonly string[]) => ({
  reason: 'PodUnavailable',
  code: 11,
  message: expect.stringMatching(new RegExp(['Cannot read pod default/web from https://127', ...words].join('.*'))),
});

describe('asks again', () => {
  it.each([500, 502, 503, 504, 429])('after HTTP %i', async (code) => {
    const busy = () => status(code, 'Busy', 'etcd has no leader');
    const api = apiServer(certificates, { objects, first: [busy, busy] });
    const cluster = open(api.url, patient);
    expect(await cluster.findPod('default', 'web', 'uid-1')).toMatchObject({ uid: 'uid-1' });
    expect(api.seen.length).toBe(3);
    expect(cluster.log.entries.map(({ level, fields }) => [level, fields.problem])).toEqual([
      ['warn', `HTTP ${code} (etcd has no leader)`],
      ['warn', `HTTP ${code} (etcd has no leader)`],
    ]);
  });

  it.each([
    ['closed', ''],
    ['closed within the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['closed within the body', `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`],
    ['closed within a chunk', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n${body.slice(0, 20)}`],
    ['closed where the length is not told', `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${body.slice(0, 20)}`],
    ['answered with half the JSON', `HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n${body.slice(0, 20)}`],
    ['answered with nonsense', 'HTTP/9 nonsense\r\n\r\n'],
  ])('after a connection that was %s', async (_, answer) => {
    let calls = 0;
    const api = await rawServer(certificates, (socket) => {
      calls += 1;
      socket.end(calls === 1 ? answer : `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect(await findWeb(api.url)).toMatchObject({ uid: 'uid-1' });
    expect(calls).toBe(2);
  });

  it('after a connection that was reset', async () => {
    let calls = 0;
    const api = await rawServer(certificates, (socket) => {
      calls += 1;
      if (calls === 1) socket.destroy();
      else socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect(await findWeb(api.url)).toMatchObject({ uid: 'uid-1' });
  });

  it('when the server says after how many seconds', async () => {
    const api = apiServer(certificates, {
      objects,
      first: [() => status(429, 'Busy', 'busy', { 'retry-after': '1' })],
    });
    const cluster = open(api.url, patient);
    expect(await cluster.findPod('default', 'web', 'uid-1')).toMatchObject({ uid: 'uid-1' });
    expect(cluster.log.entries[0]?.fields).toMatchObject({ wait: 1000 });
  });
});

describe('gives up with error 11', () => {
  it('when the server asks for more time than there is', async () => {
    const first = [() => status(503, 'Busy', 'busy', { 'retry-after': '3600' })];
    const api = apiServer(certificates, { objects, first });
    await expect(findWeb(api.url)).rejects.toMatchObject(unavailable('HTTP 503', 'tries: 1'));
    expect(api.seen.length).toBe(1);
  });

  it('when the server asks to wait until a date that is too far', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const api = apiServer(certificates, {
      objects,
      first: [() => status(429, 'Busy', 'busy', { 'retry-after': date })],
    });
    await expect(findWeb(api.url)).rejects.toMatchObject(unavailable('HTTP 429', 'tries: 1'));
  });

  it('when the server never is well', async () => {
    const first = Array.from({ length: 100 }, () => () => status(500, 'InternalError', 'no quorum'));
    const api = apiServer(certificates, { first });
    await expect(findWeb(api.url, brief)).rejects.toMatchObject(unavailable('HTTP 500 \\(no quorum\\)', 'tries: '));
    expect(api.seen.length).toBeGreaterThan(1);
  });

  it('when nobody listens', async () => {
    const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
    const free = closed.port;
    await closed.stop(true);
    await expect(findWeb(`https://127.0.0.1:${free}`, brief)).rejects.toMatchObject(unavailable('ECONNREFUSED'));
  });

  it('when the server speaks no TLS', async () => {
    const port = await tcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(findWeb(`https://127.0.0.1:${port}`, brief)).rejects.toMatchObject(unavailable('tries: '));
  });

  it('when the server takes the connection and is silent', async () => {
    const port = await tcpServer(() => undefined);
    await expect(findWeb(`https://127.0.0.1:${port}`, hasty)).rejects.toMatchObject(unavailable('no answer within'));
  });

  it('when the server takes the request and is silent', async () => {
    const api = await rawServer(certificates, () => undefined);
    await expect(findWeb(api.url, hasty)).rejects.toMatchObject(unavailable('no answer within'));
  });

  it('when the body comes drop by drop', async () => {
    const api = await rawServer(certificates, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n`);
      const drops = setInterval(() => socket.write(' '), 5);
      socket.on('close', () => clearInterval(drops));
    });
    await expect(findWeb(api.url, hasty)).rejects.toMatchObject(unavailable('no answer within'));
  });

  it('when the body has no end', async () => {
    const blank = ' '.repeat(65_536);
    const api = await rawServer(certificates, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write(blank));
      };
      socket.on('drain', pour);
      pour();
    });
    await expect(findWeb(api.url)).rejects.toMatchObject(unavailable('more than 8388608 bytes'));
    expect(api.connections()).toBe(1);
  });

  it('when the answer is packed and has no end once unpacked', async () => {
    const packed = Bun.gzipSync(Buffer.alloc(32 * 1024 * 1024, ' '));
    const first = [() => new Response(packed, { headers: { 'content-encoding': 'gzip' } })];
    const api = apiServer(certificates, { first });
    await expect(findWeb(api.url)).rejects.toMatchObject(unavailable('more than 8388608 bytes'));
  });

  it.each([
    [400, 'Bad Request'],
    [405, 'not here'],
    [301, 'moved'],
  ])('at once after HTTP %i, which no API server answers', async (code, message) => {
    const api = apiServer(certificates, { objects, first: [() => status(code, 'Odd', message)] });
    await expect(findWeb(api.url)).rejects.toMatchObject(unavailable(`HTTP ${code}`, 'lead to an API server'));
    expect(api.seen.length).toBe(1);
  });

  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['another pod', JSON.stringify(podObject('other', 'uid-1', {}))],
    ['the pod of another namespace', body.replace('"default"', '"prod"')],
  ])('when the answer is %s', async (_, text) => {
    const api = apiServer(certificates, { first: [() => new Response(text)] });
    await expect(findWeb(api.url)).rejects.toMatchObject({
      reason: 'PodUnavailable',
      message: expect.stringContaining('need pod default/web'),
    });
  });
});

it.each([401, 403, 404])('asks once after HTTP %i', async (code) => {
  const api = apiServer(certificates, { objects, first: [() => status(code, 'No', 'no')] });
  await findWeb(api.url).catch(() => undefined);
  expect(api.seen.length).toBe(1);
});

it('has one deadline for all requests of a call, after which none begins', async () => {
  const api = apiServer(certificates, { objects });
  const cluster = open(api.url, hasty);
  await cluster.findPod('default', 'web', 'uid-1').catch(() => undefined);
  await Bun.sleep(hasty.total);
  const before = api.seen.length;
  await expect(cluster.findPod('default', 'web', 'uid-1')).rejects.toMatchObject(unavailable('no time is left'));
  expect(api.seen.length).toBe(before);
});

describe('a network', () => {
  it('is asked for once in a call', async () => {
    const api = apiServer(certificates, { objects: { [networkPath('a')]: networkObject('a', '{}') } });
    const cluster = open(api.url, patient);
    const both = await Promise.all([cluster.findNetwork('default', 'a'), cluster.findNetwork('default', 'a')]);
    expect(both.map((network) => network?.config)).toEqual(['{}', '{}']);
    expect(api.seen.length).toBe(1);
  });

  it('does not exist where the CRD is not installed', async () => {
    const api = apiServer(certificates, { first: [() => new Response('404 page not found\n', { status: 404 })] });
    expect(await open(api.url, patient).findNetwork('default', 'a')).toBeUndefined();
  });

  it('whose spec.config is no text is refused', async () => {
    const api = apiServer(certificates, { objects: { [networkPath('a')]: networkObject('a', { type: 'bridge' }) } });
    await expect(open(api.url, patient).findNetwork('default', 'a')).rejects.toMatchObject({
      reason: 'NetworkInvalid',
    });
  });

  it('is not another one', async () => {
    const api = apiServer(certificates, { objects: { [networkPath('a')]: networkObject('b', '{}') } });
    await expect(open(api.url, patient).findNetwork('default', 'a')).rejects.toMatchObject({
      reason: 'PodUnavailable',
      message: expect.stringContaining('need network default/a'),
    });
  });
});

it.each(['..', '.', ''])('never asks for a name like "%s"', async (name) => {
  const api = apiServer(certificates);
  expect(await caught(open(api.url, patient).findNetwork('default', name))).toMatchObject({
    reason: 'EnvironmentInvalid',
  });
  expect(api.seen).toEqual([]);
});

it.each(['a/../b', 'a?b', 'a#b', 'a%2fb'])('keeps the name %s one part of the path', async (name) => {
  const api = apiServer(certificates);
  expect(await open(api.url, patient).findNetwork('default', name)).toBeUndefined();
  expect(api.seen.map(({ path }) => path)).toEqual([networkPath(encodeURIComponent(name))]);
});
