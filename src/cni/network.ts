/** One network's configuration, from a NetworkAttachmentDefinition or an element of `delegates`. Pure. */
import { fail, placed, type Reason } from '../error';
import { boolean, isRecord, type Json, list, parseObject, record, shown } from '../json';
import { findNearMiss } from '../near';
import { type NetworkName, networkName } from '../net/names';
import { type CniVersion, isAtLeast, isVersion, newestVersion, parseVersion } from './version';

/** A network: its plugins in order, each one's configuration as it came. */
export interface Network {
  /** CNI name: the configuration's own, or the definition's where it has none. */
  readonly name: NetworkName;
  readonly cniVersion: CniVersion;
  /** A single plugin's configuration, or a list with `plugins`. */
  readonly shape: 'conf' | 'list';
  /** At least one. `name`, `cniVersion`, `prevResult` and `runtimeConfig` are added when a plugin is called. */
  readonly plugins: readonly Json[];
  /** Capabilities that at least one plugin declares. */
  readonly capabilities: readonly string[];
  /** `isolation` of the network; undefined: as the node's configuration says. */
  readonly isolation: boolean | undefined;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  /** What works, but probably not as meant. */
  readonly warnings: readonly string[];
}

/**
 * Version of a list that names none. libcni would take 0.1.0, which has no interfaces, so a chained plugin (sbr) could not
 * find its link (peers.md T002-1). 0.4.0 is the newest one that every plugin of recent years speaks.
 */
const versionOfUnversionedList: CniVersion = '0.4.0';

/**
 * Parses a network from JSON text or an object (delegates.md 1.6, multus-behaviour.md 3.3 to 3.5).
 * Throws `reason` (VersionIncompatible for a version Braid does not speak), placed at the network
 * `display` when it is given.
 */
export function parseNetwork(
  input: string | Json,
  fallbackName: string,
  display?: string,
  reason: Reason = 'NetworkInvalid',
): Network {
  try {
    const config = typeof input === 'string' ? parseObject(input, 'its configuration', reason) : input;
    return fromObject(config, fallbackName, reason);
  } catch (error) {
    throw placed(error, { network: display });
  }
}

/** The `type` of a plugin's configuration. */
export function typeOf(plugin: Json): string {
  return String(record(plugin).type);
}

/** The `type` of a plugin's IPAM; `undefined` where there is none. */
export function ipamTypeOf(plugin: Json): string | undefined {
  const { ipam } = record(plugin);
  const type = isRecord(ipam) ? record(ipam).type : undefined;
  return typeof type === 'string' && type !== '' ? type : undefined;
}

function fromObject(config: Json, fallbackName: string, reason: Reason): Network {
  const top = record(config, 'configuration', reason);
  const single = typeof top.type === 'string' ? top.type !== '' : top.type !== undefined && top.plugins === undefined;
  const plugins = single ? [config] : parsePlugins(config, reason);
  for (let at = 0; at < plugins.length; at++)
    requirePlugin(plugins[at] as Json, single ? '' : `plugins[${at}].`, reason);
  const version = parseVersions(top.cniVersion, top.cniVersions, reason);
  const isolations = [config, ...plugins].map((part) => optionalBoolean(record(part).isolation, 'isolation', reason));
  return {
    name: networkName(top.name === '' ? fallbackName : (top.name ?? fallbackName), 'name', reason),
    cniVersion: version ?? (single ? '0.1.0' : versionOfUnversionedList),
    shape: single ? 'conf' : 'list',
    plugins,
    capabilities: [...new Set(plugins.flatMap((plugin) => declared(plugin, reason)))],
    isolation: isolations.find((value) => value !== undefined),
    disableCheck: looseBoolean(top.disableCheck, 'disableCheck', reason),
    disableGC: looseBoolean(top.disableGC, 'disableGC', reason),
    warnings: [
      ...(version === undefined && !single ? [`has no cniVersion: ${versionOfUnversionedList} is used`] : []),
      ...(plugins.some(isUntyped) ? ['gives no addresses: need ipam.type, like host-local'] : []),
    ],
  };
}

