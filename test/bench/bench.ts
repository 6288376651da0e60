/**
 * `make bench`: Braid beside Multus, the kernel alone and an empty executable, in one run on this machine. Runs under Bun as
 * root: `scripts/bun test/bench/bench.ts [--runs N] [--networks 0,1,2,4,8,16] [--mixes macvlan,…] [--parts pods,many,…] [--write]`.
 * Works in namespaces of its own; `--write` puts the tables into docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveContent } from './api';
import {
  braid,
  type Call,
  type Competitor,
  empty,
  emptyFull,
  findPlaces,
  idleIp,
  kernel,
  multusThick,
  multusThin,
  version,
} from './competitors';
import { effort, effortToMarkdown } from './effort';
import { goalsToMarkdown } from './goals';
import { grow, grownToMarkdown } from './grown';
import { machine } from './machine';
import { type Crowd, crowd, crowdMemory, crowdsToMarkdown, heldToMarkdown } from './many';
import { coldToMarkdown, type FirstStarts, type Row, toMarkdown, toTimesTable, writePage } from './report';
import { inTurns, measure, memoryOf } from './run';
import { enter, openScene } from './scene';
import { braidOfCluster, startAgent } from './sources';
import { isNoisy } from './stats';
import { type Mix, mixes, networkObject, networksOf, type Pod, podObject, podOf } from './work';

const parts = ['start', 'pods', 'sources', 'agent', 'grown', 'effort', 'cold', 'many'] as const;
type Part = (typeof parts)[number];

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '25' },
    networks: { type: 'string', default: '0,1,2,4,8,16' },
    mixes: { type: 'string', default: mixes.join(',') },
    parts: { type: 'string', default: parts.join(',') },
    crowds: { type: 'string', default: '1,10,50,200' },
    write: { type: 'boolean', default: false },
  },
});
enter();

const runs = Number(options.runs);
const counts = options.networks.split(',').map(Number);
const asked = options.parts.split(',') as readonly Part[];
const most = Math.max(...counts, 8);
const scene = openScene();
const wanted = (options.mixes.split(',') as readonly Mix[]).filter(kernelCan);
const places = findPlaces(scene.directory);
const all = mixes.flatMap((mix) => networksOf(mix, most));
const pods = wanted.flatMap((mix) => counts.map((k) => ({ mix, k, pod: podOf(`${mix}-${k}`, networksOf(mix, k)) })));
const eight = podOf('macvlan-eight', networksOf('macvlan', 8));
const four = podOf('mixed-four', networksOf('mixed', 4));
const others = Array.from({ length: 248 }, (_, at) => podOf(`other-${at}`, networksOf('macvlan', 2)));
const spare = Array.from({ length: 500 - all.length }, (_, at) => ({
  ...networksOf('macvlan', 1)[0],
  name: `spare-${at}`,
}));
const api = serveContent({
  pods: [...pods.map(({ pod }) => pod), eight, four, ...others].map(podObject),
  networks: [...all, ...(spare as typeof all)].map(networkObject),
});
const stops: (() => void)[] = [scene.close, api.stop];
const sections: string[] = [];

try {
  const own = braid(places, all);
  const floor = empty(places);
  const rivals: Competitor[] = [];
  const { multus, plugins } = places;
  if (multus !== undefined && plugins !== undefined) {
    const thick = await multusThick(places, multus, plugins, api);
    stops.unshift(thick.stop);
    rivals.push(multusThin(places, multus, plugins, api), thick.competitor);
  } else console.log('Multus and the reference plugins are left out: `make bench` builds them where Go is installed.');
  const rows: Row[] = [];
  if (asked.includes('start')) await start();
  if (asked.includes('pods'))
    for (const { mix, k, pod } of pods) {
      const foreign = plugins === undefined ? [] : [braid(places, all, true)];
      const alone = mix === 'macvlan' ? [kernel(places, k), idleIp(places)] : [];
      const samples = await inTurns(scene, [floor, own, ...foreign, ...rivals, ...alone], pod, runs);
      const walls = samples.get(floor.name)?.add.map(({ wall }) => wall) ?? [];
      rows.push({ mix, k, samples, noisy: isNoisy(walls) });
      console.log(toMarkdown([rows.at(-1) as Row]));
    }
  if (asked.includes('pods')) tell(goalsToMarkdown(rows));
  if (asked.includes('sources')) await sources();
  if (asked.includes('agent')) await agentAlone();
  if (asked.includes('grown')) tell(grownToMarkdown(await grow(scene, own, eight, networksOf('macvlan', 8), runs)));
  if (asked.includes('effort')) tell(effortToMarkdown(await effort(scene, [own, ...rivals], eight), 8));
  if (asked.includes('cold')) await cold([floor, own, ...rivals]);
  if (asked.includes('many')) await many([own, ...rivals]);
  if (options.write) writePage(rows, sections, { ...machine(), runs });
} catch (error) {
  console.error(error); // to clean up after it may fail, too, and would be all that is told
  throw error;
} finally {
  for (const stop of stops) stop();
}
process.exit(0);

function tell(section: string): void {
  sections.push(section);
  console.log(section);
}

/** What a call costs before it does anything, and a pod whose eight networks, the default one too, are macvlans. */
async function start(): Promise<void> {
  const [first, ...rest] = networksOf('macvlan', 8);
  const macvlans = {
    ...braid(places, all, false, first?.config),
    name: 'ADD of 8 macvlan networks, one of them the default',
  };
  const pod = podOf('macvlan-eight', rest);
  const samples = await inTurns(scene, [emptyFull(places), empty(places), version(places), macvlans], pod, 2 * runs);
  tell(toTimesTable('From the start', samples));
}

