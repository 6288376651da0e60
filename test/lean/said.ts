/** What a runtime says to many small questions, each of which Braid's calls ask it somewhere: the same under both. Starts short programs. */

import { hostname } from 'node:os';
import { openLog } from '../../src/bin/log';
import { startChild } from '../../src/exec/child';
import { runProgram } from '../../src/exec/program';
import type { Json } from '../../src/json';
import { jsonMistake } from '../../src/json-mistake';
import { AttributeStream } from '../../src/kernel/attribute-stream';
import { locateAttributes } from '../../src/kernel/attributes';
import { decodeLink, getLink, setLink } from '../../src/kernel/codec-link';
import { encodeMessages } from '../../src/kernel/encode';
import * as fs from '../../src/kernel/fs';
import { RouteSocket } from '../../src/kernel/socket';

/** A value to compare; what is thrown, by its kind. */
function tell(work: () => unknown): unknown {
  try {
    const value = work();
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Uint8Array) return { buffer: Buffer.isBuffer(value), bytes: [...value] };
    return value === undefined ? 'undefined' : value;
  } catch (error) {
    return { thrown: error instanceof Error ? error.constructor.name : String(error) };
  }
}

/** Numbers that are the same in every run. */
function* numbers(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

const texts = [
  '',
  'a',
  'é',
  '€',
  '😀',
  '\ud800',
  'a\udc00b',
  '\ud83d',
  'ÿ\u0100',
  '\0x',
  '0aF',
  '0a f',
  'xyz',
  'YWJj',
  'YWI=',
  'Y W-_',
];
const encodings = ['utf8', 'utf-8', 'latin1', 'hex', 'base64', 'base64url'] as const;

function buffers(): unknown {
  const bytes = Buffer.from([
    0, 1, 0x7f, 0x80, 0xc3, 0xa9, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x82,
  ]);
  const positions = [undefined, 0, 1, 5, 13, 14, 15, 16, 17, -1, 1.5];
  const readers = ['readUInt8', 'readUInt16LE', 'readUInt16BE', 'readUInt32LE', 'readUInt32BE', 'readInt32LE'] as const;
  const longReaders = ['readBigUInt64LE', 'readBigInt64LE'] as const;
  const writers = [
    'writeUInt8',
    'writeUInt16LE',
    'writeUInt16BE',
    'writeUInt32LE',
    'writeUInt32BE',
    'writeInt32LE',
  ] as const;
  const values = [0, 1, 127, 128, 255, 256, 65535, 65536, -1, -2147483648, 2147483647, 4294967295, 4294967296];
  const whole = positions.filter((at) => at !== 1.5); // not a number of bytes: only the error's words are Bun's own
  return {
    from: texts.map((text) => encodings.map((encoding) => tell(() => Buffer.from(text, encoding)))),
    lengths: texts.map((text) => Buffer.byteLength(text)),
    lists: [[], [1, 256, -1, 3.7], new Uint8Array([1, 2]), new Uint32Array([1, 257]), new Int32Array([-1]).buffer].map(
      (list) => tell(() => Buffer.from(list as number[])),
    ),
    alloc: [[0], [3], [3, 0xff], [2, 257]].map(([length = 0, byte]) => tell(() => Buffer.alloc(length, byte))),
    unsafe: [Buffer.allocUnsafe(3).length, Buffer.allocUnsafeSlow(0).length],
    text: ['utf8', 'latin1', 'hex', undefined].map((encoding) => bytes.toString(encoding as 'utf8')),
    parts: [[0, 4], [3], [-3], [4, 2], [20], [2, -2], [undefined, 3]].map(([from, to]) => [
      tell(() => bytes.subarray(from, to)),
      tell(() => bytes.slice(from, to)),
      bytes.toString('hex', from === undefined || from < 0 ? 0 : from, to === undefined || to < 0 ? 5 : to),
    ]),
    concat: [[], [bytes], [bytes, Buffer.alloc(0), new Uint8Array([7])]].flatMap((list) =>
      [undefined, 0, 5, 30].map((length) => tell(() => Buffer.concat(list, length))),
    ),
    equal: [bytes, Buffer.from(bytes), bytes.subarray(1), new Uint8Array(17)].map((other) => bytes.equals(other)),
    isBuffer: [bytes, bytes.subarray(2), new Uint8Array(1), 'x', undefined].map((one) => Buffer.isBuffer(one)),
    reads: [...readers, ...longReaders].map((name) => whole.map((at) => tell(() => bytes[name](at)))),
    writes: writers.map((name) =>
      values.map((value) => {
        const into = Buffer.alloc(6);
        return [tell(() => into[name](value, 1)), tell(() => into)];
      }),
    ),
    long: tell(() => {
      const into = Buffer.alloc(9);
      return [into.writeBigUInt64LE(0x0123456789abcdefn, 1), into.toString('hex')];
    }),
    beyond: writers.map((name) => tell(() => Buffer.alloc(1)[name](1, 1))),
    written: ['abc', '€uro', ''].map((text) => {
      const into = Buffer.alloc(4);
      return [into.write(text, 1), into.toString('hex')];
    }),
    copied: [
      [0, 0, 3],
      [2, 1, 17],
      [4, 0, 1],
    ].map(([at, from, to]) => {
      const into = Buffer.alloc(4);
      return [bytes.copy(into, at, from, to), into.toString('hex')];
    }),
    index: [0x80, 9, 'é', '', '\n', Buffer.from([0xff, 0xfe]), bytes, Buffer.from([1, 2])].map((sought) =>
      [undefined, 0, 5, 6, -11, 17, 30, -30].map((start) => tell(() => bytes.indexOf(sought, start))),
    ),
    entries: [...bytes.entries()].length,
    kept: tell(() => {
      const part = bytes.subarray(2, 4);
      part[0] = 9;
      const seen = bytes[2];
      bytes[2] = 0x7f;
      return seen;
    }),
  };
}

/** Attributes of sound messages, of cut ones, and of bytes of any kind. */
function attributes(): unknown {
  const next = numbers();
  const stream = new AttributeStream();
  for (let n = 0; n < 300; n++) stream.push(n, Buffer.alloc(n % 7, n));
  stream.nest(300, (inner) => {
    inner.u32(1, 0xfedcba98);
    inner.u32(2, -1);
    inner.text(3, 'é\ud800');
    inner.nest(4, (deeper) => deeper.emit(Buffer.alloc(3, 7)));
  });
  const message = { type: 16, flags: 0x600, parts: stream.parts };
  const datagram = Buffer.from(encodeMessages([message, { type: 18, flags: 0, parts: [] }], 0xffffffff, 4));
  const tooLong = new AttributeStream();
  tooLong.push(1, Buffer.alloc(0xffff - 3));
  const refused = tell(() => encodeMessages([{ type: 1, flags: 0, parts: tooLong.parts }], 1, 0));
  const sound = datagram.subarray(16, datagram.readUInt32LE(0));
  const only = Uint8Array.from({ length: 40 }, (_, type) => type % 3);
  const any = Array.from({ length: 200 }, () =>
    Buffer.from(
      Array.from({ length: next.next().value % 40 }, (_, at) => (at % 4 === 1 ? 0 : next.next().value >>> 24) % 13),
    ),
  );
  const read = [
    sound,
    sound.subarray(4),
    sound.subarray(0, 1001),
    sound.subarray(0, 1002),
    Buffer.alloc(0),
    ...any,
  ].map((bytes) => [tell(() => locateAttributes(bytes, 0)), tell(() => locateAttributes(bytes, 4, only))]);
  return [datagram.toString('hex'), refused, read];
}

/** What is there before the call begins: in the lean engine it lies in the saved heap. */
const before = {
  list: [3, 1, 2],
  map: new Map<string, unknown>([['a', 1]]),
  set: new Set(['a', 'b']),
  weak: new WeakMap<object, unknown>(),
  text: 'abc'.repeat(30),
  deep: { one: { two: [{ three: 3 }] } } as Record<string, unknown>,
  bytes: Buffer.from('bytes'),
  count: 0,
  long: Array.from({ length: 100 }, () => Array.from({ length: 1000 }, (_, n) => n)),
  many: Array.from({ length: 3000 }, (_, n) => [n]),
  again: (n: number): number => n + before.count,
};

/** What becomes of such things when they are changed, given away and forgotten, again and again. */
function kept(): unknown {
  for (const one of before.long) for (let n = 0; n < 1000; n++) one.push(n);
  for (const one of before.many) one.push(1, 2, 3, 4, 5, 6, 7); // what they had is free now, and to be given to nobody
  for (let n = 0; n < 20_000; n++) {
    before.count++;
    before.list.push(n);
    if (n % 3 === 0) before.list.shift();
    before.map.set(`key${n % 50}`, { n, of: before.deep });
    before.map.delete(`key${(n * 7) % 50}`);
    before.weak.set(before.deep, { n });
    before.deep[`more${n % 20}`] = { ...before.deep, all: undefined };
    delete before.deep[`more${(n * 3) % 20}`];
    before.set.add(`${before.text}${n % 5}`);
    before.bytes[n % 5] = n;
    const ring: { self?: unknown; list: unknown } = { list: before.list };
    ring.self = ring; // nobody has it, and no count tells
  }
  const { list, map, set, weak, text, deep, bytes, long, many, again } = before;
  const keys = Object.keys(deep).toSorted();
  const seen = [list.length, list.slice(0, 3), list.at(-1), [...map.keys()].toSorted(), set.size, text.length, keys];
  const sums = [...long, ...many].map((all) => all.reduce((sum, each) => sum + each, 0));
  return [
    seen,
    sums.at(0),
    sums.at(-1),
    weak.get(deep),
    deep.one,
    bytes.toString('hex'),
    again(1),
    [...list].sort((a, b) => b - a).slice(0, 2),
  ];
}

/** Objects with many fields, and many objects with fields of their own: what is remembered of their shapes is not to grow with them. */
function shapes(): unknown {
  const wide = JSON.parse(`{${Array.from({ length: 50_000 }, (_, n) => `"key${n}":${n}`).join()}}`) as Json;
  const many = Array.from(
    { length: 20_000 },
    (_, n) => JSON.parse(`{"own${n}":1,"a":2,"b${n}":3}`) as Record<string, number>,
  );
  for (const one of many) delete one.a;
  const grown: Record<string, number> = {};
  for (let n = 0; n < 100; n++) grown[`field${n}`] = n;
  return [Object.keys(wide).length, wide.key49999, many.map((one) => Object.keys(one).length).join(''), grown];
}

/** Questions and changes of a socket, of which several are on their way at one time. */
async function netlink(): Promise<unknown> {
  const socket = new RouteSocket();
  const question = (which: string | number) => [getLink(which), decodeLink, `find ${which}`] as const;
  const nowhere = { message: setLink(0x7ffffff0, { up: true }), action: 'change what is not there' };
  const tooMuch = socket.changeAllBeside(Array.from({ length: 20_000 }, () => nowhere));
  const whole = [1, 'lo', 0x7ffffff0, 1].map((which) => socket.getBeside(...question(which)));
  const changes = [1, 2].map(() => socket.changeAllBeside([nowhere, nowhere]));
  const told = await Promise.allSettled([...whole, ...changes, tooMuch]);
  socket.close();
  const closed = new RouteSocket();
  closed.close();
  const shown = told.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)));
  return [shown, String(await closed.getBeside(...question(1)).catch((error: unknown) => error))];
}

