/** Braid's own configuration: Multus' keys with their meanings and defaults, with Braid's beside them. Pure. */
import { toCniError } from '../error';
import {
  boolean,
  type Fields,
  type Json,
  oneOf,
  optionalInt,
  optionalString,
  parseObject,
  record,
  strings,
} from '../json';
import type { Cidr } from '../net/ip';
import { type NetworkName, networkName } from '../net/names';
import * as field from './config-fields';
import { type CniVersion, newestVersion, parseVersion } from './version';

export { podAnnotationsCapability } from './config-fields';

/** What the runtime's configuration of type `braid` says (multus-behaviour.md 1.2, design.md). */
export interface NetConf {
  readonly name: NetworkName;
  readonly cniVersion: CniVersion;
  /** Braid's state. */
  readonly cniDir: string;
  /** CNI configurations by name, for definitions without a `spec.config`. */
  readonly confDir: string;
  /** Plugins, before CNI_PATH. */
  readonly binDir: string;
  /** Directories and files of NetworkAttachmentDefinition manifests. */
  readonly networksDir: readonly string[];
  readonly kubeconfig: string | undefined;
  readonly defaultNetwork: field.DefaultNetwork;
  /** Names, or paths (with a slash), attached to every pod outside `systemNamespaces`. */
  readonly defaultNetworks: readonly string[];
  /** Where definitions of `clusterNetwork` and `defaultNetworks` are. */
  readonly multusNamespace: string;
  readonly systemNamespaces: readonly string[];
  readonly namespaceIsolation: boolean;
  readonly globalNamespaces: readonly string[];
  /** ADD and STATUS wait for this file (at most 45 s, as Multus); undefined: they do not wait. */
  readonly readinessIndicatorFile: string | undefined;
  readonly log: LogConf;
  /** What the runtime gets: every network's result as one, or the default network's alone. */
  readonly result: 'merged' | 'default-network';
  /** Secondary interfaces neither forward nor answer for addresses of others. */
  readonly isolation: boolean;
  /** A secondary network's default route stays behind the default network's. */
  readonly defaultRouteGuard: boolean;
  /** Subnets of pods and services: they stay on the default network. */
  readonly clusterCIDRs: readonly Cidr[];
  /** Warnings are errors. */
  readonly strict: boolean;
  /** Plugin types that run as external programs although Braid has them: all, none, or these. */
  readonly externalDelegates: boolean | readonly string[];
  /** Seconds that one call of an external plugin may take, 1 to 86400; 60 by default. */
  readonly delegateTimeout: number;
  /** Capability arguments of the runtime, whole: they are for the default network. */
  readonly runtimeConfig: Json;
  /** The pod's annotations; undefined: the runtime does not hand them over. */
  readonly podAnnotations: Readonly<Record<string, string>> | undefined;
  /** As it came; what CHECK compares is Braid's own record. */
  readonly prevResult: unknown;
  /** GC: what still lives; undefined: the runtime does not say, so nothing may be collected. */
  readonly validAttachments: readonly field.LiveAttachment[] | undefined;
  /** What is ignored; at DEL also what was unreadable. */
  readonly warnings: readonly string[];
}

/** Where log lines go, in Multus' words. */
export interface LogConf {
  readonly file: string | undefined;
  readonly level: (typeof field.logLevels)[number];
  readonly toStderr: boolean;
  /** Days, megabytes, files. */
  readonly options: {
    readonly maxAge: number;
    readonly maxSize: number;
    readonly maxBackups: number;
    readonly compress: boolean;
  };
}

/**
 * Parses the text on stdin. DecodeFailed when it is no JSON object; ConfigInvalid names the key and what it needs;
 * VersionIncompatible for a version Braid does not speak; FieldUnsupported for a key of Multus that changes what a pod
 * gets and that Braid does not have. Unknown keys are ignored, as in Multus; a near miss of a known one is a warning.
 */
export function parseConfig(text: string): NetConf {
  return read(text, (parse) => parse());
}

/**
 * The same for DEL, which must work with whatever is left: what is unusable reads as its default, with a warning
 * (`defaultNetwork` then has no networks). Fails only when `cniDir` cannot be known: no JSON object, or no path there.
 */
