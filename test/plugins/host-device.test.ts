/** host-device against the fake kernel: which device it takes, and that it comes back. */
import { describe, expect, it } from 'vitest';
import { hostDevice } from '../../plugins/host-device';
import { fakeFiles } from '../../src/model/files';
import { ifName } from '../../src/net/names';
import { exhausted, fixedIpam, lab } from './lab';

const node = { hostLinks: ['eth0', { name: 'ens3', mac: '02:00:00:00:00:31' as never }] };

describe('host-device', () => {
  it('moves the device into the pod under the name asked for, and back', async () => {
    const ipam = fixedIpam(['10.1.0.5/24']);
    const { host, pod, add, check, del } = lab({ ...node, ipam });
    const result = await add(hostDevice, { device: 'ens3', dns: { domain: 'lab' } });
    expect(host.names()).toEqual(['eth0']);
    expect(pod.link('net1')).toMatchObject({ alias: 'ens3', up: true });
    expect(result).toEqual({
      interfaces: [{ name: 'net1', mac: '02:00:00:00:00:31', sandbox: '/var/run/netns/pod' }],
      ips: [{ address: '10.1.0.5/24', interface: 0 }],
      routes: [],
      dns: { domain: 'lab' },
    });
    await check(hostDevice, { device: 'ens3' }, result);
    for (const _ of [1, 2]) await del(hostDevice, { device: 'ens3' });
    expect(host.link('ens3')).toMatchObject({ alias: undefined, up: false });
    expect([pod.names(), ipam.held]).toEqual([[], false]);
  });

  it.each([
    ['its MAC', { hwaddr: '02:00:00:00:00:31' }],
    ['a path of the kernel', { kernelpath: '/sys/devices/pci0000:00/0000:00:03.0' }],
    ['its PCI address', { pciBusID: '0000:00:03.0' }],
    ['the PCI address of a virtio device', { pciBusID: '0000:00:04.0' }],
    ['the PCI address that the runtime gives', { device: 'eth0', runtimeConfig: { deviceID: '0000:00:03.0' } }],
    ['the auxiliary device that the runtime gives', { runtimeConfig: { deviceID: 'mlx5_core.sf.4' } }],
  ])('finds the device by %s', async (_, config) => {
    const files = fakeFiles({
      '/sys/devices/pci0000:00/0000:00:03.0/net/ens3/address': '',
      '/sys/bus/pci/devices/0000:00:03.0/net/ens3/address': '',
      '/sys/bus/pci/devices/0000:00:04.0/virtio1/net/ens3/address': '',
      '/sys/bus/auxiliary/devices/mlx5_core.sf.4/net/ens3/address': '',
    });
    const { pod, add } = lab(node);
    await add(hostDevice, config, { files });
    expect(pod.link('net1').alias).toBe('ens3');
  });

  it.each([
    ['told by its PCI address', {}],
    ['that has a name as well', { device: 'ens3' }],
  ])('leases addresses for a device %s that a program of the pod drives, and moves nothing', async (_, keys) => {
    const files = fakeFiles({ '/sys/bus/pci/drivers/vfio-pci/0000:00:03.0/x': '' });
    const { host, pod, add, del } = lab({ ...node, ipam: fixedIpam(['10.1.0.5/24']) });
    const config = { pciBusID: '0000:00:03.0', ...keys };
    const result = await add(hostDevice, config, { files });
    expect(result).toMatchObject({ interfaces: [{ name: 'net1' }], ips: [{ address: '10.1.0.5/24', interface: 0 }] });
    expect(pod.names()).toEqual([]);
    await del(hostDevice, config, { files });
    expect(host.names()).toEqual(['eth0', 'ens3']);
  });

  it.each([
    ['its own dns beside addresses', fixedIpam(['10.1.0.5/24']), { domain: 'lab' }],
    ['none at layer 2, as the reference plugin', undefined, {}],
  ])('shows %s', async (_, ipam, dns) => {
    const result = await lab({ ...node, ipam }).add(hostDevice, { device: 'ens3', dns: { domain: 'lab' } });
    expect(result.dns).toEqual(dns);
  });

  it.each([
    ['a missing device', { device: 'ens9' }, 'Cannot find device ens9'],
    ['a MAC that nobody has', { hwaddr: '02:00:00:00:00:99' }, 'a device with MAC 02:00:00:00:00:99'],
    ['a PCI device without a link', { pciBusID: '0000:00:09.0' }, '/sys/bus/pci/devices/0000:00:09.0'],
    ['lo', { device: 'lo' }, 'every namespace keeps its own'],
  ])('names %s', async (_, config, problem) => {
    await expect(lab(node).add(hostDevice, config)).rejects.toMatchObject({
      problem: expect.stringContaining(problem),
    });
  });

  it.each([
    {},
    { kernelpath: '/etc' },
    { kernelpath: '/sys/devices/../kernel' },
    { pciBusID: '../../x' },
    { runtimeConfig: { deviceID: '../x.y' } },
  ])('refuses %j', (config) => {
    expect(() => hostDevice.bind(config)).toThrow(expect.objectContaining({ reason: 'ConfigInvalid' }));
  });

  it('gives the device back as it was when the pool is exhausted', async () => {
    const { host, pod, add } = lab({ ...node, ipam: exhausted });
    const before = host.link('ens3');
    await expect(add(hostDevice, { device: 'ens3' })).rejects.toMatchObject({ reason: 'PoolExhausted' });
    expect([host.link('ens3'), pod.names()]).toEqual([before, []]);
  });

  it('takes nothing when the pod has a link of that name', async () => {
    const { host, pod, add } = lab(node);
    await pod.createLink({ kind: 'dummy', name: ifName('net1', 'test') });
    await expect(add(hostDevice, { device: 'ens3' })).rejects.toMatchObject({ reason: 'LinkExists' });
    expect(host.link('ens3').alias).toBeUndefined();
    expect(pod.link('net1').detail.kind).toBe('dummy');
  });

  it('leaves the device in the pod when its name is taken on the node', async () => {
    const { host, pod, add, del } = lab(node);
    await add(hostDevice, { device: 'ens3' });
    await host.createLink({ kind: 'dummy', name: ifName('ens3', 'test') });
    await expect(del(hostDevice, { device: 'ens3' })).rejects.toMatchObject({ reason: 'LinkExists' });
    expect(pod.link('net1')).toMatchObject({ up: true, alias: 'ens3' });
  });

  it('gives a device its name back that came home with the end of the namespace', async () => {
    const { kernel, host, add, del } = lab(node);
    const result = await add(hostDevice, { device: 'ens3' });
    kernel.removeNamespace('/var/run/netns/pod');
    expect(host.names()).toEqual(['eth0', 'net1']);
    await del(hostDevice, { device: 'ens3' }, { pod: undefined, prevResult: result });
    expect(host.link('ens3').alias).toBeUndefined();
  });
});
