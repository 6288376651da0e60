/** The table: every row, by delegate. Data only. */
import { bridgeRows } from './rows/bridge';
import { dummyRows } from './rows/dummy';
import { hostDeviceRows } from './rows/host-device';
import { hostLocalRows } from './rows/host-local';
import { ipvlanRows } from './rows/ipvlan';
import { loopbackRows } from './rows/loopback';
import { macvlanRows } from './rows/macvlan';
import { ptpRows } from './rows/ptp';
import { sbrRows } from './rows/sbr';
import { staticRows } from './rows/static';
import { tapRows } from './rows/tap';
import { tuningRows } from './rows/tuning';
import { vlanRows } from './rows/vlan';
import { vrfRows } from './rows/vrf';
import type { Row } from './twins';

export const table: Readonly<Record<string, readonly Row[]>> = {
  bridge: bridgeRows,
  dummy: dummyRows,
  'host-device': hostDeviceRows,
  'host-local': hostLocalRows,
  ipvlan: ipvlanRows,
  loopback: loopbackRows,
  macvlan: macvlanRows,
  ptp: ptpRows,
  sbr: sbrRows,
  static: staticRows,
  tap: tapRows,
  tuning: tuningRows,
  vlan: vlanRows,
  vrf: vrfRows,
};
