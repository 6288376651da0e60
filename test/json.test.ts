/** From unknown JSON to typed values. */
import { describe, expect, it } from 'vitest';
import {
  boolean,
  int,
  list,
  oneOf,
  optionalInt,
  optionalString,
  parseObject,
  record,
  shown,
  string,
  strings,
} from '../src/json';
import { jsonMistake } from '../src/json-mistake';
import { failing } from './failing';

describe('record', () => {
  it.each([
    ['in another case', { RuntimeConfig: 1 }, 1],
    ['exactly before one in another case', { runtimeconfig: 2, runtimeConfig: 1 }, 1],
    ['the last one of several in other cases', { RUNTIMECONFIG: 1, RuntimeConfig: 2 }, 2],
    ['null as absent', { runtimeConfig: null }, undefined],
    ['absent', {}, undefined],
  ])('finds a field %s', (_, input, expected) => {
    expect(record(input).runtimeConfig).toBe(expected);
  });

  it.each([null, undefined, [], 'text', 7, true])('refuses %j, naming the field', (input) => {
    expect(() => record(input, 'ipam')).toThrow(failing('ConfigInvalid', 'as ipam', 'need a JSON object'));
  });

  it('does not find what every object inherits', () => {
    const view = record({});
    expect([view.toString, view.constructor, view.hasOwnProperty]).toEqual([undefined, undefined, undefined]);
  });

  it('is not changed by a field named __proto__', () => {
    const view = record(JSON.parse('{"__proto__": {"type": "evil"}}'));
    expect(view.type).toBeUndefined();
  });
});

describe('typed fields', () => {
  it.each<[string, () => unknown, unknown]>([
    ['absent text is the default', () => string(undefined, 'f', 'x'), 'x'],
    ['null text is the default', () => string(null, 'f', 'x'), 'x'],
    ['empty text stays empty', () => string('', 'f', 'x'), ''],
    ['absent optional text is undefined', () => optionalString(null, 'f'), undefined],
    ['absent boolean is the default', () => boolean(undefined, 'f', true), true],
    ['false is not the default', () => boolean(false, 'f', true), false],
    ['the lowest integer', () => int(0, 'f', 0, 4094), 0],
    ['the highest integer', () => int(4094, 'f', 0, 4094), 4094],
    ['absent optional integer', () => optionalInt(null, 'f', 0, 1), undefined],
    ['absent list is empty', () => list(undefined, 'f'), []],
    ['null list of strings is empty', () => strings(null, 'f'), []],
    ['empty word is the default', () => oneOf('', 'f', ['a', 'b'], 'b'), 'b'],
    ['a known word', () => oneOf('a', 'f', ['a', 'b'], 'b'), 'a'],
  ])('%s', (_, read, expected) => {
    expect(read()).toEqual(expected);
  });

  it.each<[string, () => unknown, string]>([
    ['a number for a string', () => string(7, 'master'), 'Cannot use 7 as master: need a string'],
    ['text for a boolean', () => boolean('true', 'strict'), 'Cannot use "true" as strict: need true or false'],
    ['4095 as vlanId', () => int(4095, 'vlanId', 0, 4094), 'Cannot use 4095 as vlanId: need an integer from 0 to 4094'],
    ['a fraction', () => int(1.5, 'mtu', 0, 9), 'Cannot use 1.5 as mtu'],
    ['a number as text', () => int('1', 'mtu', 0, 9), 'Cannot use "1" as mtu'],
    ['an object for a list', () => list({}, 'plugins'), 'Cannot use {} as plugins: need a list'],
    ['a number in a list of strings', () => strings(['a', 1], 'search'), 'Cannot use 1 as search[1]: need a string'],
    ['an unknown word', () => oneOf('c', 'mode', ['a', 'b'], 'b'), 'Cannot use "c" as mode: need one of a, b'],
  ])('refuses %s', (_, read, message) => {
    expect(read).toThrow(failing('ConfigInvalid', message));
  });
});

