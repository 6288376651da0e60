/**
 * `make bench`: Braid beside Multus, the kernel alone and an empty executable, in one run on this machine. Runs under Bun as
 * root: `scripts/bun test/bench/bench.ts [--runs N] [--networks 0,1,2,4,8,16] [--mixes macvlan,…] [--write]`. Works in namespaces
 * of its own; `--write` puts the tables into docs/performance.md.
 */
import { parseArgs } from 'node:util';
import { serveContent } from './api';
import { braid, type Competitor, empty, findPlaces, kernel, multusThick, multusThin } from './competitors';
import { machine } from './machine';
import { type Row, toMarkdown, writePage } from './report';
import { inTurns } from './run';
import { enter, openScene } from './scene';
import { isNoisy } from './stats';
import { type Mix, mixes, networkObject, networksOf, podObject, podOf } from './work';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '25' },
    networks: { type: 'string', default: '0,1,2,4,8,16' },
    mixes: { type: 'string', default: mixes.join(',') },
    write: { type: 'boolean', default: false },
  },
});
enter();

const runs = Number(options.runs);
const counts = options.networks.split(',').map(Number);
const wanted = options.mixes.split(',') as readonly Mix[];
const most = Math.max(...counts);
const scene = openScene();
const places = findPlaces(scene.directory);
const all = mixes.flatMap((mix) => networksOf(mix, most));
const pods = wanted.flatMap((mix) => counts.map((k) => ({ mix, k, pod: podOf(`${mix}-${k}`, networksOf(mix, k)) })));
const api = serveContent({ pods: pods.map(({ pod }) => podObject(pod)), networks: all.map(networkObject) });
const stops: (() => void)[] = [scene.close, api.stop];

try {
  const fixed: Competitor[] = [empty(places), braid(places, all)];
  const { multus, plugins } = places;
  if (multus !== undefined && plugins !== undefined) {
    fixed.push(braid(places, all, true), multusThin(places, multus, plugins, api));
    const thick = await multusThick(places, multus, plugins, api);
    stops.unshift(thick.stop);
    fixed.push(thick.competitor);
  } else console.log('Multus and the reference plugins are left out: `make bench` builds them where Go is installed.');
  const rows: Row[] = [];
  for (const { mix, k, pod } of pods) {
    const alone = mix === 'macvlan' ? [kernel(places, k)] : [];
    const samples = await inTurns(scene, [...fixed, ...alone], pod, runs);
    const floor = samples.get('empty executable')?.add.map(({ wall }) => wall) ?? [];
    rows.push({ mix, k, samples, noisy: isNoisy(floor) });
    console.log(toMarkdown([rows.at(-1) as Row]));
  }
  if (options.write) writePage(rows, { ...machine(), runs });
} finally {
  for (const stop of stops) stop();
}
process.exit(0);
