/** Arbitraries that damage a valid JSON value or text the way people, templates and attackers do. Pure. */
import fc from 'fast-check';

/** Any JSON value, as JSON.parse gives it. */
type Value = unknown;

/** One act of damage: where (a number taken modulo the places there are), what, and with what. */
interface Damage {
  readonly place: number;
  readonly act: (typeof acts)[number];
  readonly with: Value;
  readonly other: number;
}

const acts = [
  'replace',
  'delete',
  'duplicate',
  'rename',
  'add',
  'wrap',
  'deepen',
  'swap',
  'edit',
  'shift',
  'repeat',
] as const;

/** Texts that programs fall over: paths, names of prototypes, characters, numbers that are none, addresses that are none. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '/',
  '../../../../etc/passwd',
  '/etc/passwd',
  '/var/lib/cni/../../../etc',
  'a/../../b',
  'a/b',
  '%2e%2e%2f',
  'a\0b',
  'a\nb',
  '\u{feff}a',
  '\u{202e}abc',
  '\u{d800}',
  '💥💥💥💥',
  'é'.repeat(15),
  'x'.repeat(15),
  'x'.repeat(16),
  'x'.repeat(256),
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'then',
  'NaN',
  'Infinity',
  '-0',
  '1e999',
  'null',
  'true',
  '{}',
  '[]',
  '"',
  'lo',
  'eth0',
  'eth1',
  'net1',
  'all',
  'default',
  'braid',
  'macvlan',
  'bridge',
  'host-local',
  'static',
  'sbr',
  'tuning',
  'fancy',
  '0.0.0.0/0',
  '::/0',
  '::',
  '0.0.0.0',
  '255.255.255.255',
  '10.0.0.0/33',
  '10.0.0.1/32',
  '10.0.0.0/31',
  '10.0.0.1/-1',
  '10.0.0.1/24/24',
  'junk:1.2.3.4/24',
  '::ffff:10.0.0.1/120',
  '::1/128',
  'fe80::1%eth0',
  'ff02::1/64',
  '2001:db8::/64',
  'fd00::/8',
  '224.0.0.1/24',
  '127.0.0.1/8',
  '169.254.0.1/16',
  '192.168.1.0/24',
  '192.168.1.5',
  '010.001.002.003',
  '1.2.3',
  '00:00:00:00:00:00',
  'ff:ff:ff:ff:ff:ff',
  '02:00:00:00:00:01',
  '0.1.0',
  '0.2.0',
  '0.3.0',
  '0.4.0',
  '1.1.0',
  '1.0',
  '9.9.9',
  '-1.0.0',
  '$HOME',
  '$(reboot)',
  '; rm -rf /',
  "' OR 1=1 --",
];

/** Values of every type, at and past the edges of what fields allow. */
const hostileValues: readonly Value[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  67,
  68,
  255,
  4094,
  4095,
  4096,
  65535,
  65536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  2 ** 64,
  -(2 ** 63),
  1e308,
  5e-324,
  [],
  [[]],
  [null],
  [{}],
  {},
  { '': '' },
  { type: 'static' },
  { type: 'host-local' },
  { type: {} },
  { toString: 'x' },
  JSON.parse('{"then":"x"}'),
  { length: -1 },
  JSON.parse('{"__proto__":{"type":"macvlan"}}'),
  JSON.parse('{"__proto__":null}'),
  JSON.parse('{"constructor":{"prototype":{"x":1}}}'),
];

const hostile: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 4, arbitrary: fc.constantFrom(...hostileValues) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.double() },
);

const damage: fc.Arbitrary<Damage> = fc.record({
  place: fc.nat(9999),
  act: fc.constantFrom(...acts),
  with: hostile,
  other: fc.nat(9999),
});

/** One to four acts of damage: most often one, which leaves the rest of a value as good as it was. */
export const damages: fc.Arbitrary<readonly Damage[]> = fc.oneof(
  { weight: 2, arbitrary: damage.map((one) => [one]) },
  { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 4 }) },
);

/** The value after the damage; what comes out is still JSON. */
export function withDamage(value: Value, all: readonly Damage[]): Value {
  return all.reduce(apply, copy(value));
}

/** A seed, damaged. */
export function damaged(seed: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.tuple(seed, damages).map(([value, all]) => withDamage(value, all));
}

/** The text of a damaged value, which may then be damaged as text, too. */
export function damagedJson(seed: fc.Arbitrary<Value>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 5, arbitrary: damaged(seed).map((value) => JSON.stringify(value) ?? 'null') },
    { weight: 1, arbitrary: damagedText(seed.map((value) => JSON.stringify(value))) },
  );
}

