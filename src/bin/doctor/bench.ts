/** A namespace of the process's own for links that are tried: whatever happens to the process, they go with it. Acts on that namespace. */
import type { Netns } from '../../attach/ports';
import type { DoctorView } from './check';

/** Where links are tried. */
export interface Bench {
  readonly netns: Netns;
  /** Deletes every link that was made there. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Makes it; without IPv6, so that nothing speaks there by itself. KernelRefused: it needs root. */
export async function openBench({ inspection, edges }: Pick<DoctorView, 'inspection' | 'edges'>): Promise<Bench> {
  const fresh = inspection.namespace();
  try {
    const netns = await edges.kernel.open(fresh.path);
    await netns.ensureSysctls([
      ['net/ipv6/conf/all/disable_ipv6', '1'],
      ['net/ipv6/conf/default/disable_ipv6', '1'],
    ]);
    const clear = async (): Promise<void> => {
      const made = (await netns.links()).filter(({ detail }) => detail.kind !== 'other');
      await netns.deleteLinks(made.map(({ name }) => name));
    };
    return {
      netns,
      clear,
      async close() {
        try {
          await clear(); // at once: a namespace that nobody holds any more is emptied later
        } finally {
          netns.close();
          fresh.close();
        }
      },
    };
  } catch (error) {
    fresh.close();
    throw error;
  }
}
