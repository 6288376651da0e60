/** Likely misspellings. */
import { expect, it } from 'vitest';
import { findNearMiss } from '../src/near';

const words = ['name', 'namespace', 'interface', 'ips', 'mac', 'default-route', 'cni-args', 'deviceID'];

it.each([
  ['ip', 'ips'],
  ['nmae', 'name'],
  ['interfaces', 'interface'],
  ['intreface', 'interface'],
  ['defaultRoute', 'default-route'],
  ['default_routes', 'default-route'],
  ['cniArgs', 'cni-args'],
  ['DEVICE-ID', 'deviceID'],
])('%s is a near miss of %s', (text, word) => {
  expect(findNearMiss(text, words)).toBe(word);
});

it.each(['gateway', 'vlan', 'mtu', 'ns', 'type', '__proto__', '', 'x'.repeat(100_000)])(
  '%.20s is no near miss',
  (text) => {
    expect(findNearMiss(text, words)).toBeUndefined();
  },
);

it('the nearest one of several counts', () => {
  expect(findNearMiss('maxSze', ['maxAge', 'maxSize'])).toBe('maxSize');
});
