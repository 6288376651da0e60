/** Devices of a pod's networks: which gets which, what its delegate is given, and what is left when the pod goes. */
import { describe, expect, it } from 'vitest';
import { CniError } from '../../src/error';
import type { Json } from '../../src/json';
import { type WorldOptions, world } from './world';

const resource = 'intel.com/sriov';
const sriov = (capabilities: Json = { deviceID: true, CNIDeviceInfoFile: true }): Json => ({
  cniVersion: '1.0.0',
  type: 'sriov',
  capabilities,
});
const result = JSON.stringify({ cniVersion: '1.0.0', interfaces: [], ips: [] });

function node(options: WorldOptions & { readonly add?: () => string } = {}) {
  const given: Json[] = [];
  const made = world({
    networks: { 'default/a': sriov(), 'default/b': sriov(), 'default/plain': sriov() },
    resourceNames: { 'default/a': resource, 'default/b': resource },
    foreign: {
      sriov: ({ command, stdin }) => {
        if (command === 'ADD') given.push(stdin);
        return command === 'ADD' ? (options.add?.() ?? result) : '';
      },
    },
    ...options,
  });
  return { ...made, given };
}

const dp = '/var/run/k8s.cni.cncf.io/devinfo/dp/intel.com-sriov-0000:03:02.1-device.json';
const cni = '/var/run/k8s.cni.cncf.io/devinfo/cni/default-a-c1_net1';
const info = { type: 'pci', version: '1.1.0', pci: { 'pci-address': '0000:03:02.1' } };

describe('a network with a resource', () => {
  it('gets the devices of the pod in the order of their ids, as deviceID, pciBusID and capability', async () => {
    const { add, given, edges } = node({ devices: { allocated: { [resource]: ['0000:03:02.9', '0000:03:02.1'] } } });
    await add('a,b,plain');
    expect(given.map(({ deviceID, pciBusID }) => [deviceID, pciBusID])).toEqual([
      ['0000:03:02.1', '0000:03:02.1'],
      ['0000:03:02.9', '0000:03:02.9'],
      [undefined, undefined],
    ]);
    expect(given[0]?.runtimeConfig).toEqual({ deviceID: '0000:03:02.1', CNIDeviceInfoFile: cni });
    expect(edges.devices.asked).toEqual(['kubelet']);
  });

  it('gets a claimed device when device plugins gave too few', async () => {
    const { add, given, edges } = node({
      devices: { allocated: { [resource]: ['a0'] }, claimed: { [resource]: ['b0'] } },
    });
    await add('a,b');
    expect([given.map(({ deviceID }) => deviceID), edges.devices.asked]).toEqual([
      ['a0', 'b0'],
      ['kubelet', 'API server'],
    ]);
  });

  it('gets the device of its resource rather than the one that the annotation names', async () => {
    const { add, given } = node({ devices: { allocated: { [resource]: ['a0'] } } });
    await add('[{"name":"a","deviceID":"mine"},{"name":"plain","deviceID":"mine"}]');
    expect(given.map(({ deviceID, runtimeConfig }) => [deviceID, (runtimeConfig as Json).deviceID])).toEqual([
      ['a0', 'a0'],
      [undefined, 'mine'],
    ]);
  });

  it('gets none when the pod has none of the resource, and that is told', async () => {
    const { add, given, edges } = node();
    await add('a');
    expect(given[0]).not.toHaveProperty('deviceID');
    expect(edges.log.entries.map(({ message }) => message)).toContain('the pod has no device of that resource');
  });

  it.each<[string, WorldOptions, Json]>([
    [
      'when there are too few devices',
      { devices: { allocated: { [resource]: ['a0'] } } },
      {
        reason: 'DeviceMissing',
        where: { network: 'default/b' },
        problem: expect.stringContaining('has 1, its networks need 2'),
      },
    ],
    [
      'when kubelet does not answer',
      { devices: { allocated: new CniError('DevicesUnavailable', 'Cannot ask kubelet') } },
      { reason: 'DevicesUnavailable' },
    ],
    [
      'when a claim has no devices',
      { devices: { claimed: new CniError('DevicesUnavailable', 'nothing is allocated') } },
      { reason: 'DevicesUnavailable' },
    ],
  ])('fails the ADD before anything is attached %s', async (_, options, error) => {
    const { add, given, pod } = node(options);
    await expect(add('a,b')).rejects.toMatchObject(error);
    expect([given, pod.names()]).toEqual([[], []]);
  });
});

it('nobody is asked for devices when no network has a resource', async () => {
  const { add, edges } = node();
  await add('plain');
  expect(edges.devices.asked).toEqual([]);
});

describe('what is known of a device', () => {
  const devices = { allocated: { [resource]: ['0000:03:02.1'] } };
  const deviceFiles = { [dp]: JSON.stringify(info), [cni]: 'of an earlier pod' };

  it('is handed to the delegate, stands in the network status and goes with the pod', async () => {
    const { add, del, edges } = node({ devices, deviceFiles });
    await add('a');
    expect(edges.deviceFiles.texts.get(cni)).toBe(JSON.stringify(info));
    expect(JSON.parse(edges.publisher.statuses[0]?.status ?? '')[1]).toMatchObject({
      name: 'default/a',
      'device-info': info,
    });
    await del();
    expect([...edges.deviceFiles.texts.keys()]).toEqual([dp]);
  });

  it('is what the delegate writes, if it does', async () => {
    const own = { type: 'memif', memif: { path: '/x' } };
    const made: ReturnType<typeof node> = node({
      devices,
      add: () => {
        made.edges.deviceFiles.texts.set(cni, JSON.stringify(own));
        return result;
      },
    });
    await made.add('a');
    expect(JSON.parse(made.edges.publisher.statuses[0]?.status ?? '')[1]['device-info']).toEqual(own);
  });

  it('goes when the ADD fails', async () => {
    const failing = (): string => {
      throw new CniError('DelegateFailed', 'no VF');
    };
    const { add, edges } = node({ devices, deviceFiles, add: failing });
    await expect(add('a')).rejects.toMatchObject({ reason: 'DelegateFailed' });
    expect([...edges.deviceFiles.texts.keys()]).toEqual([dp]);
  });

  it('fails nothing when it is no JSON', async () => {
    const { add, edges, record } = node({ devices, deviceFiles: { [dp]: 'torn{' } });
    await add('a');
    expect((await record())?.attachments[1]?.deviceInfo).toBeUndefined();
    expect(edges.log.entries.map(({ message }) => message)).toContain('could not read what is known of a device');
  });
});
