/** The table itself: how much of the delegates it has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipamSchemas, pluginSchemas } from '../../plugins/schemas';
import { anyPlugin } from '../../src/cni/schema';
import { supportedVersions } from '../../src/cni/version';
import { isRecord } from '../../src/json';
import type { Json } from '../e2e/runtime';
import { placesOf, usedBy } from './places';
import { dhcpSections } from './rows/dhcp';
import { table } from './table';
import { type Row, versionOf } from './twins';

/** Keys that every plugin has: Braid's engine reads them, or nobody. */
const ofEngine = placesOf(anyPlugin);

const rows = Object.values(table).flat();
const docs = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8');
const attached = (own: readonly Row[]): readonly Row[] => own.filter(({ fails }) => fails === undefined);

it('has at least 200 configurations, each of a name of its own', () => {
  expect(attached(rows).length).toBeGreaterThanOrEqual(200);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

it('is as large as docs/compatibility.md says', () => {
  const [both, alone] = [attached(rows).length, rows.filter(({ fails }) => fails === 'reference').length];
  const shares = `${both} attached, ${rows.length - both - alone} refused, ${alone} attached by Braid alone`;
  const said = `A table of ${rows.length} configurations (\`test/interop/rows\`; ${shares})`;
  expect(docs).toContain(said);
});

it('differs only where docs/compatibility.md says so', () => {
  for (const { name, differs } of rows) if (differs !== undefined) expect(docs, name).toContain(`| ${differs.why}. |`);
});

/** Keys and words that no row can have, for what Braid does with them has tests of its own; with what is below them. */
const ofBraid: Readonly<Record<string, readonly string[]>> = {
  bridge: ['master', 'vlanProtocol', 'probe', 'hostAccess'],
  macvlan: ['master.match', 'vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  ipvlan: ['master.match', 'vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  vlan: ['master.match', 'vlan', 'vlanProtocol', 'probe', 'hostAccess'],
  sbr: ['gateways', 'addSourceHints'],
  'host-device': ['deviceID'],
  'host-local': ['dataDir'], // twins.ts gives every row one
  tap: ['selinuxContext'], // the reference plugin cannot set it on a node without SELinux
  static: ['shared'],
};

/** What a pod asks for, which no schema has: the runtime gives it, or CNI_ARGS. */
const asked: Readonly<Record<string, readonly string[]>> = {
  bridge: ['runtimeConfig.mac', 'args.cni.mac', 'CNI_ARGS.MAC'],
  macvlan: ['runtimeConfig.mac', 'CNI_ARGS.MAC'],
  tap: ['runtimeConfig.mac', 'CNI_ARGS.MAC'],
  tuning: [
    ...['runtimeConfig.mac', 'CNI_ARGS.MAC'],
    ...['mac', 'mtu', 'sysctl', 'promisc', 'allmulti', 'txQLen'].map((key) => `args.cni.${key}`),
  ],
  'host-device': ['runtimeConfig.deviceID'],
  'host-local': ['runtimeConfig.ips', 'runtimeConfig.ipRanges', 'args.cni.ips', 'CNI_ARGS.IP'],
  static: ['runtimeConfig.ips', 'args.cni.ips', 'CNI_ARGS.IP', 'CNI_ARGS.GATEWAY'],
};

describe.each(Object.entries(table))('%s', (type, own) => {
  it('is attached in every version that it can have', () => {
    const versions = new Set(attached(own).map(versionOf));
    const first = { vrf: '0.3.1', sbr: '0.3.0' }[type] ?? '0.1.0'; // the reference’s: before 0.3 no result tells of interfaces
    expect([...versions].sort()).toEqual(supportedVersions.filter((version) => version >= first));
  });

  it('has every key, every word of a key, and everything that a pod can ask for', () => {
    const { schema = {} } = [...pluginSchemas, ...ipamSchemas].find((each) => each.type === type) ?? {};
    const places = [...placesOf(schema), ...(asked[type] ?? [])].filter((place) => !ofEngine.includes(place));
    const own = (ofBraid[type] ?? []).map((key) => new RegExp(`^${key}( |\\.|$)`));
    const used = attached(rows).flatMap((row) => row.plugins.flatMap((plugin) => usedOf(type, plugin, row)));
    const missing = places.filter((place) => !used.includes(place) && !own.some((key) => key.test(place)));
    expect(missing).toEqual([]);
    // What is listed as Braid's own is still a key.
    expect((ofBraid[type] ?? []).filter((key) => !places.includes(key))).toEqual([]);
  });
});

it('dhcp, which has a test of its own, has every key that the reference plugin knows', () => {
  const { schema = {} } = ipamSchemas.find(({ type }) => type === 'dhcp') ?? {};
  const used = Object.values(dhcpSections).flatMap((section) => usedBy(section));
  const elsewhere = /^(type|daemonSocketPath|prefixLength|family( = .*)?)$/; // every row has the first two, no row of the reference the others
  const missing = placesOf(schema).filter((place) => !used.includes(place) && !elsewhere.test(place));
  expect(missing).toEqual([]);
});

/** What a row says to a plugin, or an IPAM, of that type. */
function usedOf(type: string, plugin: Json, { args = '' }: Row): readonly string[] {
  const parts = [plugin, plugin.ipam].filter((part) => isRecord(part) && part.type === type);
  if (parts.length === 0) return [];
  const { runtimeConfig = {}, args: ofConfig = {} } = plugin;
  const words = Object.fromEntries(args.split(';').map((pair) => pair.split('=')));
  return [...parts.flatMap((part) => usedBy(part)), ...usedBy({ runtimeConfig, args: ofConfig, CNI_ARGS: words })];
}
