/** The catalogue, and what a failing call prints. */
import { describe, expect, it } from 'vitest';
import { CniError, fail, placed, reasons, toCniError, toErrorObject } from '../src/error';

function caught(work: () => unknown): CniError {
  try {
    work();
  } catch (error) {
    return error as CniError;
  }
  throw new Error('nothing was thrown');
}

it('has codes of the specification below 100 and each of its own once', () => {
  const own = reasons()
    .map(({ code }) => code)
    .filter((code) => code >= 100);
  expect(new Set(own).size).toBe(own.length);
  const specified = [1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51];
  expect(
    reasons()
      .map(({ code }) => code)
      .filter((code) => code < 100),
  ).toEqual(specified);
});

it('has a hint for every reason', () => {
  expect(reasons().filter(({ hint }) => hint === '')).toEqual([]);
});

describe('fail', () => {
  it('throws the reason with its code and hint', () => {
    const error = caught(() => fail('MasterMissing', 'Cannot find master "eth7"'));
    expect(error).toBeInstanceOf(CniError);
    expect(error).toMatchObject({ reason: 'MasterMissing', code: 101, message: 'Cannot find master "eth7"' });
  });

  it("lets a foreign delegate's code win", () => {
    expect(caught(() => fail('DelegateFailed', 'no', { code: 11 })).code).toBe(11);
  });
});

describe('placed', () => {
  it('says where it happened, outer place first', () => {
    const inner = placed(
      caught(() => fail('MasterMissing', 'Cannot find it')),
      { network: 'a/b', ifName: 'net1' },
    );
    expect(placed(inner, { pod: 'x/y' }).message).toBe('pod x/y, network a/b, interface net1: Cannot find it');
  });

  it('lets the inner place win and keeps reason, code, details and cause', () => {
    const thrown = caught(() =>
      fail('DelegateFailed', 'no', { code: 11, details: 'd', errno: 'EEXIST', where: { network: 'inner' } }),
    );
    const error = placed(thrown, { network: 'outer' });
    expect(error).toMatchObject({ reason: 'DelegateFailed', code: 11, details: 'd', errno: 'EEXIST', cause: thrown });
    expect(error.where.network).toBe('inner');
  });
});

it.each([
  [new TypeError('x is not a function'), 'TypeError: x is not a function'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('takes %s for a defect', (thrown, problem) => {
  expect(toCniError(thrown)).toMatchObject({ reason: 'Internal', code: 999, problem });
});

describe('toErrorObject', () => {
  it('is a CNI error object with the hint in its details', () => {
    const error = new CniError('MasterMissing', 'Cannot find master "eth7"');
    expect(toErrorObject(error, '0.4.0')).toEqual({
      cniVersion: '0.4.0',
      code: 101,
      msg: 'Cannot find master "eth7"',
      details: 'MasterMissing: check which links this node has: ip link',
    });
  });

  it("cuts a foreign delegate's details, but never the reason and the hint", () => {
    const error = new CniError('DelegateFailed', 'no', { details: 'x'.repeat(8_000_000) });
    expect(toErrorObject(error, '1.0.0').details).toMatch(/^x{4095}… \(DelegateFailed: see [^)]*\)$/);
  });

  it("keeps a foreign delegate's details in front", () => {
    const error = new CniError('DelegateFailed', 'no', { details: 'theirs' });
    expect(toErrorObject(error, '1.0.0').details).toMatch(/^theirs \(DelegateFailed: /);
  });

  it('cuts a message at 300 characters', () => {
    expect(toErrorObject(new CniError('IoFailed', 'x'.repeat(1000)), '1.0.0').msg).toHaveLength(300);
  });
});
