/** What is written to the API server: the annotation network-status and Events on pods. */
import { describe, expect, it } from 'vitest';
import { files } from '../../src/disk/files';
import type { Json } from '../../src/json';
import type { Patience } from '../../src/kube/patience';
import { createPublisher } from '../../src/kube/publisher';
import { fakeLog } from '../../src/model/log';
import type { PodEvent } from '../../src/pod/event';
import { statusAnnotation } from '../../src/pod/status';
import { apiServer } from './api';
import { type ApiOptions, podObject, podPath, status } from './api-server';
import { makeCertificates } from './certificates';
import { base64, kubeconfig, writeKubeconfig } from './kubeconfigs';

const certificates = makeCertificates();
const patience: Patience = { request: 5000, total: 1000, pause: 1 };
const web = { namespace: 'default', name: 'web', uid: 'uid-1' };
const objects = { [podPath('web')]: podObject('web', 'uid-1', { of: 'others' }) };

function cluster(options: ApiOptions = {}, token = 'good') {
  const server = apiServer(certificates, { objects, readers: ['reader'], ...options });
  const content = kubeconfig({ server: server.url, 'certificate-authority-data': base64(certificates.ca) }, { token });
  const place = { kubeconfig: writeKubeconfig(content) };
  return { server, publisher: createPublisher(place, files, fakeLog(), { node: 'node-1', patience }) };
}
const annotations = (object: Json | undefined) => (object as { metadata: { annotations: Json } }).metadata.annotations;

describe('the status', () => {
  it('becomes an annotation of the pod, beside others', async () => {
    const { server, publisher } = cluster();
    expect(await publisher.writeStatus(web, '[{}]')).toBe('written');
    expect(annotations(server.objects[podPath('web')])).toEqual({ of: 'others', [statusAnnotation]: '[{}]' });
    expect(server.seen.map(({ method, path }) => [method, path])).toEqual([['PATCH', `${podPath('web')}/status`]]);
  });

  it('is written when the runtime does not say which uid', async () => {
    const { publisher } = cluster();
    expect(await publisher.writeStatus({ ...web, uid: undefined }, '[]')).toBe('written');
  });

  it('is not written to another pod of that name', async () => {
    const { server, publisher } = cluster();
    expect(await publisher.writeStatus({ ...web, uid: 'uid-0' }, '[]')).toBe('another');
    expect(annotations(server.objects[podPath('web')])).toEqual({ of: 'others' });
  });

  it('of a pod that the cluster does not have is nowhere', async () => {
    const { publisher } = cluster();
    expect(await publisher.writeStatus({ ...web, name: 'gone' }, '[]')).toBe('missing');
  });

  const mirror = (annotations: Readonly<Record<string, string>>) => ({
    [podPath('web')]: podObject('web', 'uid-of-mirror', { 'kubernetes.io/config.source': 'file', ...annotations }),
  });
  it.each([
    [
      'the manifest that runs',
      { 'kubernetes.io/config.mirror': 'uid-1', 'kubernetes.io/config.hash': 'uid-1' },
      'written',
    ],
    ['that says its hash only', { 'kubernetes.io/config.hash': 'uid-1' }, 'written'],
    ['of an earlier manifest', { 'kubernetes.io/config.mirror': 'uid-0' }, 'another'],
  ])('of a static pod goes to its mirror: %s', async (_, annotations, outcome) => {
    const { publisher } = cluster({ objects: mirror(annotations) });
    expect(await publisher.writeStatus(web, '[]')).toBe(outcome);
  });

  it.each([
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
    [429, 'TooManyRequests'],
    [409, 'Conflict'],
  ])('is written after HTTP %i', async (code, reason) => {
    const { server, publisher } = cluster({ first: [() => status(code, reason, 'not now')] });
    expect(await publisher.writeStatus(web, '[]')).toBe('written');
    expect(annotations(server.objects[podPath('web')])).toMatchObject({ [statusAnnotation]: '[]' });
  });

  it('is given up when there is always a conflict', async () => {
    const conflict = () => status(409, 'Conflict', 'the object has been modified');
    const pod = () => Response.json(objects[podPath('web')]);
    const { publisher } = cluster({ first: Array.from({ length: 5 }, () => [conflict, pod]).flat() });
    await expect(publisher.writeStatus(web, '[]')).rejects.toMatchObject({
      reason: 'PublishFailed',
      message: expect.stringContaining('HTTP 409 (the object has been modified)'),
    });
  });

  it('is given up when the API server is never well', async () => {
    const { publisher } = cluster({ first: Array.from({ length: 999 }, () => () => status(500, 'E', 'no quorum')) });
    await expect(publisher.writeStatus(web, '[]')).rejects.toMatchObject({ reason: 'PodUnavailable' });
  });

  it('is refused to an account without the right, whose name is told', async () => {
    const { publisher } = cluster({}, 'reader');
    await expect(publisher.writeStatus(web, '[]')).rejects.toMatchObject({
      reason: 'ClusterRefused',
      message: expect.stringMatching(
        /^Cannot write the network status of pod default\/web to https.*asked with .*token/,
      ),
    });
  });
});

