/** Finds the device that a configuration means, among the node's links and in /sys. Reads both through the context. */
import type { Files, Netns } from '../../src/attach/ports';
import { fail } from '../../src/error';
import type { Link } from '../../src/net/link';
import type { Device, HostDeviceConfig } from './config';

const userSpaceDrivers = ['vfio-pci', 'uio_pci_generic', 'igb_uio'];

/** Whether a program of the pod drives the device by itself, so that it is no link of any namespace. */
export async function isUserSpace({ pci }: HostDeviceConfig, files: Files): Promise<boolean> {
  if (pci === undefined) return false;
  for (const driver of userSpaceDrivers) if (await files.exists(`/sys/bus/pci/drivers/${driver}/${pci}`)) return true;
  return false;
}

/** The node's link. LinkMissing says which device was looked for. */
export async function requireDevice(device: Device, host: Netns, files: Files): Promise<Link> {
  const missing = (what: string): never =>
    fail('LinkMissing', `Cannot find ${what} on this node: failed to find host device`);
  switch (device.by) {
    case 'name':
      return (await host.findLink(device.name)) ?? missing(`device ${device.name}`);
    case 'mac':
      return (await host.links()).find(({ mac }) => mac === device.mac) ?? missing(`a device with MAC ${device.mac}`);
    case 'path': {
      const name = (await nameIn(device.path, files)) ?? missing(`a network device in ${device.path}`);
      return (await host.findLink(name)) ?? missing(`device ${name} of ${device.path}`);
    }
  }
}

/** Devices of virtio have their link one directory further down. */
async function nameIn(path: string, files: Files): Promise<string | undefined> {
  const virtio = (await files.list(path)).filter((entry) => entry.startsWith('virtio'));
  for (const place of [path, ...virtio.map((entry) => `${path}/${entry}`)]) {
    const [name] = await files.list(`${place}/net`);
    if (name !== undefined) return name;
  }
  return undefined;
}
