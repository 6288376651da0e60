/** The facts of one row of the table: both makers do the same, and each ends what the other began. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Answered, type Maker, type Row, removeStores, type Side, Twin } from './twins';

const makers: readonly Maker[] = ['reference', 'braid'];
const other = { reference: 'braid', braid: 'reference' } as const;

/** Tells them. */
export function twinFacts(rows: readonly Row[]): void {
  afterEach(removeStores);

  describe('attached', () => {
    it.each(rows.filter(({ fails }) => fails !== true))('$name', async (row) => {
      const seen: Partial<Record<Maker, Side>> = {};
      const checks: Partial<Record<Maker, number>> = {}; // the reference's: it refuses some of its own
      for (const maker of makers) {
        const twin = new Twin(row);
        const before = twin.see();
        succeeded(await twin.add(maker));
        const side = twin.see();
        seen[maker] = row.differs?.alike(side, maker) ?? side;
        if ((row.cniVersion ?? '1.0.0') >= '0.4') {
          succeeded(await twin.check('braid'));
          checks[maker] = (await twin.check('reference')).status;
        }
        succeeded(await twin.del(other[maker]));
        expect(gone(twin.see()), `after ADD by ${maker}, DEL by the other`).toEqual(gone(before));
      }
      expect(checks.braid ?? 0).toBeLessThanOrEqual(checks.reference ?? 0); // what it takes of its own it takes of Braid
      expect(seen.braid).toEqual(seen.reference);
    });
  });

  const refused = rows.filter(({ fails }) => fails === true);
  if (refused.length === 0) return;
  describe('refused', () => {
    it.each(refused)('$name', async (row) => {
      for (const maker of makers) {
        const { status, json, text } = await new Twin(row).add(maker);
        expect([status, typeof json.code, typeof json.msg], text).toEqual([1, 'number', 'string']);
      }
    });
  });
}

function succeeded({ status, text }: Answered): void {
  expect(status, text).toBe(0);
}

/** What must be as before: the pod's and the node's links with all that is on them, and the leases. Bridges and empty chains stay with both. */
function gone({ pod, node, store }: Side): unknown {
  const links = (
    node.links as readonly { readonly ifname: string; readonly linkinfo?: { readonly info_kind?: string } }[]
  )
    .filter(({ linkinfo }) => linkinfo?.info_kind !== 'bridge')
    .map(({ ifname }) => ifname);
  return { pod, links, leases: Object.keys(store).filter((name) => /^[\d.a-f:]+$/.test(name) && name.length > 2) };
}
