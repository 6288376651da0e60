/** What the executable and the node agent say to each other: one JSON object a line, with a version. Pure. */
import type { LeaseOwner, NetworkDefinition, News, Pod } from '../attach/ports';
import { isRecord, type Json } from '../json';
import { containerId, ifName } from '../net/names';
import { parsePodEvent } from '../pod/event';

/**
 * Version of these messages. A reader ignores fields it does not know, so fields may be added without a new version;
 * whoever meets another version says so, and the executable then does without the agent.
 */
export const protocolVersion = 1;

/** Longest line either side accepts, in bytes: a definition has at most what etcd takes (1.5 MiB), escaped again. */
export const longestLine = 4 * 1024 * 1024;

/** The agent's socket. */
export const socketPath = (cniDir: string): string => `${cniDir}/agent.sock`;

/** What the executable asks. */
export type Question =
  | { readonly ask: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly ask: 'network'; readonly namespace: string; readonly name: string };

/** What one call of a runtime did; told when it ends, and not answered. */
export interface CallReport {
  readonly verb: string;
  /** Whose call it was; GC and STATUS have neither. */
  readonly pod: string | undefined; // namespace/name
  readonly containerId: string | undefined;
  /** Of the whole call, in milliseconds. */
  readonly ms: number;
  /** A reason of the catalogue, and the message; undefined: it succeeded. */
  readonly reason: string | undefined;
  readonly error: string | undefined;
  /** The network that the error is about; undefined: none, or an older executable, which does not say. */
  readonly network: string | undefined;
  /** Each network that was worked on; the one that failed has the reason. */
  readonly networks: readonly { readonly name: string; readonly ms: number; readonly reason: string | undefined }[];
}

/** Whoever checks the node asks which Braid the agent is. An agent that does not know this question is an older one. */
export type VersionQuestion = { readonly ask: 'version' };

export type Message = Question | VersionQuestion | News | ({ readonly tell: 'call' } & CallReport);

/** What the agent answers. `known` has what was asked for; `unknown`: its view has no such thing, ask the API server, and `behind`: it does not hear that itself; `taken`: it sees to the news. */
export type Answer =
  | { readonly says: 'known'; readonly pod?: Pod; readonly network?: NetworkDefinition; readonly version?: string }
  | { readonly says: 'unknown'; readonly behind: boolean }
  | { readonly says: 'taken' }
  | { readonly says: 'refused'; readonly why: string };

/** The line of a message or an answer, with its end. */
export const toLine = (message: Message | Answer): string => `${JSON.stringify({ v: protocolVersion, ...message })}\n`;

/** The message in a line; text: why it is none, for the sender to read. */
export function parseMessage(line: string): Message | string {
  const value = parseLine(line);
  if (typeof value === 'string') return value;
  const { ask, tell, namespace, name } = value;
  if (tell === 'call') return parseReport(value);
  if (tell === 'publish') return { tell, of: parseOwner(value.of) };
  if (tell === 'event') return parseNews(value.event);
  if (ask === 'version') return { ask };
  if (ask !== 'pod' && ask !== 'network') return 'need "ask": pod or network, or "tell": call, publish or event';
  if (typeof namespace !== 'string' || typeof name !== 'string') return 'need "namespace" and "name"';
  return { ask, namespace, name };
}

/** The answer in a line; text: why it is none. */
export function parseAnswer(line: string): Answer | string {
  const value = parseLine(line);
  if (typeof value === 'string') return value;
  if (value.says === 'unknown') return { says: 'unknown', behind: value.behind === true };
  if (value.says === 'taken') return { says: 'taken' };
  if (value.says === 'refused') return { says: 'refused', why: textOf(value.why) ?? 'no reason given' };
  if (value.says !== 'known') return 'the answer has no "says" that is known here';
  const pod = parsePod(value.pod);
  const network = parseNetwork(value.network);
  const version = textOf(value.version);
  return {
    says: 'known',
    ...(pod !== undefined && { pod }),
    ...(network !== undefined && { network }),
    ...(version !== undefined && { version }),
  };
}

/** A pod as messages and the snapshot carry it; `undefined` when it is none. */
export function parsePod(value: unknown): Pod | undefined {
  if (!isRecord(value) || typeof value.namespace !== 'string' || typeof value.name !== 'string') return undefined;
  const { annotations } = value;
  if (!isRecord(annotations) || !Object.values(annotations).every((each) => typeof each === 'string')) return undefined;
  return {
    namespace: value.namespace,
    name: value.name,
    uid: textOf(value.uid),
    annotations: annotations as Pod['annotations'],
  };
}

/** A definition as messages and the snapshot carry it; `undefined` when it is none. */
export function parseNetwork(value: unknown): NetworkDefinition | undefined {
  if (!isRecord(value) || typeof value.name !== 'string' || typeof value.config !== 'string') return undefined;
  const { name, config } = value;
  const { namespace, source, resourceName } = value;
  return {
    name,
    config,
    namespace: textOf(namespace),
    source: textOf(source) ?? 'agent',
    resourceName: textOf(resourceName),
  };
}

function parseLine(line: string): Json | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `a line of ${line.length} characters is no JSON`;
  }
  if (!isRecord(value)) return 'need a JSON object';
  if (value.v === protocolVersion) return value;
  return `version ${String(value.v).slice(0, 20)} of the messages is not known here, need ${protocolVersion}`;
}

/** `undefined` when it is none: the agent then looks at all records. */
function parseOwner(value: unknown): LeaseOwner | undefined {
  if (!isRecord(value) || typeof value.containerId !== 'string') return undefined;
  try {
    return { containerId: containerId(value.containerId), ifName: ifName(value.ifName, 'ifName') };
  } catch {
    return undefined;
  }
}

function parseNews(value: unknown): News | string {
  const event = parsePodEvent(value);
  return event === undefined
    ? 'need "event" with pod, type, reason, message, name and counted'
    : { tell: 'event', event };
}

function parseReport({ verb, pod, containerId, ms, reason, error, network, networks }: Json): Message | string {
  if (typeof verb !== 'string' || !isTime(ms)) return 'need "verb" and "ms"';
  const each = Array.isArray(networks) ? networks : [];
  return {
    tell: 'call',
    verb,
    pod: textOf(pod),
    containerId: textOf(containerId),
    ms,
    reason: textOf(reason),
    error: textOf(error),
    network: textOf(network),
    networks: each.flatMap((one: unknown) =>
      isRecord(one) && typeof one.name === 'string' && isTime(one.ms)
        ? [{ name: one.name, ms: one.ms, reason: textOf(one.reason) }]
        : [],
    ),
  };
}

const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
