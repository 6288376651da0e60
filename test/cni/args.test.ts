/** CNI_ARGS. */
import { expect, it } from 'vitest';
import { findArg, parseArgs, parseArgsLeniently, toArgs } from '../../src/cni/args';
import { failing } from '../failing';

it.each([
  ['', []],
  ['A=1', [['A', '1']]],
  [
    'IgnoreUnknown=1;K8S_POD_NAME=web',
    [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAME', 'web'],
    ],
  ],
  ['A=b=c', [['A', 'b=c']]],
  ['A=1;', [['A', '1']]],
  [
    ';;A=1;;B=2',
    [
      ['A', '1'],
      ['B', '2'],
    ],
  ],
  ['A=', [['A', '']]],
  ['IP=10.0.0.5/24,2001:db8::5/64', [['IP', '10.0.0.5/24,2001:db8::5/64']]],
])('reads %j', (text, pairs) => {
  expect(parseArgs(text)).toEqual(pairs);
});

it.each(['A', 'K8S_POD_NAME:web', '=1', 'A=1;B', ' ;A=1'])('refuses %j', (text) => {
  expect(() => parseArgs(text)).toThrow(failing('EnvironmentInvalid', 'in CNI_ARGS: need KEY=VALUE'));
});

it('leniently keeps the usable pairs alone', () => {
  expect(parseArgsLeniently('A;B=2;=3;C:4;D=5')).toEqual([
    ['B', '2'],
    ['D', '5'],
  ]);
});

it('counts the last one of several, and an empty one as absent', () => {
  const args = parseArgs('A=1;B=;A=2');
  expect([findArg(args, 'A'), findArg(args, 'B'), findArg(args, 'C')]).toEqual(['2', undefined, undefined]);
});

it('prints what it read', () => {
  expect(toArgs(parseArgs('IgnoreUnknown=1;MAC=02:00:00:00:00:01'))).toBe('IgnoreUnknown=1;MAC=02:00:00:00:00:01');
});
