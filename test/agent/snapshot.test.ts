/** The snapshot's text: what goes in comes out, or nothing does. */
import { describe, expect, it } from 'vitest';
import { parseSnapshot, type Snapshot, toSnapshotText } from '../../src/agent/snapshot';
import type { NetworkDefinition, Pod } from '../../src/attach/ports';

const network = (name: string, config = '{"type":"bridge"}'): NetworkDefinition => ({
  namespace: 'default',
  name,
  config,
  source: 'api',
  resourceName: undefined,
});
const pod = (name: string): Pod => ({ namespace: 'default', name, uid: `uid-${name}`, annotations: { a: 'b' } });
const content = {
  pods: [pod('web'), pod('db')],
  networks: [network('a'), network('a-long', '{\n"name": "network default/b {}"\n}'), network('b')],
};
const text = toSnapshotText(content);
const read = (from: string): Snapshot => {
  const snapshot = parseSnapshot(Buffer.from(from));
  if (typeof snapshot === 'string') throw new Error(snapshot);
  return snapshot;
};

it('gives each object back by its whole name', () => {
  const snapshot = read(text);
  expect(snapshot.findNetwork('default', 'a')).toEqual(network('a'));
  expect(snapshot.findNetwork('default', 'a-long')).toEqual(content.networks[1]);
  expect(snapshot.findNetwork('default', 'a-')).toBeUndefined();
  expect(snapshot.findNetwork('other', 'a')).toBeUndefined();
  expect(snapshot.findPod('default', 'db')).toEqual(pod('db'));
  expect(snapshot.findNetwork('default', 'b {}\nnetwork default/a')).toBeUndefined();
});

it('gives everything back to an agent that starts', () => {
  const { pods, networks } = read(text).all();
  expect([...pods]).toEqual(content.pods);
  expect([...networks]).toEqual(content.networks);
});

it('can be empty', () => {
  expect([...read(toSnapshotText({ pods: [], networks: [] })).all().pods]).toEqual([]);
});

describe('is not there', () => {
  it('wherever it is torn', () => {
    for (let length = 0; length < text.length; length += 1)
      expect(typeof parseSnapshot(Buffer.from(text.slice(0, length)))).toBe('string');
  });

  it('whichever byte is another one', () => {
    for (let at = 0; at < text.length; at += 1) {
      const damaged = `${text.slice(0, at)}${text[at] === '~' ? '!' : '~'}${text.slice(at + 1)}`;
      expect(typeof parseSnapshot(Buffer.from(damaged))).toBe('string');
    }
  });

  it('when its version is not known, and says which', () => {
    expect(parseSnapshot(Buffer.from(text.replace('braid-snapshot 2', 'braid-snapshot 1')))).toBe(
      'its version is 1, need 2',
    );
  });
});
