/** One call of a runtime, read from the CNI_* environment variables. Pure. */
import { fail } from '../error';
import { shown } from '../json';
import { type ContainerId, containerId, type IfName, ifName, type NetnsPath, netnsPath } from '../net/names';
import { type CniArgs, findArg, parseArgs, parseArgsLeniently } from './args';

/** The pod a runtime speaks of, from CNI_ARGS. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly infraContainerId: string | undefined;
}

interface Common {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
  readonly args: CniArgs;
  /** The pod; undefined when the runtime is no Kubernetes (or, at DEL, when CNI_ARGS are unusable). */
  readonly pod: PodRef | undefined;
  /** CNI_PATH, the directories of plugins. */
  readonly path: readonly string[];
  /** CNI_NETNS_OVERRIDE: the namespace may be the node's own. */
  readonly netnsOverride: boolean;
}

export type AddRequest = Common & { readonly command: 'ADD'; readonly netns: NetnsPath };
export type CheckRequest = Common & { readonly command: 'CHECK'; readonly netns: NetnsPath };
/** The sandbox may be gone. */
export type DelRequest = Common & { readonly command: 'DEL'; readonly netns: NetnsPath | undefined };
export type GcRequest = { readonly command: 'GC'; readonly path: readonly string[] };
export type StatusRequest = { readonly command: 'STATUS'; readonly path: readonly string[] };
/** A valid request that works, one shape for each command; VERSION is answered without (src/bin/versions.ts). */
export type Request = AddRequest | CheckRequest | DelRequest | GcRequest | StatusRequest;

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * What each command must be given, in the order in which errors win. As the reference's skel has it, but for DEL, which
 * the specification lets go without CNI_PATH, and which nothing needless may block.
 */
const required = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
} as const satisfies Record<Request['command'], readonly string[]>;

/**
 * Parses the environment (CNI specification 1.1, "Parameters"; delegates.md 1.1).
 * EnvironmentInvalid names an unusable value, or all variables that are missing.
 */
export function parseRequest(env: Env): Request {
  const command = parseCommand(env.CNI_COMMAND);
  requireVariables(env, command);
  const path = (env.CNI_PATH ?? '').split(':').filter((directory) => directory !== '');
  if (command === 'GC' || command === 'STATUS') return { command, path };
  const lenient = command === 'DEL';
  const text = env.CNI_ARGS ?? '';
  const args = lenient ? parseArgsLeniently(text) : parseArgs(text);
  const common = {
    containerId: containerId(env.CNI_CONTAINERID ?? ''),
    ifName: ifName(env.CNI_IFNAME, 'CNI_IFNAME', 'EnvironmentInvalid'),
    args,
    pod: lenient ? findPod(args) : podOf(args),
    path,
    netnsOverride: env.CNI_NETNS_OVERRIDE !== undefined && /^(1|true)$/i.test(env.CNI_NETNS_OVERRIDE),
  };
  const netns = env.CNI_NETNS ?? '';
  if (command === 'DEL') return { ...common, command, netns: netns.startsWith('/') ? netnsPath(netns) : undefined };
  return { ...common, command, netns: netnsPath(netns) };
}

/**
 * The pod named in CNI_ARGS; `undefined` without K8S_POD_NAMESPACE and K8S_POD_NAME.
 * EnvironmentInvalid when one of the two is missing, or is no name that Kubernetes gives.
 */
export function podOf(args: CniArgs): PodRef | undefined {
  const namespace = findArg(args, 'K8S_POD_NAMESPACE');
  const name = findArg(args, 'K8S_POD_NAME');
  if (namespace === undefined && name === undefined) return undefined;
  return {
    namespace: kubeName(namespace, 'K8S_POD_NAMESPACE'),
    name: kubeName(name, 'K8S_POD_NAME'),
    uid: findArg(args, 'K8S_POD_UID'),
    infraContainerId: findArg(args, 'K8S_POD_INFRA_CONTAINER_ID'),
  };
}

/** The same; `undefined` also for what podOf refuses. */
export function findPod(args: CniArgs): PodRef | undefined {
  try {
    return podOf(args);
  } catch {
    return undefined; // DEL works from the record; the pod's name only helps its messages
  }
}

/** Loose on purpose: what must not happen is a name that means something else in a path or a URL. */
function kubeName(value: string | undefined, key: string): string {
  if (value === undefined) return fail('EnvironmentInvalid', `Cannot use CNI_ARGS: ${key} is missing or empty`);
  if (value.length <= 253 && /^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$/.test(value)) return value;
  return fail('EnvironmentInvalid', `Cannot use ${shown(value)} as ${key} in CNI_ARGS: need a Kubernetes name`);
}

function parseCommand(value: string | undefined): Request['command'] {
  if (value === undefined || value === '') {
    return fail('EnvironmentInvalid', 'Cannot serve a request: required env variables [CNI_COMMAND] missing');
  }
  if (Object.hasOwn(required, value)) return value as Request['command'];
  const known = [...Object.keys(required), 'VERSION'].join(', ');
  return fail('EnvironmentInvalid', `Cannot use ${shown(value)}: unknown CNI_COMMAND, need one of ${known}`);
}

/** A present but unusable value comes first, then everything that is missing at once. */
function requireVariables(env: Env, command: Request['command']): void {
  const names: readonly string[] = required[command];
  const id = env.CNI_CONTAINERID ?? '';
  const interfaceName = env.CNI_IFNAME ?? '';
  if (names.includes('CNI_CONTAINERID') && id !== '') containerId(id);
  if (names.includes('CNI_IFNAME') && interfaceName !== '') ifName(interfaceName, 'CNI_IFNAME', 'EnvironmentInvalid');
  const missing = names.filter((name) => (env[name] ?? '') === '');
  if (missing.length === 0) return;
  fail('EnvironmentInvalid', `Cannot serve ${command}: required env variables [${missing.join(',')}] missing`);
}
