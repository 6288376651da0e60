/** Finds the pod that has a VLAN of a master as a link of its own: from there it can be asked, too. Reads the records and their namespaces. */
import type { Edges, Netns } from '../../attach/ports';
import { inSandbox } from '../../attach/sandbox';
import type { Link } from '../../net/link';
import type { VlanTag } from '../../net/vlan';

/** The pod's namespace, open, and its link. `undefined`: no pod that Braid recorded has it, or it is down. */
export async function findPodVlan(
  master: Link,
  { id, protocol }: VlanTag,
  edges: Edges,
): Promise<{ readonly netns: Netns; readonly link: Link } | undefined> {
  for (const record of await edges.records.all()) {
    const link = await inSandbox(undefined, record, edges, async ({ pod }) =>
      (await pod?.links())?.find(
        ({ detail, parent, parentElsewhere, up }) =>
          detail.kind === 'vlan' &&
          detail.id === id &&
          detail.protocol === protocol &&
          parentElsewhere &&
          parent === master.index &&
          up,
      ),
    );
    const netns = link === undefined ? undefined : await edges.kernel.find(record.netns);
    if (link !== undefined && netns !== undefined) return { netns, link };
  }
  return undefined;
}
