/** How many addresses of host-local are taken and left, of the networks that are attached here. Reads records and stores through the edges. */
import { poolSize } from '../../plugins';
import type { Edges } from '../attach/ports';
import { isRecord, type Json } from '../json';
import type { Pool } from './metrics';

/** By network; one whose ranges or store cannot be read is left out. Ranges that a runtime hands over are not counted. */
export async function measurePools({ records, leases }: Pick<Edges, 'records' | 'leases'>): Promise<readonly Pool[]> {
  const pools = new Map<string, Pool | undefined>();
  for (const { attachments } of await records.all()) {
    for (const { network, name, plugins } of attachments) {
      const plugin = plugins.find(usesHostLocal);
      if (plugin === undefined || pools.has(network)) continue;
      pools.set(network, undefined);
      try {
        const { dataDir, size } = poolSize(plugin);
        const used = await leases.locked(dataDir, name, (held) => held.addresses().length);
        pools.set(network, { network, used, free: Math.max(0, size - used) });
      } catch {
        // ADD and STATUS of that network tell what is wrong with it.
      }
    }
  }
  return [...pools.values()].filter((pool) => pool !== undefined);
}

const usesHostLocal = ({ ipam }: Json): boolean => isRecord(ipam) && ipam.type === 'host-local';
