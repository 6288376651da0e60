/** The facts of one row of the table: both makers do the same, each ends what the other began, whoever calls them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Answered, Driver } from './drivers';
import { type Maker, type Row, removeStores, type Side, Twin, versionOf } from './twins';

const other = { reference: 'braid', braid: 'reference' } as const;

type One = keyof typeof other;
const drivers: readonly Driver[] = ['cnitool', 'go-cni'];

/** Tells them. cnitool and go-cni call Braid's plugins, or for an IPAM the reference's over Braid's. */
export function twinFacts(rows: readonly Row[], driven: 'braid' | 'mixed' = 'braid'): void {
  afterEach(removeStores);
  const attached = rows.filter(({ fails }) => fails === undefined);
  const refused = rows.filter(({ fails }) => fails === true);
  const alone = rows.filter(({ fails }) => fails === 'reference');

  describe('attached', () => {
    it.each(attached)('$name', async (row) => {
      const [reference, own] = [await visitOf('reference', row), await visitOf('braid', row)];
      expect(own.check).toBeLessThanOrEqual(reference.check); // what the reference takes of its own it takes of Braid
      expect(own.side).toEqual(reference.side);
    });
  });

  describe.each(drivers)('attached by %s', (driver) => {
    it.each(attached)('$name', async (row) => {
      const twin = new Twin(row, driver);
      succeeded(await twin.add(driven));
      const { side, check } = await visitOf('reference', row);
      expect(alike(row, twin.see(), driven)).toEqual(side);
      const allowed = driven === 'braid' ? 0 : check; // the reference's own part may refuse
      if (hasCheck(row)) expect((await twin.check(driven)).status).toBeLessThanOrEqual(allowed);
      succeeded(await twin.del(driven));
      expect(twin.left()).toEqual(await before(row));
    });
  });

  if (alone.length > 0)
    describe('attached by Braid alone', () => {
      it.each(alone)('$name', async (row) => {
        const { status, text } = await new Twin(row).add('reference');
        expect(status, text).not.toBe(0);
        await visit('braid', row);
      });
    });

  if (refused.length === 0) return;
  describe('refused', () => {
    it.each(refused)('$name', async (row) => {
      const [reference, own] = [await refusalOf('reference', row), await refusalOf('braid', row)];
      // The reference's own codes begin at 100, and it has 999 for what it gives no name to.
      if (reference.code < 100) expect(own.code).toBe(reference.code);
      expect(own.del, 'DEL after it').toBeLessThanOrEqual(reference.del);
    });
  });

  describe.each(drivers)('refused by %s', (driver) => {
    it.each(refused)('$name', async (row) => {
      const twin = new Twin(row, driver);
      const { status, text } = await twin.add(driven);
      expect(status, text).toBe(1);
      if (driven === 'braid') expect(twin.left()).toEqual(await before(row));
      else expect(twin.leases()).toEqual([]); // the reference's own part may leave a link
    });
  });
}

/** What one maker made of a row, and whether the reference's CHECK took it (it refuses some of its own). */
interface Visit {
  readonly side: Side;
  readonly check: number;
}

const visits = new Map<string, Promise<Visit>>();

function visitOf(maker: One, row: Row): Promise<Visit> {
  const key = `${maker} ${row.name}`;
  const known = visits.get(key) ?? visit(maker, row);
  visits.set(key, known);
  return known;
}

/**
 * ADD by one, CHECK by both, DEL by the other; then DEL once more by Braid, which must not mind. Of what Braid attaches
 * alone the reference may refuse the DEL.
 */
async function visit(maker: One, row: Row): Promise<Visit> {
  const twin = new Twin(row);
  await before(row, twin);
  succeeded(await twin.add(maker));
  const side = alike(row, twin.see(), maker);
  let check = 0;
  if (hasCheck(row)) {
    succeeded(await twin.check('braid'));
    check = (await twin.check('reference')).status;
  }
  succeeded(await twin.del(row.fails === undefined ? other[maker] : maker));
  expect(twin.left(), `after ADD by ${maker}, DEL by the other`).toEqual(await before(row));
  if (maker === 'braid') succeeded(await twin.del('braid'));
  return { side, check };
}

/** ADD that must fail; its code, and whether DEL fails, too. Braid leaves nothing before that. */
async function refusalOf(maker: One, row: Row): Promise<{ readonly code: number; readonly del: number }> {
  const twin = new Twin(row);
  const { status, json, text } = await twin.add(maker);
  const takes = maker === 'reference' && row.differs !== undefined;
  if (takes) succeeded({ status, json, text });
  else expect([status, typeof json.code, typeof json.msg], text).toEqual([1, 'number', 'string']);
  if (maker === 'braid') expect(twin.left()).toEqual(await before(row));
  return { code: json.code ?? 999, del: (await twin.del(maker)).status };
}

const hasCheck = (row: Row): boolean => versionOf(row) >= '0.4';
const alike = (row: Row, side: Side, maker: Maker): Side => row.differs?.alike(side, maker) ?? side;

function succeeded({ status, text }: Answered): void {
  expect(status, text).toBe(0);
}

const untouched = new Map<string, unknown>();

/**
 * What a node and a pod of such a row hold when nothing of it is left; of a chain that fails, when the plugins before the
 * last are there. `fresh` spares making one.
 */
async function before(row: Row, fresh?: Twin): Promise<unknown> {
  const first = row.fails === true ? row.plugins.slice(0, -1) : [];
  const key = JSON.stringify([row.node, row.pod, row.after, first]);
  if (!untouched.has(key)) untouched.set(key, (await untouchedTwin(row, first, fresh)).left());
  return untouched.get(key);
}

async function untouchedTwin(row: Row, first: Row['plugins'], fresh: Twin | undefined): Promise<Twin> {
  if (row.after === undefined && first.length === 0 && fresh !== undefined) return fresh;
  const pod = [row.pod ?? 'true', row.after ?? 'true'].join('; ');
  const twin = new Twin({ ...row, plugins: first, pod });
  if (first.length > 0) succeeded(await twin.add('braid'));
  return twin;
}
