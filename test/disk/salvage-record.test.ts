/** What is made of records that are cut off, or of a newer version. Touches nothing. */
import { describe, expect, it } from 'vitest';
import { salvageRecord } from '../../src/disk/salvage-record';
import { id, link, sampleRecord } from './sample';

const owner = { containerId: id('cid1'), ifName: link('eth0') };
const whole = sampleRecord();
const text = JSON.stringify(whole, null, 2);

/** The record of a newer Braid, with these attachments. */
const newer = (attachments: readonly unknown[]): string =>
  JSON.stringify({ ...whole, version: 2, sandbox: { kind: 'vm' }, attachments });

describe('a record cut at any byte', () => {
  it('gives the attachments before the cut, and never another one', () => {
    let most = 0;
    for (let length = 0; length < text.length - 1; length++) {
      const { record, isWhole, isNewer } = salvageRecord(text.slice(0, length), owner);
      expect([isWhole, isNewer]).toEqual([false, false]);
      const names = record?.attachments.map(({ ifName }) => ifName) ?? [];
      expect(names, `cut at ${length}`).toEqual(['net1', 'net2'].slice(0, names.length));
      expect(names.length, `cut at ${length}`).toBeGreaterThanOrEqual(most);
      most = names.length;
    }
    expect(most).toBe(2);
  });

  it('tells the sandbox as soon as that much is there', () => {
    const { record } = salvageRecord(text.slice(0, text.indexOf('"attachments"')), owner);
    const { attachments: _, result: __, unpublished: ___, ...header } = whole;
    expect(record).toEqual({ ...header, attachments: [], result: undefined });
  });
});

describe('a record of a newer version', () => {
  it('is whole when every attachment can be read', () => {
    const { record, isWhole, isNewer } = salvageRecord(newer(whole.attachments), owner);
    expect([isWhole, isNewer, record?.version]).toEqual([true, true, 1]);
    expect(record?.attachments).toEqual(whole.attachments);
  });

  it.each<[string, unknown]>([
    ['of another shape', { kind: 'tunnel', far: '192.0.2.1' }],
    ['whose plugin is a path', { ...whole.attachments[0], plugins: [{ type: '../../bin/sh' }] }],
    ['that is nothing', null],
  ])('is not when there is one %s, and gives the others', (_, odd) => {
    const { record, isWhole, isNewer } = salvageRecord(newer([odd, ...whole.attachments]), owner);
    expect([isWhole, isNewer]).toEqual([false, true]);
    expect(record?.attachments.map(({ ifName }) => ifName)).toEqual(['net1', 'net2']);
  });
});

it.each([
  ['nothing', ''],
  ['no JSON', '\0\0\0'],
  ['a list', '[[[['],
  ["somebody else's", text.replace('"cid1"', '"cid2"')],
  ['a path in the name of the container', text.replace('"cid1"', '"../cid1"')],
])('of %s nothing is made', (_, bytes) => {
  expect(salvageRecord(bytes, owner)).toMatchObject({ record: undefined, isWhole: false });
});
