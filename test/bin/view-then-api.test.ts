/** Whom a call believes about pods and networks: the node's view, its stale snapshot, or the API. */
import { describe, expect, it } from 'vitest';
import type { NetworkDefinition, Pod } from '../../src/attach/ports';
import type { Found, NodeView } from '../../src/bin/node-view';
import { viewThenApi } from '../../src/bin/view-then-api';
import { fail } from '../../src/error';
import type { ClusterReader } from '../../src/kube/cluster';
import { fakeLog } from '../../src/model/log';

const network = (source: string): NetworkDefinition => ({
  namespace: 'default',
  name: 'a',
  config: '{}',
  source,
  resourceName: undefined,
});
const pod = (uid: string, annotations = {}): Pod => ({ namespace: 'default', name: 'web', uid, annotations });
const agent = <T>(value: T): Found<T> => ({ value, from: 'agent', stale: false });
const fresh = <T>(value: T): Found<T> => ({ value, from: 'snapshot', stale: false });
const stale = <T>(value: T): Found<T> => ({ value, from: 'snapshot', stale: true });

const view = (found: { pod?: Found<Pod>; network?: Found<NetworkDefinition>; behind?: true }): NodeView => ({
  findPod: async () => found.pod,
  findNetwork: async () => found.network,
  isBehind: () => found.behind === true,
});
const dead = (): never => fail('PodUnavailable', 'ECONNREFUSED');
function api(answers: { pod?: () => Pod | undefined; network?: () => NetworkDefinition | undefined }) {
  const asked: string[] = [];
  const reader = (patience: string): ClusterReader => ({
    async findPod() {
      asked.push(patience);
      return answers.pod?.();
    },
    async findNetwork() {
      asked.push(patience);
      return answers.network?.();
    },
    isBehind: async () => false,
  });
  return { asked, usual: reader('usual'), brief: reader('brief') };
}
const none = { usual: undefined, brief: undefined };

describe('a network', () => {
  const find = (node: NodeView, from: Parameters<typeof viewThenApi>[1], log = fakeLog()) =>
    viewThenApi(node, from, log).findNetwork('default', 'a');

  it.each([
    ['of the agent', agent],
    ['of a snapshot just confirmed', fresh],
  ])('%s is not asked for', async (_, found) => {
    const { asked, ...cluster } = api({ network: dead });
    expect(await find(view({ network: found(network('node')) }), cluster)).toEqual(network('node'));
    expect(asked).toEqual([]);
  });

  it('of a stale snapshot counts only when the API server is away, which the log tells', async () => {
    const log = fakeLog();
    const node = view({ network: stale(network('old')) });
    expect(await find(node, api({ network: () => network('new') }), log)).toEqual(network('new'));
    expect(await find(node, api({ network: () => undefined }), log)).toBeUndefined(); // deleted meanwhile
    expect(log.entries).toEqual([]);
    const away = api({ network: dead });
    expect(await find(node, away, log)).toEqual(network('old'));
    expect(away.asked).toEqual(['brief']);
    expect(log.entries.length).toBe(1);
    expect(await find(node, none, log)).toEqual(network('old'));
  });

  it('that the node does not know is the API’s, or an error', async () => {
    const { asked, ...cluster } = api({ network: () => network('api') });
    expect(await find(view({}), cluster)).toEqual(network('api'));
    expect(asked).toEqual(['usual']);
    await expect(find(view({}), api({ network: dead }))).rejects.toMatchObject({ code: 11 });
    expect(await find(view({}), none)).toBeUndefined();
  });

  it('that nobody knows may exist when the node is behind, and there is no API that could say no', async () => {
    const isBehind = (node: NodeView, from: Parameters<typeof viewThenApi>[1]) =>
      viewThenApi(node, from, fakeLog()).isBehind();
    expect(await isBehind(view({ behind: true }), none)).toBe(true);
    expect(await isBehind(view({ behind: true }), api({}))).toBe(false);
    expect(await isBehind(view({}), none)).toBe(false);
  });
});

describe('a pod', () => {
  const find = (node: NodeView, uid: string | undefined, from: Parameters<typeof viewThenApi>[1]) =>
    viewThenApi(node, from, fakeLog()).findPod('default', 'web', uid);

  it('of the node is that of the same uid', async () => {
    const cluster = api({ pod: () => pod('new') });
    expect(await find(view({ pod: agent(pod('old')) }), 'old', cluster)).toEqual(pod('old'));
    expect(await find(view({ pod: agent(pod('old')) }), 'new', cluster)).toEqual(pod('new'));
    expect(await find(view({ pod: fresh(pod('old')) }), 'new', cluster)).toEqual(pod('new'));
    expect(await find(view({ pod: agent(pod('old')) }), 'new', none)).toBeUndefined(); // error 11 of whoever asked
  });

  it('without a uid is the agent’s, never a snapshot’s', async () => {
    expect(await find(view({ pod: agent(pod('x')) }), undefined, none)).toEqual(pod('x'));
    expect(await find(view({ pod: fresh(pod('x')) }), undefined, none)).toBeUndefined();
  });

  it('that is static may have another uid', async () => {
    const mirror = pod('mirror', { 'kubernetes.io/config.source': 'file' });
    expect(await find(view({ pod: agent(mirror) }), 'of the file', none)).toEqual(mirror);
  });
});
