/** A node that has much already: what that costs an ADD, and GC and STATUS with a thousand records. Writes state into the scene. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { snapshotPath } from '../../src/agent/snapshot';
import { saveSnapshot } from '../../src/disk/save-snapshot';
import type { Competitor } from './competitors';
import { measure } from './run';
import type { Scene } from './scene';
import { median, ratio } from './stats';
import type { Network, Pod } from './work';

const cniDir = '/var/lib/cni/braid';
const records = 1000;
const reservations = 10_000;
const links = 500;
const definitions = 5000;

/** What was measured, ms. */
export interface Grown {
  readonly networks: number;
  readonly fresh: readonly number[];
  readonly grown: readonly number[];
  readonly gc: readonly number[];
  readonly status: readonly number[];
}

/**
 * ADD on the node as it is, then with much on it, then GC and STATUS there. The pod's networks come from the agent's snapshot.
 * Everything that was added goes again.
 */
export async function grow(
  scene: Scene,
  anybody: Competitor,
  pod: Pod,
  wanted: readonly Network[],
  runs: number,
): Promise<Grown> {
  const braid = fromSnapshot(anybody);
  const networks = wanted.length;
  writeSnapshot(wanted);
  const fresh = await adds(scene, braid, pod, 'fresh', runs);
  const shrink = await fill(scene, braid, pod, wanted);
  try {
    const grown = await adds(scene, braid, pod, 'grown', runs);
    const job = { pod, container: '', netns: '' };
    const { command, env, stdin } = braid.call({ verb: 'ADD', ...job });
    const conf = { ...(JSON.parse(stdin) as object), cniVersion: '1.1.0' };
    const valid = Array.from({ length: records }, (_, at) => ({ containerID: recorded(at), ifname: 'eth0' }));
    const times = async (verb: string, more: object): Promise<readonly number[]> => {
      const walls: number[] = [];
      for (let run = 0; run < runs; run++) {
        const call = { command, env: { ...env, CNI_COMMAND: verb }, stdin: JSON.stringify({ ...conf, ...more }) };
        walls.push((await measure(call)).wall);
      }
      return walls;
    };
    const gc = await times('GC', { 'cni.dev/valid-attachments': valid });
    return { networks, fresh, grown, gc, status: await times('STATUS', {}) };
  } finally {
    shrink();
  }
}

/** The same without manifests on the node: what is left is the snapshot. */
function fromSnapshot(braid: Competitor): Competitor {
  return {
    name: braid.name,
    call(job) {
      const call = braid.call(job);
      return { ...call, stdin: JSON.stringify({ ...(JSON.parse(call.stdin) as object), networksDir: undefined }) };
    },
  };
}

function writeSnapshot(networks: readonly Network[]): void {
  const told = networks.map(({ name, config }) => ({
    namespace: 'default',
    name,
    config: JSON.stringify(config),
    source: 'api',
    resourceName: undefined,
  }));
  saveSnapshot(cniDir, { pods: [], networks: told });
}

async function adds(scene: Scene, braid: Competitor, pod: Pod, name: string, runs: number): Promise<readonly number[]> {
  const walls: number[] = [];
  for (let run = 0; run < runs; run++) {
    const job = { pod, container: `${name}-${run}`, netns: scene.addPod('grown') };
    walls.push((await measure(braid.call({ verb: 'ADD', ...job }))).wall);
    await measure(braid.call({ verb: 'DEL', ...job }));
    scene.deletePod('grown');
  }
  return walls;
}

const recorded = (at: number): string => `recorded-${at}`;

/** Copies of a real record, reservations of others in the default network's range, links and definitions; returns what takes them away. */
async function fill(scene: Scene, braid: Competitor, pod: Pod, wanted: readonly Network[]): Promise<() => void> {
  const job = { pod, container: 'model', netns: scene.addPod('model') };
  await measure(braid.call({ verb: 'ADD', ...job }));
  const attachments = path.join(cniDir, 'attachments');
  const file = readdirSync(attachments).find((name) => name.startsWith('model_')) ?? 'no record of the model';
  const text = readFileSync(path.join(attachments, file), 'utf8');
  const copies = Array.from({ length: records }, (_, at) =>
    path.join(attachments, file.replace('model', recorded(at))),
  );
  for (const [at, copy] of copies.entries())
    writeFileSync(copy, text.replaceAll('"model"', JSON.stringify(recorded(at))));
  const store = '/var/lib/cni/networks/cluster';
  mkdirSync(store, { recursive: true });
  const taken = Array.from({ length: reservations }, (_, at) => `10.244.${100 + (at >> 8)}.${at & 255}`);
  for (const address of taken) writeFileSync(path.join(store, address), 'other\r\neth0');
  const pairs = Array.from({ length: links / 2 }, (_, at) => at);
  batch(pairs.map((at) => `link add l${at} type veth peer name r${at}`));
  const [model] = wanted as readonly [Network];
  const others = Array.from({ length: definitions }, (_, at) => ({ ...model, name: `other-${at}` }));
  writeSnapshot([...others, ...wanted]); // these are found last
  return () => {
    rmSync(snapshotPath(cniDir));
    batch(pairs.map((at) => `link delete l${at}`));
    for (const gone of [...copies, ...taken.map((address) => path.join(store, address))]) rmSync(gone);
    scene.deletePod('model');
  };
}

function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: lines.map((line) => `${line}\n`).join('') });
}

/** One table and the ratio. */
export function grownToMarkdown({ networks, fresh, grown, gc, status }: Grown): string {
  const { middle, low, high } = ratio(grown, fresh);
  return [
    `### A node that has much: ${records} records, ${reservations} reservations in the default network's range, ${links} links, ${definitions} definitions in the snapshot`,
    '',
    '| | ms, median |',
    '| --- | --: |',
    `| ADD of ${networks} macvlan networks, nothing there | ${median(fresh).toFixed(1)} |`,
    `| the same, all that there | ${median(grown).toFixed(1)}: ${middle.toFixed(2)} times (${low.toFixed(2)} to ${high.toFixed(2)}) |`,
    `| GC that keeps all ${records} attachments | ${median(gc).toFixed(1)} |`,
    `| STATUS | ${median(status).toFixed(1)} |`,
    '',
  ].join('\n');
}
