/**
 * The fault sweep: traces one ADD and one DEL of a pod with every kind of network, then runs them again once for each call
 * that changes the world, kills the process there or fails the call, and looks whether anything is left. Runs under Bun
 * inside a test guest: `sweep.ts [--braid FILE] [--short | --passes NAME,…] [--part N/M] [--only TEXT] [--report FILE]`. Changes the guest.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Answer, call, type Fault, faultyCall, install, traceCall } from './braid';
import { type Call, canFail, changes } from './calls';
import { makeNode, pods, wipeState } from './node';
import {
  ensureSpace,
  Finding,
  first,
  leavesNothing,
  type Pass,
  passes,
  resetNode,
  shortPasses,
  succeeds,
} from './passes';

/** How one pass went. */
interface Outcome {
  readonly pass: string;
  readonly says: string;
  readonly fault: Pass['fault'];
  readonly points: number;
  readonly failures: readonly string[];
  readonly seconds: number;
}

const errnos = ['ENOSPC', 'EIO', 'EBUSY', 'EPERM'] as const;
const attempts = 3; // to meet a call whose number another one has taken

const { values: options } = parseArgs({
  options: {
    braid: { type: 'string', default: resolve(import.meta.dir, '../../dist/braid') },
    short: { type: 'boolean', default: false },
    passes: { type: 'string' },
    part: { type: 'string', default: '1/1' },
    only: { type: 'string', default: '' },
    report: { type: 'string' },
  },
});
const [part = 1, parts = 1] = options.part.split('/').map(Number);
const told = new Map<string, string>(); // what each failed call made Braid say

/** The calls of a clean run. Two runs make the same ones: else a number would not say which call is meant. */
function cleanCalls(verb: Pass['verb']): readonly Call[] {
  const runs = [1, 2].map(() => {
    wipeState();
    const add = verb === 'ADD' ? traceCall('ADD', first) : { answer: call('ADD', first), calls: [] };
    succeeds('a clean ADD', add.answer);
    const del = verb === 'DEL' ? traceCall('DEL', first) : { answer: call('DEL', first), calls: [] };
    succeeds('a clean DEL', del.answer);
    leavesNothing(first);
    return [...add.calls, ...del.calls].filter(canFail);
  });
  const [once = [], again = []] = runs;
  const odd = once.findIndex(({ label }, at) => label !== again[at]?.label);
  if (once.length !== again.length || odd >= 0)
    console.log(
      `note: two clean runs of ${verb} differ (${once.length} and ${again.length} calls), first in ${once[odd]?.label}`,
    );
  return once;
}

/** One run with a fault; what is wrong after it, if anything. */
function attempt({ verb, fault, after }: Pass, point: Call, index: number): string | undefined {
  const what: Fault['what'] = fault === 'kill' ? 'kill' : (errnos[index % errnos.length] ?? 'EIO');
  try {
    for (let left = attempts; left > 0; left--) {
      wipeState();
      ensureSpace(first);
      if (verb === 'DEL') succeeds('the ADD before', call('ADD', first));
      const answer = faultyCall(verb, first, { call: point, what });
      if (answer === undefined) {
        console.log(`note: ${point.label}, number ${point.nth}, was another call`);
        resetNode();
        continue;
      }
      if (fault === 'kill' && answer.signal !== 'SIGKILL') throw new Finding(`was not killed: ${answer.stdout}`);
      if (fault === 'error') told.set(`${verb} ${point.label}, number ${point.nth}: ${what}`, message(answer));
      after({ sandbox: first, answer, index });
      return undefined;
    }
    return `could not be met in ${attempts} runs`;
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    resetNode();
    return error.message;
  }
}

function message({ status, stdout, stderr }: Answer): string {
  if (status === 0) return 'success';
  try {
    return (JSON.parse(stdout) as { readonly msg: string }).msg;
  } catch {
    return `${stdout} ${stderr}`.trim();
  }
}

/** Every call of a pass that is this part's. */
function runPass(pass: Pass, calls: readonly Call[]): Outcome {
  const failures: string[] = [];
  const started = performance.now();
  const points = calls
    .filter(pass.fault === 'kill' ? changes : canFail)
    .map((point, index) => ({ point, index }))
    .filter(({ point, index }) => index % parts === part - 1 && point.label.includes(options.only));
  for (const [done, { point, index }] of points.entries()) {
    if (done > 0 && done % 25 === 0) console.log(`${pass.name}: ${done} of ${points.length}`);
    const problem = attempt(pass, point, index);
    if (problem === undefined) continue;
    failures.push(`${pass.name} ${index + 1} (${point.label}, number ${point.nth}): ${problem}`);
    console.log(`FAILED: ${failures.at(-1)}`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  const { name, says, fault } = pass;
  const counted = `${points.length} ${fault === 'kill' ? 'kill points' : 'faults'}`;
  console.log(`${name}: ${says}: ${counted}, ${failures.length} failures, ${seconds} s`);
  return { pass: name, says, fault, points: points.length, failures, seconds };
}

function wantedPasses(): readonly Pass[] {
  if (options.passes === undefined) return options.short ? shortPasses : passes;
  const known = [...passes, ...shortPasses];
  return options.passes.split(',').map((name) => {
    const pass = known.find((each) => each.name === name);
    if (pass === undefined) throw new Error(`no pass ${name}: there are ${known.map((each) => each.name).join(', ')}`);
    return pass;
  });
}

install(options.braid);
makeNode(options.short ? pods.short : pods.whole);
resetNode();
const calls = { ADD: cleanCalls('ADD'), DEL: cleanCalls('DEL') } as const;
for (const verb of ['ADD', 'DEL'] as const)
  console.log(`${verb}: ${calls[verb].filter(changes).length} calls change the world, ${calls[verb].length} can fail`);

const outcomes = wantedPasses().map((pass) => runPass(pass, calls[pass.verb]));
const failed = outcomes.reduce((sum, { failures }) => sum + failures.length, 0);
const passed = outcomes.reduce((sum, { points }) => sum + points, 0) - failed;
if (options.report !== undefined)
  writeFileSync(
    options.report,
    JSON.stringify({ passed, failed, outcomes, told: Object.fromEntries(told) }, undefined, 1),
  );
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
