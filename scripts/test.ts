/**
 * Runs every test and counts: the pure ones here, the kernel ones in guests side by side. Runs under Bun:
 * `scripts/bun scripts/test.ts [--pure | --kernel | --interop | --cluster | --faults] [--guests N] [--memory MIB] [--timeout SECONDS] [NAME…]`,
 * NAME a part of a test file's path. `--interop`: test/interop, whose Go programs must be built, and nothing else. `--cluster`:
 * test/cluster, in namespaces of its own on this machine's kernel, as root, and what needs more of a kernel in a guest; its programs
 * and Braid's image must be built.
 * `--faults [--short]`: the fault sweep and nothing else; its short form counts as a kernel test. Writes results/ only. The last
 * line is `N passed, N failed`; exit status 1 when anything failed or did not finish.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** The part of the fault sweep's report that is read. */
interface SweepReport extends Counts {
  readonly outcomes: readonly SweepOutcome[];
}

interface SweepOutcome {
  readonly says: string;
  readonly fault: 'kill' | 'error';
  readonly points: number;
  readonly failures: readonly string[];
}

const root = path.resolve(import.meta.dir, '..');
const results = path.join(root, 'results');
const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    pure: { type: 'boolean', default: false },
    kernel: { type: 'boolean', default: false },
    interop: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false }, // of the sweep: every kill point once
    guests: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '3600' },
    memory: { type: 'string', default: '2048' }, // MiB of each guest
  },
});

const bun = 'scripts/bun';
const limits = ['--timeout', options.timeout, '--memory', options.memory];
const vitest = [
  '--bun',
  'node_modules/vitest/vitest.mjs',
  'run',
  '--configLoader=native',
  '--reporter=default',
  '--reporter=json',
];
type Sort = 'pure' | 'kernel' | 'interop' | 'cluster';

/** Which run a test file belongs to. */
function sortOf(file: string): Sort {
  if (file.startsWith('test/interop/')) return 'interop';
  if (file.startsWith('test/cluster/')) return 'cluster';
  return /^test\/(kernel|e2e)\//.test(file) || file.endsWith('.kernel.test.ts') ? 'kernel' : 'pure';
}

const isWanted = (file: string): boolean => names.length === 0 || names.some((name) => file.includes(name));
const sweepFile = 'test/faults/sweep.ts';

/** Test files of one sort whose path contains one of the names asked for, biggest first. */
function testFiles(sort: Sort): string[] {
  const files = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => sortOf(file) === sort && isWanted(file));
  return files.sort((a, b) => weight(b) - weight(a) || a.localeCompare(b));
}

/** Longer files take longer; good enough to share the work out. Rows of a table are in a file of their own. */
function weight(file: string): number {
  const rows = path.join(path.dirname(file), 'rows', path.basename(file).replace('.test', ''));
  const files = [file, rows].map((each) => path.join(root, each)).filter((each) => existsSync(each));
  return files.reduce((sum, each) => sum + readFileSync(each, 'utf8').length, 0);
}

/** Deals the files out, each to the guest with the least to do. */
function share(files: readonly string[], guests: number): string[][] {
  const hands = Array.from({ length: guests }, () => ({ load: 0, files: [] as string[] }));
  for (const file of files) {
    const hand = hands.reduce((least, other) => (other.load < least.load ? other : least));
    hand.load += weight(file);
    hand.files.push(file);
  }
  return hands.map((hand) => hand.files).filter((hand) => hand.length > 0);
}