function parsePlugins(config: Json, reason: Reason): readonly Json[] {
  const { plugins: value } = record(config);
  if (value === undefined) return refuseShapeless(config, reason);
  const plugins = list(value, 'plugins', reason);
  if (plugins.length === 0) return fail(reason, 'Cannot use [] as plugins: need at least one plugin');
  return plugins.map((plugin, index) => {
    record(plugin, `plugins[${index}]`, reason);
    return plugin as Json;
  });
}

function refuseShapeless(config: Json, reason: Reason): never {
  for (const key of Object.keys(config)) {
    const meant = findNearMiss(key, ['type', 'plugins']);
    if (meant !== undefined && meant !== key.toLowerCase())
      fail(reason, `Cannot use ${shown(key)} in the configuration: did you mean "${meant}"?`);
  }
  return fail(reason, 'Cannot use the configuration: need "type", or "plugins" for a list');
}

/** Layer 2 only, says the specification; but whoever writes more than that into `ipam` wants addresses. */
function isUntyped(plugin: Json): boolean {
  const { ipam } = record(plugin);
  return isRecord(ipam) && ipamTypeOf(plugin) === undefined && Object.keys(ipam).some((key) => key !== 'type');
}

/** What every plugin must have right, whoever reads the rest of it. */
export function requirePlugin(plugin: Json, prefix: string, reason: Reason): void {
  const view = record(plugin);
  fileName(view.type, `${prefix}type`, reason);
  if (view.ipam !== undefined) {
    const { type } = record(view.ipam, `${prefix}ipam`, reason);
    if (type !== undefined && type !== '') fileName(type, `${prefix}ipam.type`, reason); // {} and "" are layer 2 only
  }
  if (view.args !== undefined) {
    const { cni } = record(view.args, `${prefix}args`, reason);
    if (cni !== undefined) record(cni, `${prefix}args.cni`, reason);
  }
}

/** A plugin's type is looked up as a file, so it must be a plain file name. */
function fileName(value: unknown, field: string, reason: Reason): void {
  if (!isPlain(value)) fail(reason, `Cannot use ${shown(value)} as ${field}: need the file name of a plugin`);
  if (value === 'braid')
    fail(reason, `Cannot use "braid" as ${field}: a network cannot be attached by Braid itself again`);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || value.length > 255) return false;
  return !value.includes('/') && !value.includes('\0') && value !== '.' && value !== '..';
}

function declared(plugin: Json, reason: Reason): readonly string[] {
  const value = record(plugin).capabilities;
  if (value === undefined) return [];
  record(value, 'capabilities', reason);
  const entries = Object.entries(value as Json);
  return entries.filter(([name, on]) => boolean(on, `capabilities.${name}`, false, reason)).map(([name]) => name);
}

/** The highest of `cniVersion` and those of `cniVersions` that Braid can know; `undefined` when there is neither. */
function parseVersions(single: unknown, several: unknown, reason: Reason): CniVersion | undefined {
  const known = list(several, 'cniVersions', reason).filter((version, index) => {
    if (typeof version === 'string' && isVersion(version)) return isAtLeast(newestVersion, version);
    return fail(reason, `Cannot use ${shown(version)} as cniVersions[${index}]: need a version like "1.0.0"`);
  });
  const versions = [...(single === undefined || single === '' ? [] : [single]), ...known].map((each) =>
    parseVersion(each, 'cniVersion', reason),
  );
  return versions.reduce<CniVersion | undefined>(
    (best, version) => (best === undefined || isAtLeast(version, best) ? version : best),
    undefined,
  );
}

function optionalBoolean(value: unknown, field: string, reason: Reason): boolean | undefined {
  return value === undefined ? undefined : boolean(value, field, true, reason);
}

/** A boolean that libcni also takes as text. */
function looseBoolean(value: unknown, field: string, reason: Reason): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  return boolean(value, field, false, reason);
}
