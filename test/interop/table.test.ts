/** The table itself: how much of the delegates it has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipamSchemas, pluginSchemas } from '../../plugins/schemas';
import { anyPlugin } from '../../src/cni/schema';
import { supportedVersions } from '../../src/cni/version';
import { isRecord } from '../../src/json';
import type { Json } from '../e2e/runtime';
import { table } from './table';
import { type Row, versionOf } from './twins';

const rows = Object.values(table).flat();
const attached = (own: readonly Row[]): readonly Row[] => own.filter(({ fails }) => fails !== true);

it('has at least 200 configurations, each of a name of its own', () => {
  expect(attached(rows).length).toBeGreaterThanOrEqual(200);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

it('differs only where docs/compatibility.md says so', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8');
  for (const { name, differs } of rows) if (differs !== undefined) expect(docs, name).toContain(`| ${differs.why}. |`);
});

/** Keys that the reference plugins do not know: what Braid does with them has tests of its own. */
const ownKeys: Readonly<Record<string, readonly string[]>> = {
  bridge: ['master', 'vlanProtocol', 'probe', 'hostAccess'],
  macvlan: ['vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  ipvlan: ['vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  vlan: ['vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  sbr: ['gateways', 'addSourceHints'],
  'host-device': ['deviceID'],
  'host-local': ['dataDir'], // twins.ts gives every row one
  tap: ['selinuxContext'], // the reference plugin cannot set it on a node without SELinux
  static: ['shared'],
};
describe.each(Object.entries(table))('%s', (type, own) => {
  it('is attached in every version that it can have', () => {
    const versions = new Set(attached(own).map(versionOf));
    const first = { vrf: '0.3.1', sbr: '0.3.0' }[type] ?? '0.1.0'; // the reference’s: before 0.3 no result tells of interfaces
    expect([...versions].sort()).toEqual(supportedVersions.filter((version) => version >= first));
  });

  it('has every key', () => {
    const { properties = {} } = [...pluginSchemas, ...ipamSchemas].find((each) => each.type === type)?.schema ?? {};
    const used = own.flatMap(({ plugins }) => plugins.flatMap((plugin) => keysOf(type, plugin)));
    const elsewhere = [...Object.keys(anyPlugin.properties ?? {}), ...(ownKeys[type] ?? [])];
    expect(Object.keys(properties)).not.toEqual([]);
    expect(Object.keys(properties).filter((key) => ![...used, ...elsewhere].includes(key))).toEqual([]);
  });
});

/** Keys that a plugin, or its IPAM, of that type is given. */
function keysOf(type: string, plugin: Json): readonly string[] {
  const parts = [plugin, plugin.ipam].filter((part) => isRecord(part) && part.type === type);
  return parts.flatMap((part) => Object.keys(part as Json));
}
