/** Every reason of the catalogue comes out of the code that would meet it, and its message says where to look. */
import { describe, expect, it } from 'vitest';
import { CniError, type Reason, reasons, toErrorObject } from '../../src/error';
import { calls } from './call';
import { clusterTroubles } from './cluster';
import { nodeTroubles } from './node';
import { programs } from './programs';
import type { Provocations, Provoked } from './provoked';

/** Complete: a reason of the catalogue without a row does not compile. */
const table: Provocations<Reason> = { ...calls, ...nodeTroubles, ...programs, ...clusterTroubles };

const rows = reasons().flatMap(({ reason, code }) => table[reason].map((row) => ({ reason, code, ...row })));

/** What the code threw, or what it did instead. */
async function outcome({ by }: Provoked): Promise<unknown> {
  try {
    return await by();
  } catch (error) {
    return error;
  }
}

it('has a row for each reason, and none for what is no reason', () => {
  expect(Object.keys(table).sort()).toEqual(
    reasons()
      .map(({ reason }) => reason)
      .sort(),
  );
});

describe('a person is told', () => {
  it.each(rows)('$reason: $how', async ({ reason, code, names, ...row }) => {
    const error = await outcome({ ...row, names });
    if (!(error instanceof CniError)) throw new Error(`it did not fail, but gave ${Bun.inspect(error)}`);
    expect(error.reason).toBe(reason);
    expect(error.code === code || reason === 'DelegateFailed').toBe(true); // a delegate's own code wins
    for (const name of names) expect(error.message).toContain(name);
    expect(error.message.length, error.message).toBeLessThanOrEqual(300);
    expect(toErrorObject(error, '1.0.0').details).toContain(`${reason}: `);
  });
});
