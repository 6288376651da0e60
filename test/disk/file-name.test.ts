/** Texts with a slash as names of files. */
import { expect, it } from 'vitest';
import { fileNameOf } from '../../src/disk/file-name';

it.each([
  ['default/web-0', 'default%2Fweb-0'],
  ['/var/lib/cni/networks/blue', '%2Fvar%2Flib%2Fcni%2Fnetworks%2Fblue'],
  ['../../etc/passwd', '..%2F..%2Fetc%2Fpasswd'],
  ['a%2Fb/c', 'a%252Fb%2Fc'],
])('reads like %s', (text, name) => {
  expect(fileNameOf(text)).toBe(name);
});

it.each([
  ['too long', `/${'x'.repeat(300)}`],
  ['too long once it is escaped', `/${'ü'.repeat(80)}`],
  ['with half a character', 'a/\ud800'],
  ['without a slash', '..'],
])('is a fingerprint of what is %s', (_, text) => {
  expect(fileNameOf(text)).toMatch(/^[0-9a-f]{32}$/);
});
