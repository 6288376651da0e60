/** The keys of Braid's configuration that need more than a type, each with its parser. Pure. */
import { fail } from '../error';
import { type Fields, isRecord, type Json, list, optionalString, record, shown, strings } from '../json';
import { findNearMiss } from '../near';
import { type Cidr, cidr, networkOf } from '../net/ip';
import { type ContainerId, containerId, type IfName, ifName, type NetworkName } from '../net/names';
import { type Network, parseNetwork } from './network';

/** The capability by which a runtime hands over the pod's annotations. */
export const podAnnotationsCapability = 'io.kubernetes.cri.pod-annotations';

/** Multus' words for how much is logged. */
export const logLevels = ['panic', 'error', 'verbose', 'debug'] as const;

/** One of the words, in upper or lower case. */
export function isLogLevel(text: string): boolean {
  return logLevels.some((level) => level === text.toLowerCase());
}

/** Where the pod's first network comes from. */
export type DefaultNetwork =
  | { readonly from: 'delegates'; readonly networks: readonly Network[] } // the first is the default, all pods get all
  | { readonly from: 'clusterNetwork'; readonly name: string }; // a name, or a path (with a slash)

/** An attachment in a GC request. */
export interface LiveAttachment {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

/** `clusterNetwork` wins over `delegates`, as in Multus. A delegate without a name of its own gets one of the configuration's. */
export function parseDefaultNetwork(top: Fields, name: NetworkName): DefaultNetwork {
  const clusterNetwork = optionalString(top.clusterNetwork, 'clusterNetwork') || undefined;
  if (clusterNetwork !== undefined) return { from: 'clusterNetwork', name: clusterNetwork };
  if (top.delegates === undefined) {
    return fail('ConfigInvalid', 'Cannot find the default network: need "delegates" or "clusterNetwork"');
  }
  const delegates = list(top.delegates, 'delegates');
  if (delegates.length === 0) fail('ConfigInvalid', 'Cannot use [] as delegates: need at least one network');
  const networks = delegates.map((each, index) => {
    const field = `delegates[${index}]`;
    record(each, field);
    const fallback = index === 0 ? name : `${name}-${index}`;
    return parseNetwork(each as Json, fallback, shownName(each as Json) ?? field, 'ConfigInvalid');
  });
  return { from: 'delegates', networks };
}

/** An absolute path; `undefined` when absent or empty. */
export function optionalPath(value: unknown, field: string): string | undefined {
  const path = optionalString(value, field) || undefined;
  return path === undefined ? undefined : absolute(path, field);
}

/** One path or a list of them. */
export function paths(value: unknown, field: string): readonly string[] {
  const all = typeof value === 'string' ? [value] : strings(value, field);
  return all.filter((path) => path !== '').map((path) => absolute(path, field));
}

/** Comma-separated text, or a list; absent and empty mean the namespace `default` (multus-behaviour.md 1.2). */
export function parseGlobalNamespaces(value: unknown): readonly string[] {
  const field = 'globalNamespaces';
  const names = typeof value === 'string' ? value.split(',') : strings(value, field);
  const trimmed = names.map((name) => name.trim()).filter((name) => name !== '');
  return trimmed.length === 0 ? ['default'] : trimmed;
}

/** Subnets as their network addresses. */
export function parseCidrs(value: unknown, field: string): readonly Cidr[] {
  const all = typeof value === 'string' ? [value] : list(value, field);
  return all.map((each, index) => networkOf(cidr(each, `${field}[${index}]`)));
}

/** true, false, or a list of plugin types. */
export function parseExternal(value: unknown): boolean | readonly string[] {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  if (Array.isArray(value)) return strings(value, 'externalDelegates');
  return fail(
    'ConfigInvalid',
    `Cannot use ${shown(value)} as externalDelegates: need true, false or a list of plugin types`,
  );
}

/** Kept whole: capabilities that Braid does not know are the default network's business. */
export function parseRuntimeConfig(value: unknown): Json {
  if (value === undefined) return {};
  record(value, 'runtimeConfig');
  return value as Json;
}

/** The pod's annotations in runtimeConfig; `undefined` when the runtime does not hand them over. */
export function parsePodAnnotations(runtimeConfig: unknown): Readonly<Record<string, string>> | undefined {
  const value = isRecord(runtimeConfig) ? runtimeConfig[podAnnotationsCapability] : undefined;
  if (value === undefined || value === null) return undefined;
  const field = `runtimeConfig["${podAnnotationsCapability}"]`;
  record(value, field);
  const wrong = Object.entries(value).find(([, text]) => typeof text !== 'string');
  if (wrong !== undefined)
    fail('ConfigInvalid', `Cannot use ${shown(wrong[1])} as ${field}["${wrong[0]}"]: need a string`);
  return value as Readonly<Record<string, string>>;
}

/** The living attachments of a GC request. An absent key is not an empty list: then nothing is known (delegates.md 1.2). */
export function parseValidAttachments(raw: Json): readonly LiveAttachment[] | undefined {
  const field = 'cni.dev/valid-attachments';
  if (!Object.hasOwn(raw, field)) return undefined;
  return list(raw[field], field).map((each, index) => {
    const view = record(each, `${field}[${index}]`);
    return {
      containerId: containerId(optionalString(view.containerID, `${field}[${index}].containerID`) ?? ''),
      ifName: ifName(view.ifname, `${field}[${index}].ifname`),
    };
  });
}

/** Keys that would change what a pod gets, and that Braid does not have. FieldUnsupported names the key. */
export function refuseUnsupported(top: Fields): void {
  for (const key of ['auxiliaryCNIChainName', 'dialects']) {
    const value = top[key];
    const unset = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    if (!unset)
      fail('FieldUnsupported', `Cannot use ${key} ${shown(value)}: this version has no ${key}, remove the key`);
  }
}

/** What is probably not meant as it is written; unknown keys are ignored as in Multus. */
export function oddities(raw: Json, top: Fields): readonly string[] {
  const warnings = Object.keys(raw).flatMap((key) => {
    if (keys.some((known) => known.toLowerCase() === key.toLowerCase())) return [];
    const meant = findNearMiss(key, keys);
    return meant === undefined ? [] : [`unknown key ${shown(key)} is ignored: did you mean "${meant}"?`];
  });
  if (top.clusterNetwork && top.delegates !== undefined) warnings.push('delegates is ignored: clusterNetwork is set');
  const { logLevel: level } = top;
  if (typeof level === 'string' && level !== '' && !isLogLevel(level))
    warnings.push(`logLevel ${shown(level)} means panic, which logs nothing: need one of ${logLevels.join(', ')}`);
  return warnings;
}

/** Every key with a meaning here, in the specification or in Multus. */
const keys = [
  'cniVersion',
  'cniVersions',
  'name',
  'type',
  'capabilities',
  'ipam',
  'dns',
  'args',
  'prevResult',
  'runtimeConfig',
  'disableCheck',
  'disableGC',
  'plugins',
  'confDir',
  'cniDir',
  'binDir',
  'delegates',
  'clusterNetwork',
  'defaultNetworks',
  'kubeconfig',
  'multusNamespace',
  'systemNamespaces',
  'namespaceIsolation',
  'globalNamespaces',
  'readinessindicatorfile',
  'retryDeleteOnError',
  'auxiliaryCNIChainName',
  'logFile',
  'logLevel',
  'logToStderr',
  'logOptions',
  'daemonSocketDir',
  'networksDir',
  'result',
  'dialects',
  'isolation',
  'clusterCIDRs',
  'strict',
  'externalDelegates',
  'delegateTimeout',
  'defaultRouteGuard',
] as const;
/** One of them. */
export type BraidKey = (typeof keys)[number];

function absolute(path: string, field: string): string {
  const usable = path.startsWith('/') && !path.includes('\0');
  return usable ? path : fail('ConfigInvalid', `Cannot use ${shown(path)} as ${field}: need an absolute path`);
}

function shownName(delegate: Json): string | undefined {
  const { name } = record(delegate);
  return typeof name === 'string' && name !== '' ? name : undefined;
}