const jsons = [
  ...[
    '{}',
    '[]',
    'null',
    '-0',
    '1e5',
    '1E+2',
    '01',
    '1.',
    '.5',
    '+1',
    '0x1',
    'NaN',
    'Infinity',
    '"\\u00e9"',
    '"\\x41"',
    "'a'",
    '"\t"',
  ],
  ...[
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '[1 2]',
    '"a',
    '',
    ' ',
    '\ufeff{}',
    '{"a":1}//',
    '{"a":1}x',
    '"\\ud800"',
    '{"__proto__":1}',
    '1e999',
  ],
  ...[
    '{"a":1,"a":2}',
    '{"2":1,"1":2,"b":3}',
    '"\u2028"',
    '[[[[[[]]]]]]',
    '"\\"',
    '"\0"',
    'tru',
    '123456789012345678901',
  ],
];

function language(): unknown {
  const next = numbers();
  const list = Array.from({ length: 40 }, () => next.next().value);
  return {
    json: jsons.map((text) => [text, tell(() => JSON.stringify(JSON.parse(text))), jsonMistake(text)]),
    deep: tell(() => JSON.parse('['.repeat(1_000_000))) === undefined ? 'read' : 'refused',
    indented: JSON.stringify(
      { a: [1, { b: undefined, c: null, d: new Date(0) }], e: 'é\u2028"\\\n\u0001\ud800' },
      undefined,
      4,
    ),
    numbers: list.map((n) => [n / 7, -n, n * 1e12, n / 1e20, n.toString(16), (n / 3).toFixed(3)].map(String)),
    sorted: list.toSorted((a, b) => (a % 5) - (b % 5)),
    plain: list.map(String).toSorted(),
    words: ['b', 'a', 'ä', 'B', '10', '9'].toSorted(),
    split: ['a,b,,c', ''].map((text) => [text.split(','), text.split(/,/), text.split('', 2)]),
    regexes: [
      /^(?<name>[^@/]+)(?:@(?<as>.+))?$/.exec('net@eth1')?.groups?.as,
      /(?<![0-9])0[0-9]/.test('10.01'),
      'a1b22'.replaceAll(/\d+/g, (digits, at) => `<${digits}@${at}>`),
      [...'k=v;x=y'.matchAll(/(\w)=(\w)/g)].map(({ index, 1: key }) => [index, key]),
      /\p{Lu}/u.test('É'),
      /^\s$/.test('\ufeff'),
      'aXbX'.replace(/X$/s, "$`|$'|$$"),
    ],
    dates: [0, 1e12, 1764580000123].map((ms) => new Date(ms).toISOString()),
    parsed: ['2026-12-01T10:00:00Z', '2026-12-01T10:00:00.5+02:00', 'x'].map((text) => Date.parse(text)),
    big: [(1n << 70n) - 3n, BigInt('0xffffffffffffffffffff') % 1000007n, BigInt.asUintN(32, -1n)].map(String),
    order: Object.keys({ b: 1, 10: 1, a: 1, 9: 1 }),
    chained: tell(() => new Error('outer', { cause: new Error('inner') }).cause instanceof Error),
    well: ['a\ud800', 'é'].map((text) => text.isWellFormed()),
    padded: ['7'.padStart(3, '0'), 'x'.repeat(3), ' \u00a0x\n'.trim(), 'İ'.toLowerCase(), 'ß'.toUpperCase()],
    cloned: [
      Number.parseInt('12px', 10),
      Number('0x1f'),
      Number(''),
      Number.parseFloat('1e3x'),
      Math.trunc(-1.5),
      5 % -3,
    ],
    hashes: ['', 'abc', 'é'.repeat(200), ...[55, 56, 63, 64, 111, 112, 127, 128].map((n) => 'x'.repeat(n))].map(
      (text) => [
        new Bun.CryptoHasher('sha256').update(text).digest('hex'),
        new Bun.CryptoHasher('sha512').update(text).digest('hex'),
        String(Bun.hash.xxHash3(Buffer.from(text))),
      ],
    ),
  };
}

