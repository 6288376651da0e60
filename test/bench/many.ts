/** Many pods at once: how long until all are attached, and until all are gone. Starts processes in the scene. */
import type { Call, Competitor } from './competitors';
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
  for (const [turn, competitor] of competitors.entries()) {
    const jobs = Array.from({ length: pods }, (_, at) => ({
      pod,
      container: `crowd-${turn}-${pods}-${at}`,
      netns: scene.addPod(`crowd${at}`),
    }));
    const add = await wave(jobs.map((job) => competitor.call({ verb: 'ADD', ...job })));
    const del = await wave(jobs.map((job) => competitor.call({ verb: 'DEL', ...job })));
    waves.set(competitor.name, { add, del });
    for (let at = 0; at < pods; at++) scene.deletePod(`crowd${at}`);
  }
  return { pods, networks, waves };
}

async function wave(calls: readonly Call[]): Promise<Wave> {
  const start = performance.now();
  const ends = await Promise.all(calls.map(end));
  const failures = ends.flatMap(({ failure }) => failure ?? []);
  return {
    total: performance.now() - start,
    walls: ends.map(({ wall }) => wall),
    failed: failures.length,
    firstFailure: failures[0] ?? '',
  };
}

async function end({
  command,
  env,
  stdin,
}: Call): Promise<{ readonly wall: number; readonly failure: string | undefined }> {
  const start = performance.now();
  const child = Bun.spawn([...command], { env, stdin: Buffer.from(stdin), stdout: 'pipe', stderr: 'pipe' });
  const [status, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const wall = performance.now() - start;
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
  ].join('\n');
}

function shown({ total, walls, failed }: Wave): string {
  return [(total / 1000).toFixed(2), median(walls).toFixed(0), percentile(walls, 0.99).toFixed(0), failed].join(' | ');
}
