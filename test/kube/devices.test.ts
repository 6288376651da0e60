/** A pod's devices: from a kubelet that gRPC's own library plays, from its checkpoint, and from claims in the API server. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { files } from '../../src/disk/files';
import type { Json } from '../../src/json';
import { createDevices } from '../../src/kube/devices';
import { callUnary } from '../../src/kube/grpc';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { apiServer } from './api';
import { podPath } from './api-server';
import { makeCertificates } from './certificates';
import { base64, kubeconfig, writeKubeconfig } from './kubeconfigs';

const web = { namespace: 'default', name: 'web', uid: 'uid-1' };
const container = (resource: string, ...ids: readonly string[]) => ({
  name: 'c',
  devices: [{ resource_name: resource, device_ids: ids, topology: { nodes: [{ ID: 1 }] } }],
  cpu_ids: [0, 1, 300],
  memory: [{ memory_type: 'hugepages-1Gi', size: 2 ** 40 }],
});
const pods = [
  { name: 'other', namespace: 'default', containers: [container('intel.com/sriov', 'not-mine')] },
  { name: 'web', namespace: 'shop', containers: [container('intel.com/sriov', 'not-mine')] },
  {
    name: 'web',
    namespace: 'default',
    containers: [
      container('intel.com/sriov', '0000:03:02.1', '0000:03:02.9'),
      container('intel.com/sriov', 'c2'),
      container('gpu', 'g'),
    ],
  },
];
const owned = { 'intel.com/sriov': ['0000:03:02.1', '0000:03:02.9', 'c2'], gpu: ['g'] };

/** A kubelet in a thread of its own. */
async function kubelet(options: Json): Promise<string> {
  const directory = temporaryDirectory();
  const worker = new Worker(join(import.meta.dirname, 'kubelet-worker.ts'), {
    workerData: { directory, pods, ...options },
  });
  onTestFinished(async () => void (await worker.terminate()));
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return join(directory, 'kubelet.sock');
}

const allocated = async (
  paths: { socket?: string; checkpoint?: string },
  pod: Parameters<ReturnType<typeof createDevices>['allocated']>[0] = web,
) =>
  Object.fromEntries(
    await createDevices(undefined, files, fakeLog(), { socket: '/none', checkpoint: '/none', ...paths }).allocated(pod),
  );

