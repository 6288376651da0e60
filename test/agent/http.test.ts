/** Health and metrics over HTTP: where it listens, and what it answers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Health, lookAtHealth } from '../../src/agent/health';
import { parseListen, servePages } from '../../src/agent/http';
import { fail } from '../../src/error';
import { world } from '../attach/world';
import { temporaryDirectory } from '../disk/temp';

const pages = (problem?: string) => ({
  healthy: async () => undefined,
  ready: async () => problem,
  metrics: async () => 'braid_x 1\n',
});

it.each([
  ['127.0.0.1:9808', { hostname: '127.0.0.1', port: 9808 }],
  ['[::1]:80', { hostname: '::1', port: 80 }],
  ['unix:/run/b.sock', { unix: '/run/b.sock' }],
  ['off', undefined],
])('listens on %s', (text, listen) => {
  expect(parseListen(text)).toEqual(listen);
});

it.each(['0.0.0.0:9808', '10.0.0.1:80', '127.0.0.1', ':80', '127.0.0.1:99999', 'unix:b', '127.0.0.1.evil:80'])(
  'refuses %s',
  (text) => {
    expect(() => parseListen(text)).toThrow('need a loopback address');
  },
);

it('answers on loopback and on a socket', async () => {
  const http = servePages({ hostname: '127.0.0.1', port: 0 }, pages('no network is known'));
  onTestFinished(http.stop);
  const get = async (path: string) => {
    const response = await fetch(new URL(path, http.url));
    return [response.status, await response.text()];
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect(await get('/readyz')).toEqual([503, 'no network is known\n']);
  expect(await get('/metrics')).toEqual([200, 'braid_x 1\n']);
  expect((await get('/'))[0]).toBe(404);

  const unix = join(temporaryDirectory(), 'h.sock');
  const local = servePages({ unix }, pages());
  const response = await fetch('http://localhost/readyz', { unix });
  expect(await response.text()).toBe('ok\n');
  local.stop();
  expect(existsSync(unix)).toBe(false);
});

const means = (node: ReturnType<typeof world>) => ({
  edges: () => node.edges,
  namespace: () => ({ path: node.pod.path as never, close: () => undefined }),
  close: () => undefined,
});

it('looks by an ADD, a CHECK and a DEL that leave nothing', async () => {
  const node = world();
  await lookAtHealth(means(node));
  expect(await node.edges.records.all()).toEqual([]);
  expect((await node.pod.findLink('lo'))?.up).toBe(false);
});

it('says what is wrong, and looks once for all who ask', async () => {
  const node = world();
  const full = { ...node.edges, records: { ...node.edges.records, save: async () => fail('IoFailed', 'ENOSPC') } };
  let looks = 0;
  const health = new Health(async () => {
    looks += 1;
    await lookAtHealth({ ...means(node), edges: () => full });
  });
  const problems = await Promise.all([health.problem(), health.problem()]);
  expect(problems).toEqual(Array(2).fill('a loopback ADD and DEL failed: IoFailed: ENOSPC'));
  await health.problem();
  expect(looks).toBe(1);
});