/** The same pod, told by the runtime and files, by the runtime and the agent as on a usual node, by the agent, by its snapshot, by the API server. */
async function sources(): Promise<void> {
  const told = { ...braid(places, all), name: 'runtime and files' };
  const asking = braidOfCluster(places, api, 'the agent', false);
  const usual = { ...braidOfCluster(places, api, asking.name, true), name: 'runtime and agent' };
  const snapshot = braidOfCluster(places, api, 'runtime and snapshot', true);
  const server = braidOfCluster(places, api, 'the API server', false);
  await (await startAgent(places, snapshot.conf)).stop();
  const agent = await startAgent(places, asking.conf);
  try {
    const samples = await inTurns(scene, [told, usual, asking, snapshot, server], eight, runs);
    tell(toTimesTable('Where the pod and its 8 macvlan networks come from', samples));
  } finally {
    await agent.stop();
  }
}

/** The agent of a node with 250 pods, in a cluster of 500 definitions, answering calls; then pods change, as often as in a busy hour. */
async function agentAlone(): Promise<void> {
  const calling = braidOfCluster(places, api, 'agent-alone', false);
  const agent = await startAgent(places, calling.conf);
  try {
    await inTurns(scene, [calling], eight, runs);
    const called = agent.memory();
    const [rounds, changes] = [180, 200];
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < changes; at++)
        api.change(`other-${(round * changes + at) % others.length}`, { state: `${round} ${'x'.repeat(2000)}` });
      await Bun.sleep(100);
    }
    const changed = agent.memory();
    const mib = (size: number): string => size.toFixed(1);
    tell(
      [
        '### The agent, 250 pods and 500 definitions',
        '',
        `Snapshot ${agent.started.toFixed(0)} ms after its start.`,
        '',
        '| | resident, MiB | peak so far | pages of files, which every process of Braid shares |',
        '| --- | --: | --: | --: |',
        `| after ${2 * runs} calls | ${mib(called.now)} | ${mib(called.peak)} | ${mib(called.files)} |`,
        `| after ${rounds * changes} changes of pods, 2 KB each, in ${(rounds / 10).toFixed(0)} s | ${mib(changed.now)} | ${mib(changed.peak)} | ${mib(changed.files)} |`,
        '',
      ].join('\n'),
    );
  } finally {
    await agent.stop();
  }
}

/** Many pods at once, Braid's also beside its agent, which they ask. */
async function many(competitors: readonly Competitor[]): Promise<void> {
  const sizes = options.crowds.split(',').map(Number);
  const asking = braidOfCluster(places, api, 'braid, asking its agent', false);
  const agent = await startAgent(places, asking.conf);
  try {
    const [own, ...others] = competitors;
    const all = [...(own === undefined ? [] : [own]), { ...asking, daemon: agent.pid }, ...others];
    const crowds: Crowd[] = [];
    for (const pods of sizes) crowds.push(await crowd(scene, all, four, { pods, networks: 4 }));
    tell(crowdsToMarkdown(crowds));
    const most = Math.max(...sizes);
    tell(heldToMarkdown(await crowdMemory(scene, all, four, most), most));
  } finally {
    await agent.stop();
  }
}

/** The first start after everything was dropped from the page cache, three times each. */
async function cold(competitors: readonly Competitor[]): Promise<void> {
  const one = podOf('macvlan-eight', networksOf('macvlan', 1));
  let calls = 0;
  const first = async <T>({ call }: Competitor, pod: Pod, act: (call: Call) => Promise<T>): Promise<T> => {
    const job = { pod, container: `cold-${calls++}`, netns: scene.addPod('cold') };
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    const found = await act(call({ verb: 'ADD', ...job }));
    await measure(call({ verb: 'DEL', ...job }));
    scene.deletePod('cold');
    return found;
  };
  const walls = new Map(competitors.map(({ name }) => [name, [] as number[]]));
  for (let run = 0; run < 3; run++)
    for (const competitor of competitors)
      walls.get(competitor.name)?.push((await first(competitor, one, measure)).wall);
  const starts: FirstStarts[] = [];
  for (const competitor of competitors) {
    const { peak: memory } = await first(competitor, eight, memoryOf);
    starts.push({ name: competitor.name, walls: walls.get(competitor.name) ?? [], memory });
  }
  tell(coldToMarkdown(starts));
}

/** Whether this kernel has the links of that mix; it is left out, with a word, when not. */
function kernelCan(mix: Mix): boolean {
  if (mix !== 'vlan') return true;
  try {
    const link = ['link', 'add', 'link', 'm0', 'name', 'probe0', 'type', 'vlan', 'id', '5']; // of the scene: lo takes none
    execFileSync('ip', link, { stdio: 'ignore' });
    execFileSync('ip', ['link', 'delete', 'probe0'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log('vlan is left out: this kernel has no such links.');
    return false;
  }
}
