/** ADD and DEL of the engine with a pod and networks that only the API server knows. */
import { describe, expect, it } from 'vitest';
import { handleAdd } from '../../src/attach/handle';
import { openCluster, withCluster } from '../../src/bin/cluster';
import { parseConfig } from '../../src/cni/config';
import { type AddRequest, parseRequest } from '../../src/cni/request';
import type { Json } from '../../src/json';
import { cluster as defaultNetwork, type WorldOptions, world } from '../attach/world';
import { apiServer } from './api';
import { type ApiOptions, networkObject, networkPath, podObject, podPath, status } from './api-server';
import { makeCertificates } from './certificates';
import { base64, kubeconfig, writeKubeconfig } from './kubeconfigs';

const certificates = makeCertificates();
const networksKey = 'k8s.v1.cni.cncf.io/networks';

/** A node with a cluster; the runtime hands no annotations over. */
function node(api: ApiOptions, options: WorldOptions = {}, keys: Json = {}) {
  const server = apiServer(certificates, api);
  const base = world(options);
  const path = writeKubeconfig(
    kubeconfig({ server: server.url, 'certificate-authority-data': base64(certificates.ca) }, { token: 'good' }),
  );
  const add = async (args = 'K8S_POD_UID=uid-1'): Promise<Json> => {
    const reader = openCluster({ kubeconfig: path }, {}, base.edges.log);
    const edges = {
      ...base.edges,
      networks: withCluster(base.edges.networks, reader),
      cluster: reader ?? base.edges.cluster,
    };
    const request = parseRequest({
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: base.pod.path ?? '',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;${args}`,
    }) as AddRequest;
    const conf = { cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [defaultNetwork], ...keys };
    return JSON.parse(await handleAdd(request, parseConfig(JSON.stringify(conf)), edges)) as Json;
  };
  const links = () => base.kernel.pod.names().filter((name) => name !== 'lo');
  return { ...base, add, links, seen: server.seen };
}

const macvlan = (subnet: string) =>
  JSON.stringify({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet } });
const pod = (annotation: string, uid = 'uid-1') => podObject('web', uid, { [networksKey]: annotation });

it('attaches the networks that the API names and has', async () => {
  const objects = {
    [podPath('web')]: pod('a@lan0,b'),
    [networkPath('a')]: networkObject('a', macvlan('10.1.0.0/24')),
    [networkPath('b')]: networkObject('b', macvlan('10.2.0.0/24')),
  };
  const { add, links, del, seen, reserved } = node({ objects });
  const { ips } = (await add()) as { ips: { address: string }[] };
  expect(ips.map(({ address }) => address)).toEqual(['10.244.1.2/24', '10.1.0.2/24', '10.2.0.2/24']);
  expect(links()).toEqual(['eth0', 'lan0', 'net2']);
  expect(seen.map(({ path }) => path)).toEqual([podPath('web'), networkPath('a'), networkPath('b')]);
  await del();
  expect(seen.length).toBe(3); // DEL asks nobody
  expect(links()).toEqual([]);
  expect(reserved()).toEqual([]);
});

it('attaches a network of the node to a pod of the API', async () => {
  const definitions = { 'default/a': JSON.parse(macvlan('10.3.0.0/24')) as Json };
  const { add, seen } = node({ objects: { [podPath('web')]: pod('a') } }, { networks: definitions });
  expect(JSON.stringify(await add())).toContain('10.3.0.2/24');
  expect(seen.map(({ path }) => path)).toEqual([podPath('web')]);
});

it('does not ask for the pod when the runtime hands its annotations over', async () => {
  const runtimeConfig = { 'io.kubernetes.cri.pod-annotations': {} };
  const { add, seen } = node({}, {}, { runtimeConfig });
  await add();
  expect(seen).toEqual([]);
});

it('attaches every pod to its network whichever answers are errors first', async () => {
  const objects = { [podPath('web')]: pod('a'), [networkPath('a')]: networkObject('a', macvlan('10.1.0.0/24')) };
  const broken = () => status(500, 'InternalError', 'etcdserver: leader changed');
  const well = [() => Response.json(objects[podPath('web')]), () => Response.json(objects[networkPath('a')])];
  const faults = Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].map((bit) => (bits >> bit) & 1));
  const outcomes = await Promise.all(
    faults.map(async ([a = 0, b = 0, c = 0, d = 0]) => {
      const first = [...Array(a + b).fill(broken), well[0], ...Array(c + d).fill(broken), well[1]];
      const { add, links } = node({ first });
      await add();
      return links();
    }),
  );
  expect(outcomes).toEqual(faults.map(() => ['eth0', 'net1']));
});

describe('attaches nothing', () => {
  const a = { [networkPath('a')]: networkObject('a', macvlan('10.1.0.0/24')) };
  const refuse = () => status(401, 'Unauthorized', 'Unauthorized');
  it.each<[string, ApiOptions, Json]>([
    ['when the cluster does not know the pod', { objects: a }, { reason: 'PodUnavailable', code: 11 }],
    [
      'when the cluster has another pod of that name',
      { objects: { ...a, [podPath('web')]: pod('a', 'uid-of-before') } },
      { reason: 'PodUnavailable', code: 11 },
    ],
    ['when the token has expired', { objects: a, first: [refuse] }, { reason: 'ClusterRefused' }],
    [
      'when the token expires before the network is read',
      { objects: { ...a, [podPath('web')]: pod('a') }, first: [() => Response.json(pod('a')), refuse] },
      { reason: 'ClusterRefused', where: { pod: 'default/web', network: 'default/a' } },
    ],
    [
      'when the cluster lacks the network',
      { objects: { [podPath('web')]: pod('a') } },
      { reason: 'NetworkMissing', where: { pod: 'default/web', network: 'default/a' } },
    ],
  ])('%s', async (_, api, error) => {
    const { add, links, reserved } = node(api);
    await expect(add()).rejects.toMatchObject(error);
    expect(links()).toEqual([]);
    expect(reserved()).toEqual([]);
  });
});

it.each([
  ['file', true],
  ['http', true],
  ['api', false],
])('attaches a pod whose object has another uid when kubelet has it by %s: %s', async (source, attached) => {
  const mirror = podObject('web', 'uid-of-mirror', { [networksKey]: 'a', 'kubernetes.io/config.source': source });
  const objects = { [podPath('web')]: mirror, [networkPath('a')]: networkObject('a', macvlan('10.1.0.0/24')) };
  const { add, links } = node({ objects });
  const outcome = await add().then(
    () => 'attached',
    ({ reason }) => reason,
  );
  expect([outcome, links()]).toEqual(attached ? ['attached', ['eth0', 'net1']] : ['PodUnavailable', []]);
});

it('takes clusterNetwork from the API, and says where it looked when nobody has it', async () => {
  const bridge = JSON.stringify({ ...defaultNetwork, name: 'flannel' });
  const path = networkPath('flannel').replace('/default/', '/kube-system/');
  const object = { ...networkObject('flannel', bridge), metadata: { name: 'flannel', namespace: 'kube-system' } };
  const keys = { clusterNetwork: 'flannel', delegates: undefined };
  const { add, links } = node({ objects: { [podPath('web')]: pod(''), [path]: object } }, {}, keys);
  await add();
  expect(links()).toEqual(['eth0']);
  const bare = node({ objects: { [podPath('web')]: pod('') } }, {}, keys);
  await expect(bare.add()).rejects.toMatchObject({
    reason: 'NetworkMissing',
    problem: expect.stringContaining('neither namespace kube-system nor'),
  });
});
