/** Runs calls and measures them, competitors in turns. Starts processes in the scene. */
import type { Call, Competitor, Job } from './competitors';
import { childrenOf, residentOf, statusOf, treeOf } from './memory';
import type { Scene } from './scene';
import type { Sample } from './stats';
import type { Pod } from './work';

/** Runs one process to its end. Throws with what it printed when it fails: a figure of failing calls says nothing. */
export async function measure({ command, env, stdin }: Call): Promise<Sample> {
  const before = performance.now();
  const child = Bun.spawn([...command], { env, stdin: Buffer.from(stdin), stdout: 'pipe', stderr: 'pipe' });
  const status = await child.exited; // not spawnSync: the API server answers from this process meanwhile
  const wall = performance.now() - before;
  const { cpuTime } = child.resourceUsage() ?? {};
  if (status !== 0 || cpuTime === undefined)
    throw new Error(`${command.join(' ')} failed: ${await child.stdout.text()}${await child.stderr.text()}`);
  return { wall, cpu: (Number(cpuTime.user) + Number(cpuTime.system)) / 1000 };
}

/** Memory of a call, MiB. */
export interface Memory {
  readonly peak: number; // resident, of its largest process
  readonly own: number; // of that what only the called process has: the rest are pages of its file, which all calls share
  readonly all: number; // resident at one time, of all processes that work for it, its daemon too
}

/**
 * Its largest process as the system counts it, the rest as looked at each millisecond. By way of perl, which is small: the system counts what the
 * starting process had before exec, too, and this one is larger than most of those that it measures.
 */
export async function memoryOf({ command, env, stdin }: Call, daemon?: number): Promise<Memory> {
  const getrusage = process.arch === 'arm64' ? 165 : 98;
  const script = `system { $ARGV[0] } @ARGV; my $u = "\\0" x 144; syscall(${getrusage}, -1, $u); print STDERR "\\n", (unpack("q*", $u))[4]`;
  const perl = ['perl', '-e', script, '--', ...command];
  const child = Bun.spawn(perl, { env, stdin: Buffer.from(stdin), stdout: 'ignore', stderr: 'pipe' });
  let [own, all] = [0, 0];
  for (; child.exitCode === null; await Bun.sleep(1)) {
    const [called] = childrenOf(child.pid);
    if (called === undefined) continue;
    own = Math.max(own, statusOf(called, 'RssAnon'));
    all = Math.max(all, residentOf([called, ...(daemon === undefined ? [] : [daemon])].flatMap(treeOf)));
  }
  const kib = (await child.stderr.text()).split('\n').at(-1);
  return { peak: Number(kib) / 1024, own, all };
}

/** What was measured of one competitor. */
export interface Measured {
  readonly add: readonly Sample[];
  readonly del: readonly Sample[];
  /** Of one ADD. */
  readonly memory: Memory;
}

/** By competitor's name. */
export type Samples = ReadonlyMap<string, Measured>;

/** ADD and DEL of one pod after the other, `runs` times for each competitor; each run begins with another one. */
export async function inTurns(
  scene: Scene,
  competitors: readonly Competitor[],
  pod: Pod,
  runs: number,
): Promise<Samples> {
  const samples = new Map<string, Measured & { readonly add: Sample[]; readonly del: Sample[] }>();
  for (const competitor of competitors) {
    // The first one makes bridges and directories, and is not timed.
    const { add: memory } = await once(scene, competitor, pod, `${pod.name}-memory`, (call) =>
      memoryOf(call, competitor.daemon),
    );
    samples.set(competitor.name, { add: [], del: [], memory });
  }
  for (let run = 0; run < runs; run++)
    for (let turn = 0; turn < competitors.length; turn++) {
      const competitor = competitors[(run + turn) % competitors.length] as Competitor;
      const { add, del } = await once(scene, competitor, pod, `${pod.name}-${run}-${turn}`, measure);
      samples.get(competitor.name)?.add.push(add);
      samples.get(competitor.name)?.del.push(del);
    }
  return samples;
}

/** ms from ADD to DEL: the kernel deletes links faster in their first 50 ms (13 ms for eight instead of 25), and no pod is that young. */
const lifetime = 100;

async function once<T>(
  scene: Scene,
  competitor: Competitor,
  pod: Pod,
  container: string,
  act: (call: Call) => Promise<T>,
): Promise<{ readonly add: T; readonly del: T }> {
  const netns = scene.addPod('pod');
  try {
    const job = { pod, container, netns } satisfies Omit<Job, 'verb'>;
    const add = await act(competitor.call({ verb: 'ADD', ...job }));
    await Bun.sleep(lifetime);
    return { add, del: await act(competitor.call({ verb: 'DEL', ...job })) };
  } finally {
    scene.deletePod('pod');
  }
}
