/** Namespaces that tests make by themselves are what `ip netns` makes, and what they tell of them is what ip and nft tell. */
import { expect, it } from 'vitest';
import { countRules6, hasTables } from './namespace';
import { run, Space } from './runtime';

it('makes a namespace that ip knows, with lo up', () => {
  const space = new Space('named');
  expect(run('ip', 'netns', 'list')).toContain('named');
  expect(space.link('lo').flags).toContain('UP');
  expect(space.addresses('lo')).toEqual([]); // 127.0.0.1 is of scope host
  expect(space.reaches('127.0.0.1')).toBe(true);
});

it('leaves nothing of it', () => {
  expect(run('ip', 'netns', 'list')).not.toContain('named');
});

it('counts the rules of IPv6', () => {
  const space = new Space('ruled');
  expect(countRules6('ruled')).toBe(2);
  space.ip('rule add from 10.1.0.5 table 100');
  expect(countRules6('ruled')).toBe(2);
  space.ip('-6 rule add from fd00:1::5 table 100');
  expect(countRules6('ruled')).toBe(3);
});

it.each(['inet', 'bridge'])('sees a table of nftables of family %s', (family) => {
  const space = new Space(`tabled-${family}`);
  expect(space.enter(hasTables)).toBe(false);
  space.exec('nft', 'add', 'table', family, 'one');
  expect(space.enter(hasTables)).toBe(true);
});