describe('kubelet', () => {
  it.each([
    ['one that can tell of one pod', { withGet: true }],
    ['one that lists all', {}],
    [
      'one with many pods',
      { pods: [...pods, ...Array.from({ length: 3000 }, (_, n) => ({ ...pods[0], name: `p${n}` }))] },
    ],
  ])('is asked for the devices of that pod: %s', async (_, options) => {
    expect(await allocated({ socket: await kubelet(options) })).toEqual(owned);
  });

  it('knows no devices of a pod that it does not have', async () => {
    for (const withGet of [true, false])
      expect(await allocated({ socket: await kubelet({ withGet }) }, { ...web, name: 'gone' })).toEqual({});
  });

  it('that fails is DevicesUnavailable, with its own words', async () => {
    const socket = await kubelet({ failing: 'no checkpoint ☹' });
    await expect(allocated({ socket })).rejects.toMatchObject({
      reason: 'DevicesUnavailable',
      problem: expect.stringContaining('no checkpoint ☹'),
    });
  });

  it.each<[string, (socket: import('node:net').Socket) => unknown]>([
    ['hangs up', (socket) => socket.destroy()],
    ['speaks another language', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('that %s is DevicesUnavailable', async (_, act) => {
    const socket = join(temporaryDirectory(), 'kubelet.sock');
    const server = createServer(act).listen(socket);
    onTestFinished(() => void server.close());
    await expect(allocated({ socket })).rejects.toMatchObject({ reason: 'DevicesUnavailable' });
  });

  it('that does not answer is not waited for', async () => {
    const socket = join(temporaryDirectory(), 'kubelet.sock');
    const server = createServer(() => undefined).listen(socket);
    onTestFinished(() => void server.close());
    const limits = { milliseconds: 50, most: 1000 };
    expect(await callUnary(socket, '/a/b', Buffer.alloc(0), limits)).toEqual({
      status: -1,
      problem: 'no answer within 50 ms',
    });
  });

  it('without its API left a checkpoint', async () => {
    const checkpoint = join(temporaryDirectory(), 'kubelet_internal_checkpoint');
    const entry = (PodUID: string, DeviceIDs: unknown) => ({ PodUID, ResourceName: 'intel.com/sriov', DeviceIDs });
    const entries = [entry('uid-1', { '0': ['a'], '1': ['b'] }), entry('uid-1', ['c']), entry('uid-2', { '0': ['x'] })];
    writeFileSync(checkpoint, JSON.stringify({ Data: { PodDeviceEntries: entries } }));
    expect(await allocated({ checkpoint })).toEqual({ 'intel.com/sriov': ['a', 'b', 'c'] });
    writeFileSync(checkpoint, '{"Data":');
    await expect(allocated({ checkpoint })).rejects.toMatchObject({ reason: 'DevicesUnavailable' });
  });

  it('is nowhere: there are no devices', async () => {
    expect(await allocated({})).toEqual({});
  });
});

describe('a claim', () => {
  const certificates = makeCertificates();
  const claimPath = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/nics';
  const pod = (status: Json): Json => ({
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1' },
    spec: { nodeName: 'node-1' },
    status,
  });
  const claimed = { resourceClaimStatuses: [{ name: 'nic', resourceClaimName: 'nics' }, { name: 'later' }] };
  const results = (...devices: readonly string[]) => ({
    status: {
      allocation: {
        devices: { results: devices.map((device) => ({ driver: 'nics.example', pool: 'node-1', device })) },
      },
    },
  });
  const attributes = (id: string) => ({
    'k8s.cni.cncf.io/deviceID': { string: id },
    'k8s.cni.cncf.io/resourceName': { string: 'intel.com/sriov' },
  });
  const slice = (generation: number, id: string) => ({
    spec: {
      pool: { name: 'node-1', generation },
      devices: [
        { name: 'vf0', attributes: attributes(id) },
        { name: 'vf1', attributes: attributes(`${id}-1`) },
        { name: 'gpu0', attributes: {} },
      ],
    },
  });
  const slices = { items: [slice(1, 'old'), slice(2, 'new')] };

  const find = async (objects: Readonly<Record<string, Json>>) => {
    const all = { '/apis/resource.k8s.io/v1/resourceslices': slices, ...objects };
    const server = apiServer(certificates, { objects: all });
    const content = kubeconfig(
      { server: server.url, 'certificate-authority-data': base64(certificates.ca) },
      { token: 'good' },
    );
    const devices = createDevices({ kubeconfig: writeKubeconfig(content) }, files, fakeLog());
    return { found: Object.fromEntries(await devices.claimed(web)), seen: server.seen };
  };

  it('gives what the newest slice of its driver says; a GPU is no network', async () => {
    const { found, seen } = await find({
      [podPath('web')]: pod(claimed),
      [claimPath]: results('vf0', 'gpu0', 'vf1', 'gone'),
    });
    expect(found).toEqual({ 'intel.com/sriov': ['new', 'new-1'] });
    expect(seen.filter(({ path }) => path.endsWith('resourceslices')).length).toBe(1);
    expect(seen.at(-1)?.query).toBe('fieldSelector=spec.nodeName%3Dnode-1%2Cspec.driver%3Dnics.example');
  });

  it('may stand for an extended resource', async () => {
    const status = { extendedResourceClaimStatus: { resourceClaimName: 'nics', requestMappings: [] } };
    const { found } = await find({ [podPath('web')]: pod(status), [claimPath]: results('vf0') });
    expect(found).toEqual({ 'intel.com/sriov': ['new'] });
  });

  it('is not needed: a pod without claims costs one request', async () => {
    const { found, seen } = await find({ [podPath('web')]: pod({}) });
    expect([found, seen.length]).toEqual([{}, 1]);
  });

  it.each<[string, Readonly<Record<string, Json>>]>([
    ['is not there', {}],
    ['has nothing allocated', { [claimPath]: { status: {} } }],
  ])('that %s is DevicesUnavailable', async (_, objects) => {
    await expect(find({ [podPath('web')]: pod(claimed), ...objects })).rejects.toMatchObject({
      reason: 'DevicesUnavailable',
      problem: expect.stringContaining('ResourceClaim default/nics'),
    });
  });
});