async function timers(): Promise<unknown> {
  const order: string[] = [];
  const after = (ms: number, name: string): Promise<void> =>
    new Promise((resolve) => setTimeout(() => resolve(void order.push(name)), ms));
  const cancelled = setTimeout(() => order.push('never'), 1);
  clearTimeout(cancelled);
  clearTimeout(undefined);
  setTimeout((...given: readonly string[]) => void order.push(given.join()), 250, 'x', 'y');
  const all = [after(800, 'late'), after(0, 'soon'), after(0, 'next'), Promise.resolve().then(() => order.push('now'))];
  order.push('first');
  await Promise.all(all);
  const start = performance.now();
  await after(20, 'waited');
  const raced = await Promise.race([after(2000, 'slow'), after(1, 'fast')]);
  return { order: [...order], waited: performance.now() - start >= 19, raced };
}

const program = (script: string, stdin = '', timeout = 10_000) =>
  runProgram({ path: '/bin/sh', args: ['-c', script], env: { PATH: '/bin:/usr/bin', A: 'b=c' }, stdin, timeout });

async function programs(): Promise<unknown> {
  const refusals = ['/nowhere', '/etc/passwd', '/tmp'].map((path) => {
    try {
      return startChild({ path, args: [], env: {}, stdin: '' }, { stdout: () => {}, stderr: () => {} }).pid > 0;
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : String(error);
    }
  });
  const whole = await program('cat; echo e >&2; echo "$A"', `${'x'.repeat(300_000)}\n`);
  return {
    refusals,
    whole: [whole.stdout.length, whole.stderr, whole.exitCode, whole.signal, whole.killed],
    status: await program('exit 3'),
    signal: await program('kill -9 $$'),
    slow: (await program('sleep 5', '', 50)).killed,
    deaf: (await program("trap '' TERM; sleep 5; sleep 5", '', 50)).killed,
    held: (await program('sleep 3 & echo out')).stdout,
    flood: (await program('head -c 9000000 /dev/zero')).killed,
    session: (await program('read -r a b c d e f rest </proc/self/stat; [ "$f" = "$a" ] || echo other')).stdout,
    pipe: (await program('grep -q "SigIgn:.*1000$" /proc/self/status; echo $?')).stdout, // SIGPIPE is not ignored
    many: (await Promise.all(Array.from({ length: 12 }, (_, n) => program(`sleep 0.05; echo ${n}`)))).map(
      (end) => end.stdout,
    ),
    unknown: tell(() => process.kill(2 ** 22 + 1, 'SIGTERM')),
  };
}

