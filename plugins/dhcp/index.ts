/** dhcp: leases addresses from a DHCP server on the pod's network, by the node's DHCP daemon (`braid agent`, or the reference's). Loads its verbs when they are wanted. */
import { ipamDelegate } from '../../src/attach/delegate';
import type { DhcpPluginConfig } from './config';

const verbs = () => import('./verbs');

export const dhcp = ipamDelegate('dhcp', parse, {
  add: async (config, context) => (await verbs()).add(config, context),
  del: async (config, context) => (await verbs()).del(config, context),
  check: async (config, context) => (await verbs()).check(config, context),
  status: async (config, context) => (await verbs()).status(config, context),
});

/** Refuses nothing, for DEL. */
export function parse(input: unknown): DhcpPluginConfig {
  return { input };
}
