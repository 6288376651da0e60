/** Attributes as Braid writes them, beside those that the netlink package writes. Pure. */
import * as fc from 'fast-check';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, it } from 'vitest';
import { AttributeStream } from '../../src/kernel/attribute-stream';
import { locateAttributes } from '../../src/kernel/attributes';
import { encodeMessages, encodeParts } from '../../src/kernel/encode';

type Item = { readonly type: number; readonly value: Uint8Array | readonly Item[] };

const value = fc.uint8Array({ maxLength: 300 });
const { item } = fc.letrec<{ item: Item }>((tie) => ({
  item: fc.record({
    type: fc.integer({ min: 0, max: 0x3fff }),
    value: fc.oneof({ maxDepth: 3 }, value, fc.array(tie('item'), { maxLength: 4 })),
  }),
}));

const nested = 0x80; // NLA_F_NESTED, in the upper byte of the type

function ours(out: AttributeStream, { type, value }: Item): void {
  if (value instanceof Uint8Array) out.push(type, value);
  else
    out.nest(type, (inner) => {
      for (const one of value) ours(inner, one);
    });
}

function theirs(out: AttrStream, { type, value }: Item): void {
  if (value instanceof Uint8Array) {
    out.push(type, value);
    return;
  }
  const before = out.bufs.length;
  out.push(type, (inner) => {
    for (const one of value) theirs(inner, one);
  });
  const header = out.bufs.slice(before).find((part) => part.length === 4) as Buffer; // padding is shorter
  header[3] = (header[3] as number) | nested;
}

const hex = (stream: AttributeStream): string => Buffer.from(encodeParts(stream.parts)).toString('hex');

describe('a stream of attributes', () => {
  it('has the bytes that the netlink package makes, with NLA_F_NESTED', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.uint8Array({ maxLength: 20 }), (items, fixed) => {
        const [own, other] = [new AttributeStream(), new AttrStream()];
        own.emit(fixed);
        other.emit(fixed);
        for (const one of items) {
          ours(own, one);
          theirs(other, one);
        }
        expect(hex(own)).toBe(Buffer.concat(other.bufs).toString('hex'));
      }),
      { seed: 20261201 },
    );
  });

  it('writes numbers in host order', () => {
    const out = new AttributeStream();
    out.u32(7, 0xfedcba98);
    expect(hex(out)).toBe('0800070098badcfe');
  });

  it('writes text with its end', () => {
    const out = new AttributeStream();
    out.text(3, 'é\ud800');
    expect(hex(out)).toBe('0a000300c3a9efbfbd00');
  });

  it('is sealed with others in one datagram: lengths, flags of the last, sequence numbers up to the greatest, padding', () => {
    const [one, two] = [new AttributeStream(), new AttributeStream()];
    one.emit(Buffer.from([9]));
    two.u32(1, 2);
    const messages = [
      { type: 16, flags: 0x400, parts: one.parts },
      { type: 18, flags: 0, parts: two.parts },
    ];
    expect(Buffer.from(encodeMessages(messages, 0xffffffff, 4)).toString('hex')).toBe(
      '11000000' +
        '1000' +
        '0104' +
        'ffffffff' +
        '00000000' +
        '09000000' + // padded
        '18000000' +
        '1200' +
        '0500' +
        '00000000' +
        '00000000' +
        '0800010002000000',
    );
  });

  it('takes no attribute that is longer than its length can tell', () => {
    const out = new AttributeStream();
    out.push(1, Buffer.alloc(0xffff - 4));
    expect(encodeParts(out.parts)).toHaveLength(0xffff);
    out.push(1, Buffer.alloc(0xffff - 3));
    expect(() => encodeParts(out.parts)).toThrow('Cannot send an attribute of 65536 bytes: at most 65535');
  });

  it('is read back: type, start and end of each value, or of those asked for', () => {
    const out = new AttributeStream();
    out.emit(Buffer.alloc(3));
    out.push(1, Buffer.from('ab'));
    out.nest(2, (inner) => inner.u32(3, 4));
    const bytes = encodeParts(out.parts);
    expect(locateAttributes(bytes, 4)).toEqual([1, 8, 10, 2, 16, 24]);
    expect(locateAttributes(bytes, 4, Uint8Array.of(0, 0, 1))).toEqual([2, 16, 24]);
    expect(() => locateAttributes(bytes.subarray(0, 23), 4)).toThrow('12 bytes: 11 are left');
    expect(() => locateAttributes(bytes.subarray(0, 13), 4)).toThrow(RangeError);
  });
});
