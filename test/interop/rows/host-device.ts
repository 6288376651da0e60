/** Rows of host-device. Data only. */
import type { Row } from '../twins';
import { dual, fixed, inVersions, one, onlyBraidRefuses, pool, rowsOf, taken, wholeDns } from './words';

const pciBusID = '0000:3b:00.1';

/** A bus of the guest’s own, with dev0 as the link of one device; its driver decides who drives it. */
const withBus = (driver: string): Partial<Row> => ({
  node: [
    'mountpoint -q /sys/bus/pci || mount -t tmpfs tmpfs /sys/bus/pci; rm -rf /sys/bus/pci/*',
    `mkdir -p /sys/bus/pci/devices/${pciBusID}/net/dev0 /sys/bus/pci/drivers/${driver}/${pciBusID}`,
    `ln -s ../../drivers/${driver} /sys/bus/pci/devices/${pciBusID}/driver`,
  ].join('; '),
});

/** A device of the guest’s own among those of the kernel, with dev0 as its link. */
const withPath: Partial<Row> = {
  node: 'd=/sys/devices/software; mountpoint -q $d || mount -t tmpfs tmpfs $d; mkdir -p $d/nic/net/dev0',
};

export const hostDeviceRows: readonly Row[] = [
  ...rowsOf(
    'host-device',
    {},
    {
      'by name': { device: 'dev0' },
      'by MAC': { hwaddr: '02:00:00:00:de:00' },
      'an address': { device: 'dev0', ...one },
      'both families': { device: 'dev0', ...dual },
      'a pool': { device: 'dev0', ...pool(['10.1.0.0/24']) },
      'a default route': {
        device: 'dev0',
        ...fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
      },
      dns: { device: 'dev0', ...wholeDns, ...one },
      'dns at layer 2': { device: 'dev0', ...wholeDns },
    },
  ),
  ...rowsOf(
    'host-device',
    { device: 'dev0' },
    { 'a device that is up': one },
    { node: 'ip link set dev0 up; ip link set dev1 up; ip addr add 10.6.0.1/24 dev dev0' },
  ),
  ...rowsOf(
    'host-device',
    { device: 'dev0' },
    { 'a device with an MTU and a queue': one },
    { node: 'ip link set dev0 mtu 1400 txqueuelen 77' },
  ),
  ...rowsOf('host-device', {}, { 'by its place': { kernelpath: '/sys/devices/software/nic', ...one } }, withPath),
  ...rowsOf(
    'host-device',
    {},
    {
      'by PCI address': { pciBusID, ...one },
      'the device that the runtime asks for': { runtimeConfig: { deviceID: pciBusID }, ...one },
    },
    withBus('mlx5_core'),
  ),
  ...rowsOf(
    'host-device',
    {},
    {
      'a device that a program of the pod drives': { pciBusID },
      'the name beside such a device': { device: 'dev0', pciBusID, ...one },
    },
    withBus('vfio-pci'),
  ),
  ...rowsOf(
    'host-device',
    { device: 'dev0' },
    { 'a device with an alias': {} },
    { node: 'ip link set dev0 alias spare' },
  ),
  ...rowsOf('host-device', { device: 'dev0' }, { 'an interface that is there': one }, taken),
  ...rowsOf(
    'host-device',
    {},
    { 'a path that turns round': { kernelpath: '/sys/devices/../devices/software/nic' } },
    { ...withPath, ...onlyBraidRefuses('host-device takes a `kernelpath` with `..` in it') },
  ),
  ...inVersions({ name: 'host-device: an address', plugins: [{ type: 'host-device', device: 'dev0', ...one }] }),
  ...rowsOf(
    'host-device',
    {},
    {
      'no device': {},
      'a device that is not there': { device: 'nope' },
      'a path outside of /sys/devices': { kernelpath: '/etc' },
      'a path that is not there': { kernelpath: '/sys/devices/nope' },
      'half a MAC': { hwaddr: '02:00' },
      'a MAC that no link has': { hwaddr: '02:00:00:00:de:77' },
      'a PCI device that is not there': { pciBusID: '0000:ff:1f.7' },
    },
    { fails: true },
  ),
];
