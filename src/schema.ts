/** The words in which tables of keys say what a value must be: JSON Schema, draft 2020-12. Pure; no call of a runtime loads it. */

/** A JSON Schema, as far as Braid's keys need it. */
export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly $ref?: string;
  readonly $defs?: Keys;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly contentMediaType?: string;
  readonly contentSchema?: Schema;
  readonly items?: Schema;
  readonly contains?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Keys;
  readonly patternProperties?: Keys;
  readonly additionalProperties?: boolean | Schema;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly not?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
}

/** A table: what the value of each key must be. */
export type Keys = Readonly<Record<string, Schema>>;

/** An integer, both limits included. */
export function integer(minimum: number, maximum: number, description: string, more: Schema = {}): Schema {
  return { type: 'integer', minimum, maximum, description, ...more };
}

/** true or false. */
export function flag(description: string, otherwise = false): Schema {
  return { type: 'boolean', default: otherwise, description };
}

/** A text. Empty counts as left out, unless `minLength` says otherwise. */
export function text(description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more };
}

/** One of several words; the first one is the default. */
export function oneOf(words: readonly string[], description: string): Schema {
  return { type: 'string', enum: words, default: words[0], description };
}

/** A list. */
export function list(items: Schema, description: string, more: Schema = {}): Schema {
  return { type: 'array', items, description, ...more };
}

/** A text, or a list of such texts. */
export function oneOrMore(item: Schema, description: string): Schema {
  const { description: _, ...each } = item;
  return { anyOf: [each, { type: 'array', items: each }], description };
}

/** An object with these keys and no other; a note or the schema's own place may stand beside them. */
export function object(properties: Keys, description: string, more: Schema = {}): Schema {
  return { type: 'object', description, properties, patternProperties: notes, additionalProperties: false, ...more };
}

/** A key that is known, and refused whatever it says. */
export function refused(description: string): Schema {
  return { not: {}, description };
}

/** A key that nobody looks at here. */
export function anything(description: string): Schema {
  return { description };
}

/** `$schema`, `_note`, `//`: for people and editors. */
const notes: Keys = { '^(\\$schema$|_|//)': {} };