/** Lines of the log, without what is another's in each run. */
function logged(): unknown {
  const directory = `/tmp/braid-lean-log-${process.pid}`;
  const file = `${directory}/a/log`;
  const log = openLog({ level: 'info', file, toStderr: false });
  log.debug({}, 'no');
  log.info({ network: 'é"\n', list: [1, { a: null }], none: undefined, when: new Date(0) }, 'one');
  log.warn({ error: 'x' }, '');
  log.error({ err: new TypeError('bad') }, 'two');
  const lines = fs.readFileSync(file);
  fs.unlinkSync(file);
  for (const path of ['/a', '']) fs.rmdirSync(`${directory}${path}`);
  return lines
    .replaceAll(/"time":"[^"]+Z"/g, 'time')
    .replaceAll(/"pid":\d+/g, 'pid')
    .replaceAll(/"stack":"[^"]*"/g, 'stack')
    .split('\n');
}

function files(): unknown {
  const directory = `/tmp/braid-lean-${process.pid}`;
  fs.mkdirSync(`${directory}/a/b`, { recursive: true });
  const file = `${directory}/a/é`;
  fs.writeFileSync(file, 'text€');
  const outcome = [
    fs.readFileSync(file),
    fs.existsSync(file),
    fs.readdirSync(`${directory}/a`).toSorted(),
    fs.statSync(file).size,
    tell(() => fs.readFileSync(`${directory}/none`)),
    tell(() => fs.openIfThere(`${directory}/none`, 0)),
    tell(() => fs.readFileSync('a\0b')),
    fs.realpathSync(`${directory}/a/../a`) === `${directory}/a`,
  ];
  fs.unlinkSync(file);
  for (const path of ['/a/b', '/a', '']) fs.rmdirSync(`${directory}${path}`);
  return outcome;
}

