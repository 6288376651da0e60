/** The tables of keys have the keys that the parsers read, and no others: a key is added to both or to none. */
import { describe, expect, it } from 'vitest';
import { ipamSchemas, pluginSchemas } from '../../plugins/schemas';
import { isRecord, type Json } from '../../src/json';
import type { Schema } from '../../src/schema';
import { parsePlugin, refusal } from '../bin/schema-verdicts';

/** Where keys are looked up, e.g. `` for the top, `ipam`, `vlanTrunk[]`, and which. */
type Reads = Map<string, Set<string>>;

/** The value, which notes what is asked of it and of what it holds. */
function watched(value: unknown, at: string, reads: Reads): unknown {
  if (Array.isArray(value)) return value.map((each) => watched(each, `${at}[]`, reads));
  if (!isRecord(value)) return value;
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, watched(each, at === '' ? key : `${at}.${key}`, reads)]),
  );
  const own = reads.get(at) ?? new Set();
  reads.set(at, own);
  return new Proxy(inner, {
    getOwnPropertyDescriptor(target, key) {
      own.add(String(key));
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}

/** The same places in a table. */
function tables(schema: Schema, at = ''): Reads {
  const found: Reads = new Map();
  for (const [key, one] of Object.entries(schema.properties ?? {})) {
    found.set(at, (found.get(at) ?? new Set()).add(key));
    for (const [place, keys] of nested(one, at === '' ? key : `${at}.${key}`)) found.set(place, keys);
  }
  return found;
}

function nested(schema: Schema, at: string): Reads {
  if (schema.items !== undefined) return nested(schema.items, `${at}[]`);
  return schema.additionalProperties === false ? tables(schema, at) : new Map();
}

const addresses = { ipam: { type: 'static', addresses: [{ address: '10.1.0.5/24' }] } };
const route = { dst: '10.9.0.0/16', gw: '10.1.0.1', mtu: 1400, priority: 5 };
const dns = { nameservers: ['10.1.0.1'], domain: 'x.test' };

/** For each type, configurations whose parsers go through to their ends. */
const samples: Readonly<Record<string, readonly Json[]>> = {
  macvlan: [{ vlan: 7, vlanProtocol: '802.1Q', dns, ...addresses }],
  vlan: [{ master: 'eth0', dns, ...addresses }],
  ipvlan: [{ dns, ...addresses }],
  bridge: [
    { dns, vlanTrunk: [{ id: 7, minID: 8, maxID: 9 }] },
    { master: 'eth0', vlan: 7, vlanProtocol: '802.1Q' },
  ],
  'cnv-bridge': [{ dns, vlanTrunk: [{ id: 7, minID: 8, maxID: 9 }] }],
  sbr: [{}],
  loopback: [{}],
  dummy: [{}],
  tap: [{ dns }],
  ptp: [{ dns }],
  'host-device': [{ device: 'eth0', dns }],
  tuning: [{ sysctl: { 'net.core.somaxconn': '1' } }],
  vrf: [{ vrfname: 'red' }],
};

const ipams: Readonly<Record<string, Json>> = {
  'host-local': { subnet: '10.1.0.0/24', ranges: [[{ subnet: '10.2.0.0/24' }]], routes: [route] },
  static: { addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }], routes: [route], dns },
  dhcp: {
    provide: [{ option: 'host-name', value: 'x', fromArg: 'K8S_POD_NAME' }],
    request: [{ option: '121', skipDefault: true }],
  },
};

/** What the code that calls a plugin reads of every configuration. */
const ofAll = ['type', 'name', 'cniVersion', 'cniVersions', 'ipam', 'dns', 'args', 'capabilities', 'isolation'].concat([
  'disableCheck',
  'disableGC',
  'runtimeConfig',
  'prevResult',
  'plugins',
  'deviceID',
]);

/** Read where pods are compared with each other: src/pod/independence.ts. */
const ofPods = ['shared'];

/** The test and its parsers look at these of any type; the tables need not have them. */
const ofTest = ['master'];

function sorted(reads: Reads, at: string, without: readonly string[] = []): readonly string[] {
  return [...(reads.get(at) ?? [])].filter((key) => !without.includes(key)).sort();
}

describe('a table has what the parser reads', () => {
  it.each(pluginSchemas.map(({ type, schema }) => [type, schema] as const))('of %s', (type, schema) => {
    const reads: Reads = new Map();
    for (const sample of samples[type] ?? [])
      expect(refusal(() => parsePlugin(watched({ type, ...sample }, '', reads) as Json))).toBeUndefined();
    const table = tables(schema);
    const extra = ofTest.filter((key) => !table.get('')?.has(key));
    expect(sorted(reads, '', [...ofAll, ...extra])).toEqual(sorted(table, '', ofAll));
    for (const place of [...table.keys()].filter((each) => each !== '' && reads.has(each)))
      expect(sorted(reads, place), place).toEqual(sorted(table, place));
    expect([...table.keys()].filter((place) => !reads.has(place) && place !== 'dns')).toEqual([]);
  });

  it.each(ipamSchemas.map(({ type, schema }) => [type, schema] as const))('of ipam %s', (type, schema) => {
    const reads: Reads = new Map();
    const config = { type: 'macvlan', cniVersion: '1.0.0', ipam: { type, ...ipams[type] } };
    expect(refusal(() => parsePlugin(watched(config, '', reads) as Json))).toBeUndefined();
    const table = tables(schema, 'ipam');
    for (const place of table.keys()) expect(sorted(reads, place), place).toEqual(sorted(table, place, ofPods));
  });
});
