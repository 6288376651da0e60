/** What `braid add`, `check` and `del` hand to the engine: what a runtime would. */
import { describe, expect, it } from 'vitest';
import type { AttachRecord } from '../../src/attach/record';
import { configOf, containerOf, environmentOfAdd, isByHand, netnsPathOf, requestOf } from '../../src/bin/by-hand';
import { findRecord } from '../../src/bin/find-record';
import { parseConfig } from '../../src/cni/config';
import { parseRequest } from '../../src/cni/request';
import { failing } from '../failing';

const pod = { namespace: 'team', name: 'web', uid: 'real', annotations: { 'k8s.v1.cni.cncf.io/networks': 'a' } };
const lab = { netns: 'lab', ifName: 'eth0', pod, binDirs: ['/opt/cni/bin', '/usr/lib/cni'] };
const recordOf = (containerId: string, name?: string): AttachRecord =>
  ({
    containerId,
    ifName: 'eth0',
    netns: '/run/netns/lab',
    pod: name === undefined ? undefined : { namespace: 'team', name, uid: undefined },
  }) as AttachRecord;

describe('add', () => {
  it('is an ADD of the namespace, by path or by its name for ip netns', () => {
    expect(netnsPathOf('lab')).toBe('/run/netns/lab');
    expect(containerOf('lab')).toBe(containerOf('/run/netns/lab'));
    expect(parseRequest(environmentOfAdd(lab))).toMatchObject({
      command: 'ADD',
      containerId: containerOf('lab'),
      netns: '/run/netns/lab',
      ifName: 'eth0',
      path: ['/opt/cni/bin', '/usr/lib/cni'],
    });
  });

  it("names the pod, and never says a real one's uid, so no status is written over", () => {
    const request = parseRequest(environmentOfAdd(lab));
    expect(request).toMatchObject({ pod: { namespace: 'team', name: 'web', uid: containerOf('lab') } });
    expect(parseRequest(environmentOfAdd({ ...lab, pod: undefined }))).toMatchObject({ pod: undefined });
  });

  it('refuses what a runtime could not say', () => {
    expect(() => parseRequest(environmentOfAdd({ ...lab, ifName: 'eth/0' }))).toThrow(failing('EnvironmentInvalid'));
    const uid = parseRequest(environmentOfAdd({ ...lab, pod: { ...pod, name: 'web;K8S_POD_UID=real' } }));
    expect(uid).toMatchObject({ pod: { uid: containerOf('lab') } }); // the last one counts
  });

  it('hands the annotations over, and the networks of other directories instead of the own ones', () => {
    const node = JSON.stringify({
      cniVersion: '1.0.0',
      name: 'braid',
      type: 'braid',
      networksDir: '/etc/cni/braid/networks',
      delegates: [{ cniVersion: '1.0.0', name: 'c', type: 'bridge' }],
    });
    const told = parseConfig(configOf(node, pod, ['/tmp/networks']));
    expect(told).toMatchObject({ podAnnotations: pod.annotations, networksDir: ['/tmp/networks'] });
    expect(parseConfig(configOf(node, undefined, undefined))).toMatchObject({
      podAnnotations: {},
      networksDir: ['/etc/cni/braid/networks'],
    });
  });
});

describe('check and del', () => {
  it('speak of what is recorded', () => {
    const record = recordOf(containerOf('lab'), 'web');
    const said = { containerId: record.containerId, ifName: 'eth0', netns: '/run/netns/lab', path: ['/opt/cni/bin'] };
    expect(requestOf('DEL', record, ['/opt/cni/bin'])).toMatchObject({ command: 'DEL', ...said });
    expect(requestOf('CHECK', record, ['/opt/cni/bin'])).toMatchObject({ ...said, pod: { name: 'web' } });
    expect(requestOf('CHECK', recordOf('c1'), []).pod).toBeUndefined();
  });

  it('find it by what add was given, and know it from what a runtime attached', () => {
    const [mine, theirs] = [recordOf(containerOf('lab')), recordOf('4f5a12', 'web')];
    expect(findRecord('lab', [theirs, mine])).toBe(mine);
    expect(findRecord('/run/netns/lab', [theirs, mine])).toBe(mine);
    expect([isByHand(mine), isByHand(theirs)]).toEqual([true, false]);
  });
});