/** Runs a command, its output on ours line by line with a label, and in results/<label>.log. Gives the exit status. */
function run(label: string, command: string, args: readonly string[]): Promise<number> {
  const log = createWriteStream(path.join(results, `${label}.log`));
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      console.log(`${label}: ${line}`);
      log.write(`${line}\n`);
    });
  }
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`${label}: cannot run ${command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      log.end();
      resolve(code ?? 128);
    });
  });
}

/**
 * Counts one vitest run. A file that could not be collected, a test that did not run, a file without a result, an error
 * between tests and a run that did not finish are failures: nothing is skipped.
 */
function count(label: string, files: readonly string[], report: string, status: number): Counts {
  let passed = 0;
  let failed = 0;
  const missing = new Set(files);
  const complain = (problem: string): void => {
    failed += 1;
    console.log(`${label}: FAILED: ${problem}`);
  };
  if (existsSync(report)) {
    for (const file of (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults) {
      const name = path.relative(root, file.name);
      missing.delete(name);
      const states = file.assertionResults.map((test) => test.status);
      passed += states.filter((state) => state === 'passed').length;
      failed += states.filter((state) => state === 'failed').length;
      const idle = states.filter((state) => state !== 'passed' && state !== 'failed').length;
      if (idle > 0) complain(`${name}: ${idle} tests did not run`);
      if (states.length === 0 || (file.status === 'failed' && !states.includes('failed'))) {
        complain(`${name}: no test in it ran, or it failed outside its tests`);
      }
    }
  }
  for (const file of missing) complain(`${file}: no result`);
  if (status !== 0 && failed === 0) complain(`exit status ${status}`);
  console.log(`${label}: ${passed} of ${passed + failed} passed, exit status ${status}`);
  return { passed, failed };
}

/** The pure tests, here. */
async function pure(files: readonly string[]): Promise<Counts> {
  const report = path.join(results, 'pure.json');
  const args = [...vitest, '--config=vitest.config.ts', `--outputFile.json=${report}`, ...files];
  return count('pure', files, report, await run('pure', bun, args));
}

/** One of those on this machine's kernel: in a network, mount and process namespace, so that what it started ends with it. */
async function inNamespaces(file: string): Promise<Counts> {
  const label = `cluster-${path.basename(file, '.test.ts')}`;
  const report = path.join(results, `${label}.json`);
  const unshare = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'private',
    '--',
  ];
  const args = [...unshare, bun, ...vitest, '--config=vitest.cluster.config.ts', `--outputFile.json=${report}`, file];
  return count(label, [file], report, await run(label, 'unshare', args));
}

/** All of those, one after the other: each has the machine's processors for its cluster. */
async function onThisMachine(files: readonly string[]): Promise<Counts[]> {
  const counts: Counts[] = [];
  for (const file of files) counts.push(await inNamespaces(file));
  return counts;
}

/** The tests on a cluster: side by side, those of this machine's kernel and those that need a guest's, which takes VLANs and ipvlan. */
async function cluster(files: readonly string[]): Promise<Counts[]> {
  const inGuest = files.filter((file) => file.endsWith('.guest.test.ts'));
  const here = files.filter((file) => !inGuest.includes(file));
  const machine = ['--memory', '6144', '--cpus', '2'];
  const [native, emulated] = await Promise.all([
    onThisMachine(here),
    inGuest.length > 0 ? guest('cluster-guest', inGuest, 'vitest.cluster.config.ts', machine) : undefined,
  ]);
  return [...native, ...(emulated === undefined ? [] : [emulated])];
}

/** Some tests, in one guest; `config` is vitest's, `machine` more options of scripts/guest/run. */
async function guest(
  label: string,
  files: readonly string[],
  config = 'vitest.kernel.config.ts',
  machine: readonly string[] = [],
): Promise<Counts> {
  const shared = path.join(results, label);
  mkdirSync(shared, { recursive: true });
  const inside = [
    'env',
    'NO_COLOR=1',
    ...(process.env.RACES === undefined ? [] : [`RACES=${process.env.RACES}`]),
    bun,
    ...vitest,
    `--config=${config}`,
    '--outputFile.json=/run/guest/report.json',
    ...files,
  ];
  const args = [...limits, ...machine, '--results', shared, '--', ...inside];
  const status = await run(label, 'scripts/guest/run', args);
  return count(label, files, path.join(shared, 'report.json'), status);
}

/** Every system call of a pod's ADD and DEL killed or failed, shared out among guests. `more`: arguments of the sweep. */
async function sweep(...more: readonly string[]): Promise<Counts[]> {
  const guests = Number(options.guests);
  const parts = Array.from({ length: guests }, (_, index) => `${index + 1}/${guests}`);
  const reports = await Promise.all(
    parts.map((part, index) => sweepPart(`faults${index + 1}`, ['--part', part, ...more])),
  );
  const all = reports.flatMap(({ outcomes }) => outcomes);
  for (const says of new Set(all.map((one) => one.says))) {
    const same = all.filter((one) => one.says === says);
    console.log(`faults: ${says}: ${points(same)} runs, ${failures(same)} failures`);
  }
  const [kills, errors] = (['kill', 'error'] as const).map((kind) => points(all.filter(({ fault }) => fault === kind)));
  console.log(`faults: ${kills} kill points, ${errors} faults, ${failures(all)} failures`);
  return reports;
}

async function sweepPart(label: string, more: readonly string[]): Promise<SweepReport> {
  const shared = path.join(results, label);
  mkdirSync(shared, { recursive: true });
  const inside = [bun, sweepFile, '--report', '/run/guest/report.json', ...more];
  const args = [...limits, '--results', shared, '--', ...inside];
  const status = await run(label, 'scripts/guest/run', args);
  const report = path.join(shared, 'report.json');
  if (existsSync(report)) return JSON.parse(readFileSync(report, 'utf8')) as SweepReport;
  console.log(`${label}: FAILED: exit status ${status}, and no report`);
  return { passed: 0, failed: 1, outcomes: [] };
}

const points = (all: readonly SweepOutcome[]): number => all.reduce((sum, one) => sum + one.points, 0);
const failures = (all: readonly SweepOutcome[]): number => all.reduce((sum, one) => sum + one.failures.length, 0);

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const all = !options.pure && !options.kernel && !options.interop && !options.cluster && !options.faults;
const pureFiles = all || options.pure ? testFiles('pure') : [];
const kernelFiles = all || options.kernel ? testFiles('kernel') : [];

const counts: Counts[] = [];
if (pureFiles.length > 0) counts.push(await pure(pureFiles));
const hands = share(kernelFiles, Number(options.guests));
counts.push(...(await Promise.all(hands.map((files, index) => guest(`guest${index + 1}`, files)))));
const strange = share(options.interop ? testFiles('interop') : [], Number(options.guests));
counts.push(
  ...(await Promise.all(
    strange.map((files, index) => guest(`interop${index + 1}`, files, 'vitest.interop.config.ts')),
  )),
);
if (options.cluster) counts.push(...(await cluster(testFiles('cluster'))));
if (options.faults || ((all || options.kernel) && isWanted(sweepFile)))
  counts.push(...(await sweep(...(options.short || !options.faults ? ['--short'] : []))));

const sum = (of: keyof Counts): number => counts.reduce((total, each) => total + each[of], 0);
if (sum('passed') + sum('failed') === 0) counts.push({ passed: 0, failed: 1 });
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
