/** Go's gob encoding (the documentation of encoding/gob), as far as net/rpc and CNI results need it: numbers, bytes, texts, structs, lists. Pure. */

/** A type of the encoding. */
export type GobType =
  | { readonly kind: 'bool' | 'int' | 'uint' | 'bytes' | 'string' }
  | {
      readonly kind: 'struct';
      readonly name: string;
      readonly fields: readonly (readonly [name: string, type: GobType])[];
    }
  | { readonly kind: 'list'; readonly name: string; readonly of: GobType };

/** A value: struct fields by name; what Go leaves out because it is zero is absent. */
export type GobValue =
  | boolean
  | number
  | string
  | Buffer
  | readonly GobValue[]
  | { readonly [name: string]: GobValue | undefined };

export const bool: GobType = { kind: 'bool' };
export const int: GobType = { kind: 'int' };
export const uint: GobType = { kind: 'uint' };
export const bytes: GobType = { kind: 'bytes' };
export const text: GobType = { kind: 'string' };

const basicIds = { bool: 1, int: 2, uint: 3, bytes: 5, string: 6 } as const;
const firstOwnId = 64;

/** Encodes the values of one stream: each type is described once, before its first value. */
export class GobWriter {
  readonly #ids = new Map<GobType, number>();
  #next = firstOwnId;

  /** The messages of a value of a struct type. */
  encode(type: GobType, value: GobValue): Buffer {
    const described: Buffer[] = [];
    const id = this.#idOf(type, described);
    return Buffer.concat([...described, message(Buffer.concat([signed(id), encodeValue(type, value)]))]);
  }

  #idOf(type: GobType, described: Buffer[]): number {
    if (type.kind !== 'struct' && type.kind !== 'list') return basicIds[type.kind];
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    const id = this.#next++;
    this.#ids.set(type, id);
    const inner: Buffer[] = [];
    const description = type.kind === 'struct' ? this.#struct(type, id, inner) : this.#list(type, id, inner);
    described.push(message(Buffer.concat([signed(-id), description])), ...inner);
    return id;
  }

  #struct(type: Extract<GobType, { kind: 'struct' }>, id: number, described: Buffer[]): Buffer {
    const fields = type.fields.map(([name, of]) => ({ name, id: this.#idOf(of, described) }));
    return encodeValue(wireType, {
      StructT: { CommonType: { Name: type.name, Id: id }, Field: fields.map((f) => ({ Name: f.name, Id: f.id })) },
    });
  }

  #list(type: Extract<GobType, { kind: 'list' }>, id: number, described: Buffer[]): Buffer {
    return encodeValue(wireType, {
      SliceT: { CommonType: { Name: type.name, Id: id }, Elem: this.#idOf(type.of, described) },
    });
  }
}

/** How a type is described, itself in gob (wireType of Go's encoding/gob/type.go). */
const commonType: GobType = {
  kind: 'struct',
  name: 'CommonType',
  fields: [
    ['Name', text],
    ['Id', int],
  ],
};
const fieldType: GobType = {
  kind: 'struct',
  name: 'fieldType',
  fields: [
    ['Name', text],
    ['Id', int],
  ],
};
const structType: GobType = {
  kind: 'struct',
  name: 'structType',
  fields: [
    ['CommonType', commonType],
    ['Field', { kind: 'list', name: '', of: fieldType }],
  ],
};
const ofElements = (name: string, ...more: readonly string[]): GobType => ({
  kind: 'struct',
  name,
  fields: [['CommonType', commonType], ...more.map((field) => [field, int] as const)],
});
export const wireType: GobType = {
  kind: 'struct',
  name: 'wireType',
  fields: [
    ['ArrayT', ofElements('arrayType', 'Elem', 'Len')],
    ['SliceT', ofElements('sliceType', 'Elem')],
    ['StructT', structType],
    ['MapT', ofElements('mapType', 'Key', 'Elem')],
    ['GobEncoderT', ofElements('gobEncoderType')],
    ['BinaryMarshalerT', ofElements('gobEncoderType')],
    ['TextMarshalerT', ofElements('gobEncoderType')],
  ],
};

function encodeValue(type: GobType, value: GobValue): Buffer {
  switch (type.kind) {
    case 'bool':
      return unsigned(value === true ? 1n : 0n);
    case 'int':
      return signed(value as number);
    case 'uint':
      return unsigned(BigInt(value as number));
    case 'bytes':
      return counted(value as Buffer);
    case 'string':
      return counted(Buffer.from(value as string));
    case 'list': {
      const items = value as readonly GobValue[];
      return Buffer.concat([unsigned(BigInt(items.length)), ...items.map((item) => encodeValue(type.of, item))]);
    }
    case 'struct':
      return encodeStruct(type, value as { readonly [name: string]: GobValue | undefined });
  }
}

function encodeStruct(
  type: Extract<GobType, { kind: 'struct' }>,
  value: { readonly [name: string]: GobValue | undefined },
): Buffer {
  const parts: Buffer[] = [];
  let before = -1;
  for (const [at, [name, of]] of type.fields.entries()) {
    const field = value[name];
    if (field === undefined || isZero(field)) continue;
    parts.push(unsigned(BigInt(at - before)), encodeValue(of, field));
    before = at;
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Go leaves out zero values, and pointers to them. */
function isZero(value: GobValue): boolean {
  if (value === false || value === 0 || value === '') return true;
  return (Buffer.isBuffer(value) || Array.isArray(value)) && value.length === 0;
}

const message = (body: Buffer): Buffer => counted(body);
const counted = (body: Buffer): Buffer => Buffer.concat([unsigned(BigInt(body.length)), body]);

/** One byte below 128; else the count of bytes, negated, and these. */
function unsigned(value: bigint): Buffer {
  if (value < 128n) return Buffer.from([Number(value)]);
  const hex = value.toString(16);
  const body = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([256 - body.length]), body]);
}

function signed(value: number | bigint): Buffer {
  const whole = BigInt(value);
  return unsigned(whole < 0n ? (~whole << 1n) | 1n : whole << 1n);
}
