/** MAC addresses that a configuration, CNI_ARGS or the runtime ask for; each delegate says which wins. Pure. */
import { type CniArgs, findArg } from '../cni/args';
import { fail, type Reason } from '../error';
import { type Fields, record } from '../json';
import { type Mac, mac, macBytes } from '../net/mac';

/** A MAC that a link can have; `undefined` when absent or empty. */
export function optionalMac(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): Mac | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const address = mac(value, field, reason);
  const bytes = macBytes(address);
  const usable = bytes.some((byte) => byte !== 0) && (bytes.readUInt8(0) & 1) === 0; // the lowest bit makes a group of it
  return usable
    ? address
    : fail(reason, `Cannot use ${address} as ${field}: need the address of one host, with an even first byte`);
}

/** `runtimeConfig.mac`: what the runtime asks for by the capability `mac`. */
export function runtimeMac(c: Fields): Mac | undefined {
  return optionalMac(record(c.runtimeConfig ?? {}, 'runtimeConfig').mac, 'runtimeConfig.mac');
}

/** `MAC` of CNI_ARGS. */
export function argsMac(args: CniArgs): Mac | undefined {
  return optionalMac(findArg(args, 'MAC'), 'MAC in CNI_ARGS', 'EnvironmentInvalid');
}
