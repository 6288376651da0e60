/** What a watch tells when objects change, and when the API server is unwell. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { NetworkDefinition, Pod } from '../../src/attach/ports';
import { files } from '../../src/disk/files';
import { createWatcher } from '../../src/kube/watcher';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { networkObject, podObject } from './api-server';
import { makeCertificates } from './certificates';
import { serveLive } from './live-api';

const certificates = makeCertificates();
const patience = { list: 2000, watch: 60_000, pause: 5, missing: 20 };

/** A watcher of node n1 whose account lies in files, and what it told. */
function watched(port?: number) {
  const api = serveLive(certificates, port);
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'ca.crt'), certificates.ca);
  writeFileSync(join(directory, 'token'), 'good');
  const log = fakeLog();
  const place = { host: '127.0.0.1', port: String(api.port), directory };
  const watcher = createWatcher(place, files, log, patience);
  const ending = new AbortController();
  const pods = told<Pod>();
  const networks = told<NetworkDefinition>();
  let done: Promise<unknown> | undefined;
  const start = (): void => {
    done = Promise.all([watcher.pods('n1', pods.sink, ending.signal), watcher.networks(networks.sink, ending.signal)]);
  };
  const stop = async (): Promise<void> => {
    ending.abort();
    await done;
    api.stop();
  };
  onTestFinished(stop);
  return { api, pods, networks, start, stop, log, token: join(directory, 'token') };
}

function told<T extends { readonly name: string }>() {
  const names = new Set<string>();
  const last = new Map<string, T>();
  const events: string[] = [];
  const problems: string[] = [];
  const note = (object: T): void => {
    names.add(object.name);
    last.set(object.name, object);
  };
  return {
    events,
    problems,
    last,
    names: () => [...names].sort(),
    sink: {
      replace(objects: readonly T[]) {
        names.clear();
        objects.forEach(note);
        events.push(`replace ${objects.length}`);
      },
      set(object: T) {
        note(object);
        events.push(`set ${object.name}`);
      },
      delete(_: string, name: string) {
        names.delete(name);
        events.push(`delete ${name}`);
      },
      inStep: () => void events.push('in step'),
      lost: (problem: string) => void problems.push(problem),
    },
  };
}

const bridge = '{"type":"bridge"}';

it('tells what there is, page by page, then each change', async () => {
  const { api, networks, start } = watched();
  for (let at = 0; at < 250; at += 1) api.putNetwork(networkObject(`n${at}`, bridge));
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  expect(networks.names().length).toBe(250);
  expect(api.seen.filter(({ path }) => path.includes('continue=')).length).toBe(2);
  api.putNetwork(networkObject('n0', '{"type":"vlan"}'));
  api.dropNetwork('n1');
  api.putNetwork(networkObject('new', bridge));
  await vi.waitFor(() => expect(networks.events.slice(-3)).toEqual(['set n0', 'delete n1', 'set new']));
  expect(networks.last.get('n0')?.config).toBe('{"type":"vlan"}');
});

it('asks for the metadata of this node’s pods only', async () => {
  const { api, pods, start } = watched();
  api.putPod(podObject('here', 'u1', { a: 'b' }), 'n1');
  api.putPod(podObject('there', 'u2', {}), 'n2');
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  expect(pods.names()).toEqual(['here']);
  expect(pods.last.get('here')).toMatchObject({ uid: 'u1', annotations: { a: 'b' } });
  const asked = api.seen.filter(({ path }) => path.startsWith('/api/v1/pods'));
  expect(asked.every(({ accept }) => accept?.includes('as=PartialObjectMetadata'))).toBe(true);
  api.putPod(podObject('later', 'u3', {}), 'n1');
  api.dropPod('here');
  await vi.waitFor(() => expect(pods.events.slice(-2)).toEqual(['set later', 'delete here']));
});

it('is out of step while the server ends each watch before it tells anything', async () => {
  const { api, networks, start } = watched();
  api.endAtOnce(true);
  start();
  await vi.waitFor(() =>
    expect(networks.problems).toContain('the API server ends each watch at once, before it tells anything'),
  );
  api.endAtOnce(false);
  api.putNetwork(networkObject('new', bridge));
  await vi.waitFor(() => expect(networks.names()).toEqual(['new']));
  expect(networks.events.at(-2)).toBe('in step');
});

it('goes on where it was when the server ends a watch', async () => {
  const { api, networks, start } = watched();
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  api.endWatches();
  api.putNetwork(networkObject('meanwhile', bridge));
  await vi.waitFor(() => expect(networks.names()).toEqual(['meanwhile']));
  expect(networks.events.filter((each) => each.startsWith('replace'))).toEqual(['replace 0']);
});

it('lists again when changes were forgotten meanwhile', async () => {
  const { api, networks, start } = watched();
  api.putNetwork(networkObject('old', bridge));
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  api.tokens.clear(); // until the compaction is over
  api.endWatches();
  api.dropNetwork('old');
  api.putNetwork(networkObject('new', bridge));
  api.compact();
  api.tokens.add('good');
  await vi.waitFor(() => expect(networks.names()).toEqual(['new']));
  expect(networks.events.filter((each) => each.startsWith('replace')).length).toBe(2);
});

it('comes back with a renewed token', async () => {
  const { api, networks, start, token } = watched();
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  api.tokens.clear();
  api.tokens.add('renewed');
  api.endWatches();
  await vi.waitFor(() => expect(networks.problems.join()).toContain('HTTP 401'));
  writeFileSync(token, 'renewed');
  api.putNetwork(networkObject('a', bridge));
  await vi.waitFor(() => expect(networks.names()).toEqual(['a']));
  expect(networks.problems.join()).not.toContain('renewed');
});

it('comes back when the API server was dead', async () => {
  const first = watched();
  first.start();
  await vi.waitFor(() => expect(first.api.watches()).toBe(2));
  const { port } = first.api;
  first.api.stop();
  await vi.waitFor(() => expect(first.networks.problems.length).toBeGreaterThan(1));
  const second = serveLive(certificates, port);
  onTestFinished(() => void second.stop());
  second.putNetwork(networkObject('a', bridge));
  await vi.waitFor(() => expect(first.networks.names()).toEqual(['a']), { timeout: 5000 });
});

it('takes a cluster that does not know the kind for one without networks, until it does', async () => {
  const { api, networks, start } = watched();
  api.setKnowsNetworks(false);
  api.putNetwork(networkObject('a', bridge));
  start();
  await vi.waitFor(() => expect(networks.events).toContain('replace 0'));
  api.setKnowsNetworks(true);
  await vi.waitFor(() => expect(networks.names()).toEqual(['a']));
});

it('leaves a network out that cannot be used, and says which', async () => {
  const { api, networks, start, log } = watched();
  api.putNetwork(networkObject('good', bridge));
  api.putNetwork(networkObject('bad', { not: 'text' }));
  start();
  await vi.waitFor(() => expect(networks.names()).toEqual(['good']));
  expect(log.entries.map(({ fields }) => fields.network)).toContain('default/bad');
  api.putNetwork(networkObject('good', 7));
  await vi.waitFor(() => expect(networks.names()).toEqual([]));
});

it('ends at once, with its connections', async () => {
  const { api, start, stop } = watched();
  start();
  await vi.waitFor(() => expect(api.watches()).toBe(2));
  await stop();
  await vi.waitFor(() => expect(api.watches()).toBe(0));
});
