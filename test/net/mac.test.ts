/** Ethernet addresses. */
import { expect, it } from 'vitest';
import { mac, macBytes, macFrom } from '../../src/net/mac';
import { failing } from '../failing';

it.each([
  ['02:00:00:00:00:01', '02:00:00:00:00:01'],
  ['C2:11:22:33:44:AA', 'c2:11:22:33:44:aa'],
  ['02-00-00-00-00-0f', '02:00:00:00:00:0f'],
  ['0200.0000.00FF', '02:00:00:00:00:ff'],
])('reads %s as %s', (text, expected) => {
  expect(mac(text, 'mac')).toBe(expected);
});

it.each([
  '',
  '02:00:00:00:00',
  '02:00:00:00:00:0',
  '02:00:00:00:00:01:02:03',
  '02-00:00:00:00:01',
  '02:00:00:00:00:0g',
  ' 02:00:00:00:00:01',
  '02:00:00:00:00:01\n',
  7,
  null,
])('refuses %j', (value) => {
  expect(() => mac(value, 'mac')).toThrow(failing('ConfigInvalid', 'as mac', 'need a MAC address of 6 bytes'));
});

it('is its 6 bytes', () => {
  const address = mac('02:00:5e:10:00:ff', 'mac');
  expect([...macBytes(address)]).toEqual([2, 0, 0x5e, 0x10, 0, 255]);
  expect(macFrom(macBytes(address))).toBe(address);
});
