/** The executable with a pod and networks that only an API server knows, over TLS, in real namespaces. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ApiOptions, networkObject, networkPath, podObject, podPath } from '../kube/api-server';
import { serve } from './api';
import { type Json, Node, networksKey, type Pod } from './runtime';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const macvlan = JSON.stringify({
  cniVersion: '1.0.0',
  type: 'macvlan',
  master: 'eth1',
  ipam: { type: 'static', addresses: [{ address: '192.168.1.60/24' }] },
});

/** Multus' thin kubeconfig, in YAML, with a token file. */
function kubeconfig(node: Node, { url, ca }: { readonly url: string; readonly ca: string }): string {
  writeFileSync(join(node.dir, 'token'), 'good\n');
  const path = join(node.dir, 'kubeconfig');
  const data = Buffer.from(ca).toString('base64');
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: ${url}
    certificate-authority-data: ${data}
users:
- name: braid
  user:
    tokenFile: token
contexts:
- name: node
  context:
    cluster: local
    user: braid
current-context: node
`,
  );
  return path;
}

/** A runtime that hands no annotations over. */
const silent = (keys: Json): Json => ({ runtimeConfig: {}, ...keys });

function nodeWithPod(): { node: Node; pod: Pod } {
  const node = new Node();
  node.uplink('eth1');
  return { node, pod: node.pod({ name: 'web' }) };
}

const web = (annotation: string, uid = 'uid-web') => podObject('web', uid, { [networksKey]: annotation });

describe('a pod of the API', () => {
  it('gets the network that only the API has, and goes with the API server stopped', async () => {
    const { node, pod } = nodeWithPod();
    const objects = { [podPath('web')]: web('lan'), [networkPath('lan')]: networkObject('lan', macvlan) };
    const api = await serve(node, { objects });
    const changes = silent({ kubeconfig: kubeconfig(node, api) });
    const { interfaces } = await pod.add(changes);
    expect(interfaces?.filter(({ sandbox }) => sandbox === pod.path).map(({ name }) => name)).toEqual(['eth0', 'net1']);
    expect(pod.addresses('net1')).toEqual(['192.168.1.60/24']);
    const events = '/api/v1/namespaces/default/events';
    const told = [`${podPath('web')}/status`, events, events];
    expect(api.asked).toEqual([podPath('web'), networkPath('lan'), ...told]);
    await pod.check(changes);
    await api.stop();
    await node.end({ changes });
  });

  it('is attached with the service account of the pod that Braid runs in', async () => {
    const { node, pod } = nodeWithPod();
    const objects = { [podPath('web')]: web('lan'), [networkPath('lan')]: networkObject('lan', macvlan) };
    const api = await serve(node, { objects });
    const { port } = new URL(api.url);
    mkdirSync(account, { recursive: true });
    onTestFinished(() => rmSync(account, { recursive: true }));
    writeFileSync(join(account, 'token'), 'good');
    writeFileSync(join(account, 'ca.crt'), api.ca);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port };
    const { status, stdout } = await pod.call('ADD', silent({}), env);
    expect(status, stdout).toBe(0);
    expect(pod.addresses('net1')).toEqual(['192.168.1.60/24']);
    await node.end();
  });

  it.each<[string, ApiOptions, Json]>([
    ['is not known to the API', {}, { code: 11 }],
    ['is another one of that name', { objects: { [podPath('web')]: web('lan', 'uid-old') } }, { code: 11 }],
    ['asks for a network that nobody has', { objects: { [podPath('web')]: web('lan') } }, { code: 115 }],
    ['cannot be read with this token', { tokens: [] }, { code: 128 }],
  ])('that %s gets nothing', async (_, options, error) => {
    const { node, pod } = nodeWithPod();
    const api = await serve(node, options);
    const changes = silent({ kubeconfig: kubeconfig(node, api) });
    expect(await pod.addFails(changes)).toMatchObject(error);
    await node.end({ bridges: [], changes });
  });

  it('gets nothing, and error 11, when the API server is gone', async () => {
    const { node, pod } = nodeWithPod();
    const api = await serve(node, {});
    await api.stop();
    const changes = silent({ kubeconfig: kubeconfig(node, api) });
    const { code, msg } = await pod.addFails(changes);
    expect([code, msg]).toEqual([11, expect.stringContaining('ECONNREFUSED')]);
    await node.end({ bridges: [], changes });
  });
});

it('a pod whose annotations come with the call, and networks from the node, needs no API server', async () => {
  const node = new Node();
  node.uplink('eth1');
  node.network('lan', macvlan);
  const changes = { kubeconfig: kubeconfig(node, { url: 'https://127.0.0.1:1', ca: 'none' }) };
  const pod = node.pod({ networks: 'lan', changes });
  await pod.add();
  expect(pod.addresses('net1')).toEqual(['192.168.1.60/24']);
  await node.end({ changes });
});
