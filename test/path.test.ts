/** Paths as text: as node:path has them. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { dirname, extname, join, normalize } from '../src/path';

const some = ['/a', '/a/b', '/a/b/', '/', '/a/.b', '/a.d/b', '/a/b.conf.json', '/a/b.', 'c.json', '.x'];

it.each(some)('%s has the directory and the extension that node:path says', (one) => {
  expect(dirname(one)).toBe(path.dirname(one));
  expect(extname(one)).toBe(path.extname(one));
});

it.each([
  ['/var/lib//cni/./networks/', '/var/lib/cni/networks'],
  ['/', '/'],
  ['/a/./b', '/a/b'],
])('%s is normally %s', (one, normal) => {
  expect(normalize(one)).toBe(normal);
  expect(normal).toBe(path.normalize(one).replace(/(.)\/$/, '$1'));
});

it('parts are joined by one slash', () => {
  expect(join('/a/', 'b', '/c')).toBe('/a/b/c');
  expect(join('nets', 'x.json')).toBe('nets/x.json');
});
