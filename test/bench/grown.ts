/** A node that has much already: what that costs an ADD, and GC and STATUS with a thousand records. Writes state into the scene. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Competitor } from './competitors';
import { measure } from './run';
import type { Scene } from './scene';
import { median, ratio } from './stats';
import type { Pod } from './work';

const records = 1000;
const reservations = 10_000;
const links = 500;

/** What was measured, ms. */
export interface Grown {
  readonly networks: number;
  readonly fresh: readonly number[];
  readonly grown: readonly number[];
  readonly gc: readonly number[];
  readonly status: readonly number[];
}

/** ADD on the node as it is, then with much on it, then GC and STATUS there. Everything that was added goes again. */
export async function grow(scene: Scene, braid: Competitor, pod: Pod, networks: number, runs: number): Promise<Grown> {
  const fresh = await adds(scene, braid, pod, 'fresh', runs);
  const shrink = await fill(scene, braid, pod);
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

/** Copies of a real record, reservations of others in the default network's range, and links; returns what takes them away. */
async function fill(scene: Scene, braid: Competitor, pod: Pod): Promise<() => void> {
  const job = { pod, container: 'model', netns: scene.addPod('model') };
  await measure(braid.call({ verb: 'ADD', ...job }));
  const attachments = '/var/lib/cni/braid/attachments';
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
  return () => {
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
    `### A node that has much: ${records} records, ${reservations} reservations in the default network's range, ${links} links`,
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
