/** What a host-device network's configuration says. Pure. */
import { parseDns } from '../../src/cni/dns';
import type { Dns } from '../../src/cni/result';
import { fail } from '../../src/error';
import { type Fields, record, shown, string } from '../../src/json';
import { type Mac, mac } from '../../src/net/mac';

/** Which device of the node: by name, by MAC, or by a directory of /sys whose `net` names it. */
export type Device =
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'mac'; readonly mac: Mac }
  | { readonly by: 'path'; readonly path: string; readonly pci: string | undefined };

/** Keys of the reference plugin. */
export interface HostDeviceConfig {
  readonly device: Device;
  readonly dns: Dns;
}

const pciAddress = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i;
const auxiliary = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_-]+)+$/;

/** Bytes only. */
export function parse(input: unknown): HostDeviceConfig {
  const c = record(input);
  return { device: parseDevice(c), dns: parseDns(c.dns) };
}

/** What the runtime asks for wins; then the keys in the order of the reference plugin. */
function parseDevice(c: Fields): Device {
  const asked = string(record(c.runtimeConfig ?? {}, 'runtimeConfig').deviceID, 'runtimeConfig.deviceID');
  if (asked !== '') return pciAddress.test(asked) ? byPci(asked) : byAuxiliary(asked);
  const [name, hwaddr, path, pci] = ['device', 'hwaddr', 'kernelpath', 'pciBusID'].map((key) => string(c[key], key));
  if (name) return { by: 'name', name };
  if (hwaddr) return { by: 'mac', mac: mac(hwaddr, 'hwaddr') };
  if (path) return byPath(path);
  if (pci) return byPci(pci);
  return fail('ConfigInvalid', 'Cannot choose a device: specify either "device", "hwaddr", "kernelpath" or "pciBusID"');
}

function byPci(pci: string): Device {
  if (!pciAddress.test(pci)) fail('ConfigInvalid', `Cannot use ${shown(pci)} as pciBusID: need one like 0000:3b:00.1`);
  return { by: 'path', path: `/sys/bus/pci/devices/${pci}`, pci };
}

function byAuxiliary(id: string): Device {
  if (!auxiliary.test(id))
    fail('ConfigInvalid', `Cannot use ${shown(id)} as deviceID: need a PCI address or the name of an auxiliary device`);
  return { by: 'path', path: `/sys/bus/auxiliary/devices/${id}`, pci: undefined };
}

function byPath(path: string): Device {
  if (!path.startsWith('/sys/devices/') || path.split('/').includes('..'))
    fail('ConfigInvalid', `Cannot use ${shown(path)} as kernelpath: need a directory below /sys/devices`);
  return { by: 'path', path, pci: undefined };
}