const yamls = [
  ...[
    '',
    '# nothing',
    'a: 1',
    '---\na: 1\n---\nb: 2\n',
    '--- \n',
    '{"a": [1, 2, {"b": null}]}',
    'a: ~',
    'a:',
    '- 1\n- x',
  ],
  ...[
    'a: &x [1]\nb: *x',
    'a: |\n  x\n   y\n',
    'a: >-\n  x\n  y\n',
    'a: "\\u00e9\\n"',
    "a: 'it''s'",
    'a: 0x1f',
    'a: 0o17',
    'a: 1e3',
  ],
  ...[
    'a: true\nb: True\nc: yes\nd: null',
    'a: 1.0',
    'a: 1:2',
    '? a\n: b',
    'a: [1, 2',
    'a: "x',
    '\ta: 1',
    'a: b: c',
    'a: 2026-12-01',
  ],
];

/** Answers to everything, as JSON can have it; `manifests` are texts to read as YAML. */
export async function said(manifests: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  return {
    manifests: [...manifests, ...yamls].map((text) => [text.slice(0, 60), tell(() => Bun.YAML.parse(text))]),
    buffers: buffers(),
    attributes: attributes(),
    netlink: await netlink(),
    kept: kept(),
    shapes: shapes(),
    language: language(),
    timers: await timers(),
    programs: await programs(),
    files: files(),
    log: logged(),
    host: hostname(),
    random: [Math.random(), Math.random()],
  };
}