describe('parseObject', () => {
  it.each(['null', '[]', '"text"', '7'])('refuses %s: it is no object', (text) => {
    expect(() => parseObject(text, 'stdin')).toThrow(failing('DecodeFailed', 'Cannot read stdin: need a JSON object'));
  });

  it.each([101, 100_000])('refuses %d lists inside each other', (depth) => {
    const text = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(() => parseObject(text, 'stdin')).toThrow(
      failing('DecodeFailed', 'Cannot read stdin: need at most 100 levels'),
    );
  });

  it('reads a hundred levels', () => {
    expect(parseObject(`{"a":${'['.repeat(99)}${']'.repeat(99)}}`, 'stdin')).toHaveProperty('a');
  });
});

describe('jsonMistake', () => {
  it.each([
    ['a comment at the end of a line', '{\n  "a": 1 // one\n}', 'line 2, column 10: comments are not allowed in JSON'],
    ['a comment between', '{ /* x */ "a": 1}', 'line 1, column 3: comments are not allowed in JSON'],
    ['a typographic quote', '{"a": “1k”}', 'line 1, column 7: typographic quote U+201C, need "'],
    ['a single quote', "{'a': 1}", "line 1, column 2: single quote ', need double quotes"],
    ['a comma before ]', '[{"name": "a"},]', 'line 1, column 16: comma with nothing after it before ]'],
    ['a comma before }', '{"a": 1,\n}', 'line 2, column 1: comma with nothing after it before }'],
    ['a comma in the third line', '{\n\n "a": 1,}', 'line 3, column 9: comma with nothing after it before }'],
    ['two commas', '[1,,2]', 'line 1, column 4: unexpected ,, need a value'],
    ['text cut off after a colon', '{"ipam": {"addresses":', 'line 1, column 23: the text ends too early'],
    ['text cut off in a string', '{"a": "b', 'line 1, column 9: the text ends too early'],
    ['nothing at all', ' \n', 'line 2, column 1: the text ends too early'],
    ['a missing comma', '{"a": 1 "b": 2}', 'column 9: unexpected ", need a comma or the closing bracket'],
    ['a missing colon', '{"a" 1}', 'column 6: unexpected 1, need a colon'],
    ['a bare field name', '{a: 1}', 'column 2: unexpected a, need a field name in double quotes or }'],
    ['a non-breaking space', '{"a":\u00a01}', 'column 6: unexpected character U+00A0, need a value'],
    ['a line break in a string', '"a\nb"', 'column 3: unexpected character U+000A, need \\ and a letter for it'],
    ['an unknown escape', '"a\\x"', 'column 4: unexpected x'],
    ['a leading zero', '[01]', 'column 3: unexpected 1, need a comma or the closing bracket'],
    ['text after the end', '{} x', 'column 4: unexpected x, need the end of the text'],
    ['the wrong bracket', '[1}', 'column 3: unexpected }, need a comma or the closing bracket'],
  ])('finds %s', (_, text, mistake) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonMistake(text)).toContain(mistake);
  });

  it.each(['{}', '[]', '[1, -0.5e+3, true, false, null]', '{"a": {"b": ["\\u00e9\\n", {}]}}', ' 7 '])(
    'finds none in %s',
    (text) => {
      expect(() => JSON.parse(text)).not.toThrow();
      expect(jsonMistake(text, new Error('too deep'))).toBe('invalid JSON: too deep');
    },
  );

  it('finds a mistake behind a string of three million characters', () => {
    expect(jsonMistake(`["${'a'.repeat(3_000_000)}",]`)).toContain('comma with nothing after it');
  });

  it('finds a mistake behind 200000 tokens in well under a second', () => {
    const begun = performance.now();
    expect(jsonMistake(`[${'1, '.repeat(100_000)}]`)).toContain('comma with nothing after it');
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe('shown', () => {
  it.each([
    ['text in quotes', 'eth0', '"eth0"'],
    ['nothing', undefined, 'nothing'],
    ['a control character as an escape', 'a\nb', '"a\\nb"'],
  ])('shows %s', (_, value, expected) => {
    expect(shown(value)).toBe(expected);
  });

  it('cuts long things at 60 characters', () => {
    expect(shown('x'.repeat(100))).toHaveLength(60);
    expect(shown('x'.repeat(100))).toMatch(/^"x+…$/);
  });
});
