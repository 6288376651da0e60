/** The only list of the delegates that are built in; their folders stand beside this file. Pure. */
import type { Delegate } from '../src/attach/delegate';
import { bridge, cnvBridge } from './bridge';
import { dhcp } from './dhcp';
import { dummy } from './dummy';
import { hostDevice } from './host-device';
import { hostLocal, poolSize } from './host-local';
import { ipvlan } from './ipvlan';
import { loopback } from './loopback';
import { macvlan } from './macvlan';
import { ptp } from './ptp';
import { sbr } from './sbr';
import { staticIpam } from './static';
import { tap } from './tap';
import { tuning } from './tuning';
import { vlan } from './vlan';
import { vrf } from './vrf';

// No map of them: it is made for each call, which takes longer than its twenty looks.
const delegates: readonly Delegate[] = [
  macvlan,
  vlan,
  ipvlan,
  bridge,
  cnvBridge,
  sbr,
  hostLocal,
  staticIpam,
  dhcp,
  loopback,
  dummy,
  tap,
  ptp,
  hostDevice,
  tuning,
  vrf,
];

export { poolSize };

/** Their types. */
export const builtInTypes: readonly string[] = delegates.map(({ type }) => type);

/** The built-in delegate of that type; `undefined` when it is an executable of its own. */
export function findDelegate(type: string): Delegate | undefined {
  for (const each of delegates) if (each.type === type) return each;
  return undefined;
}
