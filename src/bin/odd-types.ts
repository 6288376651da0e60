/** Plugin types that are probably not meant as they are written. Each stays usable: any name may be a program of the CNI directory. Pure. */
import { builtInTypes, findDelegate } from '../../plugins';
import { ipamTypeOf, typeOf } from '../cni/network';
import { findMeantType } from '../cni/plugin-names';
import type { Json } from '../json';

/** Something odd in a configuration, and where. */
export interface Oddity {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is odd about the types of a plugin and of its IPAM. */
export function findOddTypes(plugin: Json): readonly Oddity[] {
  const [type, ipam] = [typeOf(plugin), ipamTypeOf(plugin)];
  return [
    ...(findDelegate(type)?.isIpam === true
      ? [{ path: ['type'], message: `"${type}" gives addresses and makes no interface: it belongs into "ipam"` }]
      : misspelt(type, ['type'], 'plugin')),
    ...(ipam === undefined ? [] : misspelt(ipam, ['ipam', 'type'], 'IPAM plugin')),
  ];
}

function misspelt(type: string, path: Oddity['path'], what: string): readonly Oddity[] {
  const meant = findMeantType(type, builtInTypes);
  if (meant === undefined) return [];
  return [{ path, message: `no ${what} of Braid is called "${type}": did you mean "${meant}"?` }];
}
