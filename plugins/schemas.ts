/** The tables of keys of all delegates that are built in. No call of a runtime loads it. Data only. */
import { bridgeSchema, cnvBridgeSchema } from './bridge/schema';
import { dhcpSchema } from './dhcp/schema';
import { dummySchema } from './dummy/schema';
import { hostDeviceSchema } from './host-device/schema';
import { hostLocalSchema } from './host-local/schema';
import { ipvlanSchema } from './ipvlan/schema';
import { loopbackSchema } from './loopback/schema';
import { macvlanSchema } from './macvlan/schema';
import { ptpSchema } from './ptp/schema';
import { sbrSchema } from './sbr/schema';
import { staticSchema } from './static/schema';
import { tapSchema } from './tap/schema';
import { tuningSchema } from './tuning/schema';
import { vlanSchema } from './vlan/schema';
import { vrfSchema } from './vrf/schema';

/** Delegates that make or change links. */
export const pluginSchemas = [
  macvlanSchema,
  vlanSchema,
  ipvlanSchema,
  bridgeSchema,
  cnvBridgeSchema,
  sbrSchema,
  loopbackSchema,
  dummySchema,
  tapSchema,
  ptpSchema,
  hostDeviceSchema,
  tuningSchema,
  vrfSchema,
] as const;

/** Delegates that give addresses. */
export const ipamSchemas = [hostLocalSchema, staticSchema, dhcpSchema] as const;