/** A text with one to three pieces put in, cut out, doubled or replaced. */
export function damagedText(seed: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const pieces = [
    '',
    '\u{feff}',
    '\0',
    '\n',
    ' ',
    ',',
    ':',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '//x',
    '/*',
    'NaN',
    '-',
    '1e999',
    '@',
    ';',
    '=',
    '\\',
    '\u{a0}',
    '“',
    '\u{d800}',
    '💥',
    '"__proto__":1,',
  ];
  const cut = fc.record({
    at: fc.nat(9999),
    length: fc.constantFrom(0, 0, 1, 1, 2, 7, 40, 9999),
    put: fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...hostileTexts), fc.constant('again')),
  });
  return fc.tuple(seed, fc.array(cut, { minLength: 1, maxLength: 3 })).map(([text, cuts]) =>
    cuts.reduce((now, { at, length, put }) => {
      const start = at % (now.length + 1);
      const gone = now.slice(start, start + length);
      return now.slice(0, start) + (put === 'again' ? gone + gone : put) + now.slice(start + length);
    }, text),
  );
}

/** Everything in the value that can be damaged: its holder and key; the whole value has none. */
interface Place {
  readonly holder: Record<string, Value> | Value[] | undefined;
  readonly key: string;
}

function placesOf(value: Value, found: Place[] = [{ holder: undefined, key: '' }]): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ holder: value as Record<string, Value>, key });
    placesOf((value as Record<string, Value>)[key], found);
  }
  return found;
}

function apply(value: Value, { place, act, with: given, other }: Damage): Value {
  const places = placesOf(value);
  const { holder, key } = places[place % places.length] ?? { holder: undefined, key: '' };
  const there = holder === undefined ? value : at(holder, key);
  if (holder === undefined) return act === 'wrap' ? [value] : act === 'replace' && other % 4 === 0 ? given : value;
  switch (act) {
    case 'replace':
      return put(value, holder, key, given);
    case 'delete':
      return Array.isArray(holder) ? spliced(value, holder, Number(key), 1) : removed(value, holder, key);
    case 'duplicate':
      if (Array.isArray(holder)) return spliced(value, holder, Number(key), 0, copy(there));
      return put(value, holder, other % 2 === 0 ? key.toUpperCase() : `${key}s`, copy(there));
    case 'rename': {
      if (Array.isArray(holder)) return value;
      removed(value, holder, key);
      return put(value, holder, typeof given === 'string' ? given : key.slice(1), there);
    }
    case 'add':
      return typeof there === 'object' && there !== null
        ? put(
            value,
            there as Record<string, Value>,
            Array.isArray(there) ? String(there.length) : hostileKey(other),
            given,
          )
        : value;
    case 'wrap':
      return put(value, holder, key, other % 2 === 0 ? [there] : { [key]: there });
    case 'deepen':
      return put(value, holder, key, deep(there, [3, 50, 99, 120, 400][other % 5] ?? 3));
    case 'swap': {
      const from = places[other % places.length];
      return from?.holder === undefined ? value : put(value, holder, key, copy(at(from.holder, from.key)));
    }
    case 'edit':
      return put(value, holder, key, edited(there, other));
    case 'shift':
      return typeof there === 'number' ? put(value, holder, key, shifts[other % shifts.length]?.(there)) : value;
    case 'repeat':
      return Array.isArray(there)
        ? put(value, holder, key, Array.from({ length: 1 + (other % 300) }, () => there).flat())
        : value;
  }
}

const shifts: readonly ((value: number) => number)[] = [
  (value) => value + 1,
  (value) => value - 1,
  (value) => -value,
  (value) => value * 1e9,
  (value) => value + 0.5,
];

function edited(value: Value, how: number): Value {
  if (typeof value !== 'string') return String(JSON.stringify(value));
  const middle = Math.floor(value.length / 2);
  const ways = [
    value.toUpperCase(),
    value.slice(0, middle),
    ` ${value} `,
    `\u{feff}${value}`,
    value.repeat(100),
    `${value}\0`,
    `${value.slice(0, middle)}/${value.slice(middle)}`,
    `../${value}`,
    value.replace(/\d/, '9'),
    value.replace(/\d+$/, '300'),
    value.split('').reverse().join(''),
  ];
  return ways[how % ways.length];
}

function hostileKey(number: number): string {
  return (
    ['__proto__', 'constructor', 'type', 'ipam', 'plugins', 'vlan', 'mtu', 'mac', 'ips', 'args', '', 'braid.dev/x'][
      number % 12
    ] ?? ''
  );
}

function deep(value: Value, levels: number): Value {
  return levels === 0 ? value : { d: deep(value, levels - 1) };
}

function at(holder: Record<string, Value> | Value[], key: string): Value {
  return Object.hasOwn(holder, key) ? (holder as Record<string, Value>)[key] : undefined;
}

function put(whole: Value, holder: Record<string, Value> | Value[], key: string, value: Value): Value {
  Object.defineProperty(holder, key, { value: copy(value), enumerable: true, configurable: true, writable: true });
  return whole;
}

function removed(whole: Value, holder: Record<string, Value>, key: string): Value {
  delete holder[key];
  return whole;
}

function spliced(whole: Value, holder: Value[], start: number, gone: number, ...values: Value[]): Value {
  holder.splice(start, gone, ...values);
  return whole;
}

/** As JSON carries it: `__proto__` stays a key like any other. */
function copy<T>(value: T): T {
  const text = JSON.stringify(value);
  return (text === undefined ? null : JSON.parse(text)) as T;
}
