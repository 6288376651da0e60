/** The keys of host-device. Data only. */
import { dns, plugin } from '../../src/cni/schema';
import { anything, text } from '../../src/schema';

export const hostDeviceSchema = plugin(
  'host-device',
  'A link of the node moves into the pod. One of device, hwaddr, kernelpath, pciBusID or a device of the annotation chooses it.',
  {
    device: text('Its name.'),
    hwaddr: text('Its MAC address.'),
    kernelpath: text('Directory below /sys/devices of its device.'),
    pciBusID: text('PCI address of its device.', {
      pattern: '^([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7])?$',
      examples: ['0000:3b:00.1'],
    }),
    deviceID: anything('Added by Braid for a network with a resource.'),
    dns,
  },
);
