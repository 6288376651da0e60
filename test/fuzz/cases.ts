/** How many cases the fuzz runs, and from which seed: FUZZ_CASES and FUZZ_SEED. Prints both; ends a run that hangs. */
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll } from 'vitest';

const cases = Number(process.env.FUZZ_CASES ?? 3000);
const seed = Number(process.env.FUZZ_SEED ?? 20261121);
let done = 0;

/** Time limit of a test: the number of cases is what ends it. */
export const hours = 3_600_000; // ms

/** Judges a share of the cases; what fails is made smaller, and shown with the seed that leads to it. */
export async function fuzz<T>(
  share: number,
  input: fc.Arbitrary<T>,
  judge: (input: T) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(input, async (value) => {
    done += 1;
    begin(value);
    await judge(value);
  });
  await fc.assert(property, { seed, numRuns: Math.ceil(cases * share) });
}

/** Where the watchdog, in a thread of its own, sees which case runs: a loop that never ends stops this thread's timers. */
const memory = {
  begun: new Int32Array(new SharedArrayBuffer(4)),
  text: new Uint8Array(new SharedArrayBuffer(64 * 1024)),
};
const dog = new Worker(
  `const { workerData: { begun, text, limit } } = require('node:worker_threads');
   let last = -1;
   setInterval(() => {
     const now = Atomics.load(begun, 0);
     if (now !== last) { last = now; return; }
     const end = text.indexOf(0);
     const words = new TextDecoder().decode(text.slice(0, end < 0 ? text.length : end));
     require('node:fs').writeSync(2, 'fuzz: a case has run for ' + limit / 1000 + ' s: ' + words + '\\n');
     process.kill(process.pid, 'SIGKILL');
   }, limit);`,
  { eval: true, workerData: { ...memory, limit: 120_000 } },
);
dog.unref();

function begin(value: unknown): void {
  const { written } = new TextEncoder().encodeInto(JSON.stringify(value) ?? '', memory.text.subarray(0, -1));
  memory.text[written] = 0;
  Atomics.add(memory.begun, 0, 1);
}

afterAll(async () => {
  await dog.terminate();
  console.log(`fuzz: ${done} cases, FUZZ_SEED=${seed}`);
});
