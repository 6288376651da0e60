/** What a host-device network's configuration says. Pure. */
import { parseDns } from '../../src/cni/dns';
import type { Dns } from '../../src/cni/result';
import { fail } from '../../src/error';
import { type Fields, record, shown, string } from '../../src/json';
import { type Mac, mac } from '../../src/net/mac';

/** Which link of the node: by name, by MAC, or by a directory of /sys whose `net` names it. */
export type Device =
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'mac'; readonly mac: Mac }
  | { readonly by: 'path'; readonly path: string };

/** Keys of the reference plugin. */
export interface HostDeviceConfig {
  readonly device: Device;
  readonly pci: string | undefined; // PCI address that is told, also beside another key: its driver decides whether there is a link
  readonly dns: Dns;
}

const pciAddress = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i;
const auxiliary = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_-]+)+$/;

/** Bytes only. */
export function parse(input: unknown): HostDeviceConfig {
  const c = record(input);
  return { ...parseDevice(c), dns: parseDns(c.dns) };
}

/** What the runtime asks for wins; then the keys in the order of the reference plugin. */
function parseDevice(c: Fields): Pick<HostDeviceConfig, 'device' | 'pci'> {
  const asked = string(record(c.runtimeConfig ?? {}, 'runtimeConfig').deviceID, 'runtimeConfig.deviceID');
  if (asked !== '' && !pciAddress.test(asked)) return { device: byAuxiliary(asked), pci: undefined };
  const pci = parsePci(asked || string(c.pciBusID, 'pciBusID'));
  const [name, hwaddr, path] = ['device', 'hwaddr', 'kernelpath'].map((key) => (asked ? '' : string(c[key], key)));
  if (name) return { device: { by: 'name', name }, pci };
  if (hwaddr) return { device: { by: 'mac', mac: mac(hwaddr, 'hwaddr') }, pci };
  if (path) return { device: byPath(path), pci };
  if (pci !== undefined) return { device: { by: 'path', path: `/sys/bus/pci/devices/${pci}` }, pci };
  return fail('ConfigInvalid', 'Cannot choose a device: specify either "device", "hwaddr", "kernelpath" or "pciBusID"');
}

function parsePci(text: string): string | undefined {
  if (text === '' || pciAddress.test(text)) return text || undefined;
  return fail('ConfigInvalid', `Cannot use ${shown(text)} as pciBusID: need one like 0000:3b:00.1`);
}

function byAuxiliary(id: string): Device {
  if (!auxiliary.test(id))
    fail('ConfigInvalid', `Cannot use ${shown(id)} as deviceID: need a PCI address or the name of an auxiliary device`);
  return { by: 'path', path: `/sys/bus/auxiliary/devices/${id}` };
}

function byPath(path: string): Device {
  if (!path.startsWith('/sys/devices/') || path.split('/').includes('..'))
    fail('ConfigInvalid', `Cannot use ${shown(path)} as kernelpath: need a directory below /sys/devices`);
  return { by: 'path', path };
}