export function parseConfigForDel(text: string): NetConf {
  const unreadable: string[] = [];
  const conf = read(text, (parse, otherwise) => {
    try {
      return parse();
    } catch (error) {
      unreadable.push(toCniError(error).problem);
      return otherwise;
    }
  });
  return { ...conf, warnings: [...conf.warnings, ...unreadable] };
}

/** Whether plugins of that type run as external programs even if Braid has them built in. */
export function prefersExternal(conf: Pick<NetConf, 'externalDelegates'>, type: string): boolean {
  return typeof conf.externalDelegates === 'boolean' ? conf.externalDelegates : conf.externalDelegates.includes(type);
}

/** Runs a parser; `otherwise` is for those who may not fail. */
type Take = <T>(parse: () => T, otherwise: T) => T;

function read(text: string, take: Take): NetConf {
  const raw = parseObject(text, 'the network configuration');
  const top = record(raw);
  const name = take(() => networkName(top.name), 'braid' as NetworkName);
  const flag = (key: string, otherwise: boolean): boolean => take(() => boolean(top[key], key, otherwise), otherwise);
  const path = (key: string): string | undefined => take(() => field.optionalPath(top[key], key), undefined);
  const texts = (key: string, otherwise: readonly string[]): readonly string[] =>
    top[key] === undefined ? otherwise : take(() => strings(top[key], key), otherwise);
  const version = take(() => parseVersion(top.cniVersion), newestVersion);
  take(() => field.refuseUnsupported(top), undefined);
  flag('retryDeleteOnError', false); // nothing to choose: a record stays until its DEL has succeeded
  return {
    name,
    cniVersion: version,
    cniDir: field.optionalPath(top.cniDir, 'cniDir') ?? '/var/lib/cni/braid',
    confDir: path('confDir') ?? '/etc/cni/multus/net.d',
    binDir: path('binDir') ?? '/opt/cni/bin',
    networksDir: take(() => field.paths(top.networksDir, 'networksDir'), []),
    kubeconfig: path('kubeconfig'),
    defaultNetwork: take(() => field.parseDefaultNetwork(top, name), { from: 'delegates', networks: [] }),
    defaultNetworks: texts('defaultNetworks', []),
    multusNamespace: take(() => optionalString(top.multusNamespace, 'multusNamespace'), undefined) || 'kube-system',
    systemNamespaces: texts('systemNamespaces', ['kube-system']),
    namespaceIsolation: flag('namespaceIsolation', false),
    globalNamespaces: take(() => field.parseGlobalNamespaces(top.globalNamespaces), ['default']),
    readinessIndicatorFile: path('readinessindicatorfile'),
    log: readLog(top, take),
    result: take(() => oneOf(top.result, 'result', ['merged', 'default-network'], 'merged'), 'merged'),
    isolation: flag('isolation', true),
    defaultRouteGuard: flag('defaultRouteGuard', true),
    clusterCIDRs: take(() => field.parseCidrs(top.clusterCIDRs, 'clusterCIDRs'), []),
    strict: flag('strict', false),
    externalDelegates: take(() => field.parseExternal(top.externalDelegates), false),
    delegateTimeout: take(() => optionalInt(top.delegateTimeout, 'delegateTimeout', 1, 86400) ?? 60, 60),
    runtimeConfig: take(() => field.parseRuntimeConfig(top.runtimeConfig), {}),
    podAnnotations: take(() => field.parsePodAnnotations(top.runtimeConfig), undefined),
    prevResult: top.prevResult,
    validAttachments: take(() => field.parseValidAttachments(raw), undefined),
    warnings: field.oddities(raw, top),
  };
}

function readLog(top: Fields, take: Take): LogConf {
  const options = take(() => record(top.logOptions ?? {}, 'logOptions'), {});
  const number = (key: string, otherwise: number): number =>
    take(() => optionalInt(options[key], `logOptions.${key}`, 0, 1_000_000) ?? otherwise, otherwise);
  const level = take(() => optionalString(top.logLevel, 'logLevel'), undefined)?.toLowerCase();
  return {
    file: take(() => field.optionalPath(top.logFile, 'logFile'), undefined),
    level: field.logLevels.find((each) => each === level) ?? 'panic',
    toStderr: take(() => boolean(top.logToStderr, 'logToStderr', true), true),
    options: {
      maxAge: number('maxAge', 5),
      maxSize: number('maxSize', 100),
      maxBackups: number('maxBackups', 5),
      compress: take(() => boolean(options.compress, 'logOptions.compress', true), true),
    },
  };
}
