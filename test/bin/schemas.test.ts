/** The JSON Schemas of docs/schema: they are what the tables say, and the parsers agree with them, key by key. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDelegate } from '../../plugins';
import { ipamSchemas, pluginSchemas } from '../../plugins/schemas';
import { schemaFiles } from '../../scripts/schema';
import { braidSchema } from '../../src/cni/braid-schema';
import { isRecord, type Json } from '../../src/json';
import type { Schema } from '../../src/schema';
import { damaged } from '../fuzz/mutate';
import { braidConf, cluster, networks } from '../fuzz/seeds';
import { asSchemasHaveIt, parseNode, parseWhole, published, refusal, validator } from './schema-verdicts';

const root = path.resolve(import.meta.dirname, '../..');
const json = (file: string): Json => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const cases = Number(process.env.FUZZ_CASES ?? 1500);

describe('docs/schema', () => {
  it('is what scripts/schema.ts makes of the tables', () => {
    expect([...published.keys()].sort()).toEqual([...schemaFiles().keys()].sort());
    for (const [file, text] of schemaFiles())
      expect(readFileSync(path.join(root, 'docs/schema', file), 'utf8')).toBe(text);
  });

  it('has every delegate, and no other', () => {
    const types = [...pluginSchemas, ...ipamSchemas].map(({ type }) => type);
    const folders = globSync('plugins/*/index.ts', { cwd: root }).map((file) => path.basename(path.dirname(file)));
    expect(types.filter((type) => findDelegate(type) === undefined)).toEqual([]);
    expect(types.filter((type) => type !== 'cnv-bridge').sort()).toEqual(folders.sort());
  });

  it.each(globSync('plugins/*/example*.json', { cwd: root }).map((file) => [file]))('takes %s', (file) => {
    expect(validator('conflist.json')(json(file))).toBeUndefined();
  });

  it('takes the node’s configuration', () => {
    expect(validator('braid.json')(json('conf/braid.conflist'))).toBeUndefined();
  });

  it.each(globSync('conf/networks/**/*.yaml', { cwd: root }).map((file) => [file]))('takes %s', (file) => {
    const documents = [Bun.YAML.parse(readFileSync(path.join(root, file), 'utf8'))].flat() as readonly Json[];
    for (const document of documents.filter(({ kind }) => kind === 'NetworkAttachmentDefinition')) {
      expect(validator('network-attachment-definition.json')(document)).toBeUndefined();
      const { config } = document.spec as { config?: string };
      if (config !== undefined) expect(validator('network.json')(JSON.parse(config))).toBeUndefined();
    }
  });
});

/** Values at and past the edges of what a schema allows, and of every other type. */
function edges(schema: Schema): readonly unknown[] {
  const { minimum = 0, maximum = 0 } = schema;
  const numbers =
    schema.type === 'integer'
      ? [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, minimum + 0.5]
      : [];
  const words = [
    ...(schema.enum ?? []),
    ...(schema.examples ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
  ];
  const texts = [
    'x',
    'nosuch',
    'x'.repeat(15),
    'x'.repeat(16),
    'a b',
    'a/b',
    '.',
    '..',
    '/run/cni/x',
    '/run/cni/../x',
    '02:00:00:00:00:01',
    '01:00:00:00:00:01',
    '10.1.0.1',
    '10.1.0.300',
    'fd00::1',
    '10.1.0.0/24',
    '10.1.0.0/33',
    '802.1Q',
  ];
  const odd = [true, false, -1, 1.5, 7, [], {}, [1], ['x'], [{}], { x: 1 }, { x: 'y' }];
  return [...numbers, ...words, ...texts, ...odd];
}

/** The least that each type needs beside the key that is tried. */
const least: Readonly<Record<string, Json>> = {
  vlan: { master: 'eth0' },
  vrf: { vrfname: 'red' },
  'host-device': { device: 'eth0' },
  'host-local': { subnet: '10.1.0.0/24' },
};

/** What a key needs to be looked at. */
const beside: Readonly<Record<string, Json>> = {
  vlanProtocol: { master: 'eth0', vlan: 7 },
};

/** Keys of which a schema cannot say all: their parsers look at several together, or into the world of numbers. */
const beyond = ['subnet', 'rangeStart', 'rangeEnd', 'gateway', 'gateways', 'ranges', 'runtimeConfig'];

const own = (schema: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries(schema.properties ?? {}).filter(([key]) => key !== 'type');

describe('schema and parser say the same of', () => {
  it.each(pluginSchemas.flatMap(({ type, schema }) => own(schema).map(([key, one]) => [type, key, one] as const)))(
    '%s: %s',
    (type, key, schema) => {
      for (const value of edges(schema))
        agree('network.json', { type, ...least[type], ...beside[key], [key]: value }, key, parseWhole);
    },
  );

  it.each(ipamSchemas.flatMap(({ type, schema }) => own(schema).map(([key, one]) => [type, key, one] as const)))(
    'ipam %s: %s',
    (type, key, schema) => {
      for (const value of edges(schema))
        agree('network.json', { type: 'macvlan', ipam: { type, ...least[type], [key]: value } }, key, parseWhole);
    },
  );

  it.each(own(braidSchema).filter(([key]) => !ofRuntimes.includes(key)))('braid: %s', (key, schema) => {
    for (const value of edges(schema))
      agree(
        'braid.json',
        { name: 'braid', cniVersion: '1.0.0', type: 'braid', delegates: [cluster], [key]: value },
        key,
        parseNode,
      );
  });
});

/** What runtimes refuse, which read the node’s configuration before Braid does. */
const ofRuntimes = ['capabilities'];

/** Both refuse or both take it; of keys beyond, the schema may take more. */
function agree(file: string, config: Json, key: string, parse: (config: Json) => void): void {
  const bySchema = validator(file, 'open')(asSchemasHaveIt(config));
  const byParser = refusal(() => parse(config));
  const told = `${JSON.stringify(config)}: schema ${bySchema ?? 'takes it'}; parser ${byParser ?? 'takes it'}`;
  if (beyond.includes(key)) expect(bySchema === undefined || byParser !== undefined, told).toBe(true);
  else expect(bySchema === undefined, told).toBe(byParser === undefined);
}

describe('no schema refuses what its parser takes', () => {
  const seeds = [
    ...Object.values(networks),
    cluster,
    ...globSync('plugins/*/example*.json', { cwd: root }).map(json),
  ].filter(isRecord);

  it('of networks', () => {
    const taken = validator('network.json', 'open');
    fc.assert(
      fc.property(damaged(fc.constantFrom(...seeds)), (value) => {
        if (!isRecord(value) || refusal(() => parseWhole(value)) !== undefined) return;
        const why = taken(asSchemasHaveIt(value));
        expect(why, `${why}: ${JSON.stringify(value)}`).toBeUndefined();
      }),
      { numRuns: cases },
    );
  });

  it('of a node', () => {
    const taken = validator('braid.json', 'open');
    fc.assert(
      fc.property(damaged(fc.constant(braidConf)), (value) => {
        if (!isRecord(value) || refusal(() => parseNode(value)) !== undefined) return;
        const config = { ...value, type: 'braid', capabilities: {} };
        const why = taken(asSchemasHaveIt(config));
        expect(why, `${why}: ${JSON.stringify(value)}`).toBeUndefined();
      }),
      { numRuns: cases },
    );
  });
});
