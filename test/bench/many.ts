/** Many pods at once: how long until all are attached, and until all are gone. Starts processes in the scene. */
import type { Call, Competitor, Job } from './competitors';
import { residentOf, statusOf, treeOf } from './memory';
import type { Scene } from './scene';
import { median, percentile } from './stats';
import type { Pod } from './work';

/** What became of one wave of equal calls. */
interface Wave {
  readonly total: number; // ms, from the first start to the last end
  readonly walls: readonly number[]; // ms, of each call
  readonly failed: number;
  readonly firstFailure: string;
}

/** Pods at once, and what was measured of each competitor. */
export interface Crowd {
  readonly pods: number;
  readonly networks: number;
  readonly waves: ReadonlyMap<string, { readonly add: Wave; readonly del: Wave }>;
}

/** For each competitor in turn: `pods` ADDs at once, then as many DELs. */
export async function crowd(
  scene: Scene,
  competitors: readonly Competitor[],
  pod: Pod,
  { pods, networks }: Pick<Crowd, 'pods' | 'networks'>,
): Promise<Crowd> {
  const waves = new Map<string, { readonly add: Wave; readonly del: Wave }>();
  for (const competitor of competitors) {
    const both = await among(scene, competitor, pod, pods, async (adds, dels) => ({
      add: await wave(adds),
      del: await wave(dels),
    }));
    waves.set(competitor.name, both);
  }
  return { pods, networks, waves };
}

/** What a crowd holds in memory, MiB. */
export interface Held {
  readonly name: string;
  readonly call: number; // peak of the largest call
  readonly daemon: number | undefined; // its peak so far; undefined: it has none
  readonly all: number; // resident at one time, of all calls, the daemon, and what they start
}

/** Memory while `pods` ADDs run at once, for each competitor; looked at so often that it slows them, so by calls of its own. */
export async function crowdMemory(
  scene: Scene,
  competitors: readonly Competitor[],
  pod: Pod,
  pods: number,
): Promise<readonly Held[]> {
  const found: Held[] = [];
  for (const competitor of competitors)
    found.push(
      await among(scene, competitor, pod, pods, async (adds, dels) => {
        const held = await heldBy(adds, competitor);
        await wave(dels);
        return held;
      }),
    );
  return found;
}

async function heldBy(calls: readonly Call[], { name, daemon }: Competitor): Promise<Held> {
  const children = calls.map(start);
  let [call, all] = [0, 0];
  for (;;) {
    const running = children.flatMap(({ pid, exitCode }) => (exitCode === null ? pid : []));
    if (running.length === 0) break;
    for (const pid of running) call = Math.max(call, statusOf(pid, 'VmHWM'));
    all = Math.max(all, residentOf([...running, ...(daemon === undefined ? [] : [daemon])].flatMap(treeOf)));
    await Bun.sleep(20);
  }
  return { name, call, daemon: daemon === undefined ? undefined : statusOf(daemon, 'VmHWM'), all };
}

/** Calls for that many pods, whose namespaces are there meanwhile. */
async function among<T>(
  scene: Scene,
  competitor: Competitor,
  pod: Pod,
  pods: number,
  act: (adds: readonly Call[], dels: readonly Call[]) => Promise<T>,
): Promise<T> {
  const jobs = Array.from({ length: pods }, (_, at) => ({
    pod,
    container: `crowd-${competitor.name.replaceAll(/\W+/g, '-')}-${pods}-${at}`,
    netns: scene.addPod(`crowd${at}`),
  }));
  const calls = (verb: Job['verb']): readonly Call[] => jobs.map((job) => competitor.call({ verb, ...job }));
  const found = await act(calls('ADD'), calls('DEL'));
  for (let at = 0; at < pods; at++) scene.deletePod(`crowd${at}`);
  return found;
}

function start({ command, env, stdin }: Call) {
  return Bun.spawn([...command], { env, stdin: Buffer.from(stdin), stdout: 'pipe', stderr: 'pipe' });
}

async function wave(calls: readonly Call[]): Promise<Wave> {
  const before = performance.now();
  const ends = await Promise.all(calls.map(end));
  const failures = ends.flatMap(({ failure }) => failure ?? []);
  return {
    total: performance.now() - before,
    walls: ends.map(({ wall }) => wall),
    failed: failures.length,
    firstFailure: failures[0] ?? '',
  };
}

async function end(call: Call): Promise<{ readonly wall: number; readonly failure: string | undefined }> {
  const before = performance.now();
  const child = start(call);
  const [status, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const wall = performance.now() - before;
  return { wall, failure: status === 0 ? undefined : `${stdout}${stderr}`.slice(0, 300) || `status ${status}` };
}

/** One table of all crowds; below it what the first failing call of each competitor said. */
export function crowdsToMarkdown(crowds: readonly Crowd[]): string {
  const first = crowds[0];
  if (first === undefined) return '';
  const rows = crowds.flatMap(({ pods, waves }) =>
    [...waves].map(([name, { add, del }]) => `| ${pods} | ${name} | ${shown(add)} | ${shown(del)} |`),
  );
  const words = crowds.flatMap(({ pods, waves }) =>
    [...waves].flatMap(([name, { add, del }]) =>
      [add, del].flatMap(({ failed, firstFailure }) =>
        failed === 0
          ? []
          : [`- ${name}, ${pods} pods: ${failed} failed, the first with \`${firstFailure.replace(/\s+/g, ' ')}\``],
      ),
    ),
  );
  return [
    `### Many pods at once, ${first.networks} mixed networks each beside the default one`,
    '',
    '| pods | | ADD, s in all | median, ms | p99, ms | failed | DEL, s in all | median, ms | p99, ms | failed |',
    '| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows,
    '',
    ...words,
    '',
  ].join('\n');
}

/** One table. */
export function heldToMarkdown(held: readonly Held[], pods: number): string {
  const figure = (size: number | undefined): string => (size === undefined ? '' : size.toFixed(0));
  return [
    `### Memory while ${pods} pods start at once, MiB`,
    '',
    '| | largest call | daemon or agent | everything at one time |',
    '| --- | --: | --: | --: |',
    ...held.map(({ name, call, daemon, all }) => `| ${name} | ${figure(call)} | ${figure(daemon)} | ${figure(all)} |`),
    '',
  ].join('\n');
}

function shown({ total, walls, failed }: Wave): string {
  return [(total / 1000).toFixed(2), median(walls).toFixed(0), percentile(walls, 0.99).toFixed(0), failed].join(' | ');
}
