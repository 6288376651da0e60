/** Rows of host-device. Data only. */
import type { Row } from '../twins';
import { dual, fixed, inVersions, one, pool, rowsOf } from './words';

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
      dns: { device: 'dev0', dns: { domain: 'lab' }, ...one },
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
