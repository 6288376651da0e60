/** The only list of the delegates that are built in; their folders stand beside this file. Pure. */
import type { Delegate } from '../src/attach/delegate';
import { bridge, cnvBridge } from './bridge';
import { hostLocal, poolSize } from './host-local';
import { ipvlan } from './ipvlan';
import { macvlan } from './macvlan';
import { sbr } from './sbr';
import { staticIpam } from './static';
import { vlan } from './vlan';

const byType = new Map<string, Delegate>(
  [macvlan, vlan, ipvlan, bridge, cnvBridge, sbr, hostLocal, staticIpam].map((each) => [each.type, each]),
);

export { poolSize };

/** The built-in delegate of that type; `undefined` when it is an executable of its own. */
export function findDelegate(type: string): Delegate | undefined {
  return byType.get(type);
}
