/** Protocol buffers, as far as kubelet's messages need them: fields of bytes by their number. Pure. */

/** A field of a message: bytes for texts and messages in it, undefined for numbers. */
export type Field = readonly [number: number, value: Buffer | undefined];

/** The fields of a message in order. Throws RangeError when it is cut off or is none. */
export function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * factor; // above 2^53 it is not exact: no length has that
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number has more than ten bytes');
  };
  const take = (length: number): Buffer => {
    const end = at + length;
    if (end > message.length) throw new RangeError('the message is cut off');
    const part = message.subarray(at, end);
    at = end;
    return part;
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 2) fields.push([number, take(varint())]);
    else if (kind === 0) fields.push([number, void varint()]);
    else if (kind === 1 || kind === 5) fields.push([number, void take(kind === 1 ? 8 : 4)]);
    else throw new RangeError(`wire type ${kind} is not known`);
  }
  return fields;
}

/** The values of that field: each message or text of it. */
export function valuesOf(message: Buffer, number: number): readonly Buffer[] {
  return fieldsOf(message).flatMap(([found, value]) => (found === number && value !== undefined ? [value] : []));
}

/** The last text of that field; empty when it has none, as the language defines. */
export function textOf(message: Buffer, number: number): string {
  return valuesOf(message, number).at(-1)?.toString('utf8') ?? '';
}

/** A field with a text of at most 16383 bytes. */
export function textField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...size]), bytes]);
}