const event = (changes: Partial<PodEvent> = {}): PodEvent => ({
  pod: web,
  type: 'Warning',
  reason: 'FailedAddInterface',
  message: 'no address',
  name: 'web.0123456789abcdef',
  counted: true,
  ...changes,
});
const eventPath = '/api/v1/namespaces/default/events/web.0123456789abcdef';

describe('an Event', () => {
  it('is one that kubectl describe shows', async () => {
    const { server, publisher } = cluster();
    await publisher.writeEvent(event());
    const made = server.objects[eventPath];
    expect(made).toMatchObject({
      kind: 'Event',
      type: 'Warning',
      reason: 'FailedAddInterface',
      message: 'no address',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid: 'uid-1' },
      source: { component: 'braid', host: 'node-1' },
      reportingComponent: 'braid',
      reportingInstance: 'node-1',
      count: 1,
    });
    expect(made?.firstTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(made?.lastTimestamp).toBe(made?.firstTimestamp);
  });

  it('said again is counted, with the newest message, and needs no right to read Events', async () => {
    const { server, publisher } = cluster();
    await publisher.writeEvent(event());
    await publisher.writeEvent(event({ message: 'still no address' }));
    expect(server.objects[eventPath]).toMatchObject({ count: 2, message: 'still no address' });
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'PATCH', 'PATCH']);
  });

  it('that is not to be counted is there once', async () => {
    const { server, publisher } = cluster();
    for (let times = 0; times < 3; times += 1) await publisher.writeEvent(event({ counted: false }));
    expect(server.objects[eventPath]).toMatchObject({ count: 1 });
  });

  it.each([
    ['25 at once', 24, 0, 25],
    ['not a 26th', 25, 0, 25],
    ['one more after five minutes', 25, 301, 26],
    ['no second one in the same five minutes', 26, 301, 26],
  ])('is counted as rarely as client-go does: %s', async (_, count, ago, after) => {
    const firstTimestamp = new Date(Date.now() - ago * 1000).toISOString();
    const known = {
      kind: 'Event',
      metadata: { name: 'web.0123456789abcdef', resourceVersion: '7' },
      count,
      firstTimestamp,
    };
    const { server, publisher } = cluster({ objects: { [eventPath]: known } });
    await publisher.writeEvent(event());
    expect(server.objects[eventPath]).toMatchObject({ count: after });
  });

  it('that expires while it is counted is no failure, and neither is one in a namespace that ends', async () => {
    const { publisher } = cluster({
      first: [() => status(409, 'AlreadyExists', 'x'), () => status(404, 'NotFound', 'x')],
    });
    await publisher.writeEvent(event());
    await publisher.writeEvent(event({ pod: { ...web, namespace: 'ending' } }));
  });

  it('that the API server takes for wrong is PublishFailed', async () => {
    const { publisher } = cluster({ first: [() => status(422, 'Invalid', 'message: too long')] });
    await expect(publisher.writeEvent(event())).rejects.toMatchObject({ reason: 'PublishFailed' });
  });
});
