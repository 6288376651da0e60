/**
 * The agent's snapshot as text: a first line with version and checksum, then one line for each pod and network. Pure.
 * One object a line, so a reader that wants one network of five hundred parses one.
 */
import type { NetworkDefinition, Pod } from '../attach/ports';
import { parseNetwork, parsePod } from './protocol';

/** Version of the file's shape; another one is as if there were no file. */
export const snapshotVersion = 2;

/** The snapshot's file. */
export const snapshotPath = (cniDir: string): string => `${cniDir}/snapshot`;

/** Largest file that is read or written: some thousand definitions. */
export const longestSnapshot = 64 * 1024 * 1024;

/** What the agent knew. */
export interface Content {
  readonly pods: Iterable<Pod>;
  readonly networks: Iterable<NetworkDefinition>;
}

/** A snapshot whose checksum was right. */
export interface Snapshot {
  /** The pod that had that name: whether it is the same one, its uid tells. */
  findPod(namespace: string, name: string): Pod | undefined;
  findNetwork(namespace: string, name: string): NetworkDefinition | undefined;
  /** Everything, for an agent that starts. */
  all(): Content;
}

const magic = 'braid-snapshot';

/** The file's text. */
export function toSnapshotText({ pods, networks }: Content): string {
  const lines: string[] = [];
  for (const pod of pods) lines.push(`${podKey(pod)}${JSON.stringify(pod)}`);
  for (const network of networks) lines.push(`${networkKey(network)}${JSON.stringify(network)}`);
  const body = `\n${lines.join('\n')}\n`;
  return `${magic} ${snapshotVersion} ${digest(Buffer.from(body))}${body}`;
}

/** Text: why it cannot be used. The bytes are not decoded as a whole: one network of five thousand is looked for. */
export function parseSnapshot(bytes: Buffer): Snapshot | string {
  const end = bytes.indexOf('\n');
  const [name, version, checksum] = bytes.toString('latin1', 0, Math.max(end, 0)).split(' ');
  if (name !== magic) return 'it is no snapshot, or its beginning is torn';
  if (version !== String(snapshotVersion)) return `its version is ${version}, need ${snapshotVersion}`;
  const body = bytes.subarray(end);
  if (digest(body) !== checksum) return 'its checksum is wrong: it is torn or damaged';
  return {
    findPod: (namespace, podName) => parsePod(find(body, podKey({ namespace, name: podName }))),
    findNetwork: (namespace, networkName) => parseNetwork(find(body, networkKey({ namespace, name: networkName }))),
    all: () => ({
      pods: values(body, 'pod').flatMap((value) => parsePod(value) ?? []),
      networks: values(body, 'network').flatMap((value) => parseNetwork(value) ?? []),
    }),
  };
}

/** Names have neither blanks nor line ends, so a key at the start of a line is one. */
const podKey = ({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): string => `pod ${namespace}/${name} `;
const networkKey = ({ namespace, name }: Pick<NetworkDefinition, 'namespace' | 'name'>): string =>
  `network ${namespace}/${name} `;

function find(body: Buffer, key: string): unknown {
  if (/[\n\r]/.test(key)) return undefined;
  const line = Buffer.from(`\n${key}`);
  const at = body.indexOf(line);
  if (at < 0) return undefined;
  const start = at + line.length;
  return JSON.parse(body.toString('utf8', start, body.indexOf('\n', start)));
}

function values(body: Buffer, kind: 'pod' | 'network'): readonly unknown[] {
  return body
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(`${kind} `))
    .map((line) => JSON.parse(line.slice(line.indexOf(' ', kind.length + 1) + 1)));
}

/** Against damage, not against people: the file is root's. Two megabytes take 0.2 ms; SHA-256 would take ten times that. */
const digest = (bytes: Buffer): string => Bun.hash.xxHash3(bytes).toString(16);
