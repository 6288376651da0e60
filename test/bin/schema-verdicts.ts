/** What the JSON Schemas and what the parsers say of a configuration. Reads docs/schema only. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import { findDelegate } from '../../plugins';
import { parse as parseHostLocal, parsePool } from '../../plugins/host-local';
import { plan as planStatic } from '../../plugins/static';
import { parseConfig } from '../../src/cni/config';
import { parseIpam } from '../../src/cni/ipam';
import { ipamTypeOf, type Network, parseNetwork, typeOf } from '../../src/cni/network';
import { parseDhcp } from '../../src/dhcp/config';
import { isRecord, type Json, record } from '../../src/json';
import { parseMasterMatch } from '../../src/net/master';
import type { Schema } from '../../src/schema';

const folder = path.resolve(import.meta.dirname, '../../docs/schema');

/** The published files, by name. */
export const published: ReadonlyMap<string, Schema> = new Map(
  globSync('*.json', { cwd: folder }).map((file) => [file, JSON.parse(readFileSync(path.join(folder, file), 'utf8'))]),
);

/** Why a schema refuses the value; `undefined` when it does not. */
export type SchemaVerdict = (value: unknown) => string | undefined;

/** The validator of a published file. Open: keys that it does not know are nobody's business, as for the parsers. */
export function validator(file: string, as: 'open' | 'closed' = 'closed'): SchemaVerdict {
  const ajv = as === 'open' ? open : closed;
  return (value) => {
    const validate = ajv.getSchema(file);
    if (validate === undefined) throw new Error(`no schema ${file}`);
    return validate(value) === true ? undefined : ajv.errorsText(validate.errors);
  };
}

const closed = compiled((schema) => schema);
const open = compiled(opened);

function compiled(change: (schema: Schema) => Schema): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
  for (const [file, schema] of published) ajv.addSchema(change(schema), file);
  return ajv;
}

/** Without what forbids unknown keys; objects whose parser does forbid them have no place for notes. */
function opened(schema: Schema): Schema {
  const copy = JSON.parse(JSON.stringify(schema), (_, value: unknown) => {
    if (!isRecord(value) || value.patternProperties === undefined) return value;
    const { additionalProperties: _closed, ...rest } = value;
    return rest;
  });
  return copy as Schema;
}

/** A value as a schema must have it: keys in their own spelling, and what the parsers take for absent is absent. */
export function asSchemasHaveIt(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asSchemasHaveIt);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, each]) => each !== null && (each !== '' || neverEmpty.includes(key)),
  );
  return Object.fromEntries(
    kept.map(([key, each]) => [Object.hasOwn(value, spelt(key)) ? key : spelt(key), asSchemasHaveIt(each)]),
  );
}

/** Keys that may be left out, but not be empty. */
const neverEmpty = ['bridge'];

/** As the schemas spell the key; as it is when they do not know it. */
function spelt(key: string): string {
  return spellings.get(key.toLowerCase()) ?? key;
}

const spellings = new Map([...published.values()].flatMap(keysIn).map((key) => [key.toLowerCase(), key]));

function keysIn(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = isRecord(schema) && isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  return [...own, ...Object.values(schema).flatMap(keysIn)];
}

/** Parses a network as ADD would, IPAM and all. Throws what is wrong. */
export function parseWhole(config: Json): void {
  parsePlugins(parseNetwork(config, 'n'));
}

function parsePlugins(network: Network): void {
  for (const plugin of network.plugins) parsePlugin({ ...plugin, cniVersion: network.cniVersion, name: network.name });
}

const chained = ['sbr', 'loopback', 'tuning', 'vrf'];

/** Parses one plugin, and its IPAM. Throws what is wrong. */
export function parsePlugin(plugin: Json): void {
  const type = typeOf(plugin);
  const { master } = record(plugin);
  const match = ['macvlan', 'ipvlan', 'vlan', 'bridge', 'cnv-bridge'].includes(type)
    ? parseMasterMatch(master)
    : undefined;
  findDelegate(type)?.bind(match === undefined ? plugin : { ...plugin, master: 'eth0' });
  if (!chained.includes(type)) parseSection(ipamTypeOf(plugin), plugin);
}

function parseSection(type: string | undefined, plugin: Json): void {
  if (type === 'static') planStatic({ input: plugin }, []);
  if (type === 'dhcp') parseDhcp(parseIpam(record(plugin)), []);
  if (type === 'host-local') {
    parseHostLocal(plugin);
    parsePool(plugin, []);
  }
}

/** Parses a node's configuration, its networks too. Throws what is wrong. */
export function parseNode(config: Json): void {
  const { defaultNetwork } = parseConfig(JSON.stringify(config));
  if (defaultNetwork.from === 'delegates') defaultNetwork.networks.forEach(parsePlugins);
}

/** Why a parser refuses; `undefined` when it does not. */
export function refusal(parse: () => void): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
