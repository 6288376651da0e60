/** The kinds of runs of the fault sweep: what is broken, what comes after it, and what must be true then. Changes the guest through the executable. */
import { existsSync } from 'node:fs';
import { reasons } from '../../src/error';
import { type Answer, call, gcByHand } from './braid';
import { makeSpace, nodeLinks, removeSpace, run, type Sandbox, spacePath, wipeState } from './node';
import { difference, readState, type State } from './state';

/** One kind of run. */
export interface Pass {
  readonly name: string;
  readonly verb: 'ADD' | 'DEL';
  readonly fault: 'kill' | 'error';
  readonly says: string;
  /** Does what comes after the fault. Throws a Finding when something is wrong. */
  readonly after: (trial: Trial) => void;
}

/** One run with its fault. */
export interface Trial {
  readonly sandbox: Sandbox;
  readonly answer: Answer;
  readonly index: number;
}

/** What is wrong after a fault. */
export class Finding extends Error {}

const gone = 'namespace gone, then';

export const passes: readonly Pass[] = [
  { name: 'kill-add-del', verb: 'ADD', fault: 'kill', after: thenDel, says: 'ADD killed, then DEL' },
  { name: 'kill-add-gc', verb: 'ADD', fault: 'kill', after: thenAnyGc, says: `ADD killed, ${gone} CNI GC or braid gc` },
  { name: 'kill-add-again', verb: 'ADD', fault: 'kill', after: thenAgain, says: `ADD killed, ${gone} a new sandbox` },
  { name: 'kill-del-del', verb: 'DEL', fault: 'kill', after: thenDel, says: 'DEL killed, then DEL' },
  { name: 'kill-del-gc', verb: 'DEL', fault: 'kill', after: thenAnyGc, says: `DEL killed, ${gone} CNI GC or braid gc` },
  { name: 'kill-del-again', verb: 'DEL', fault: 'kill', after: thenAgain, says: `DEL killed, ${gone} a new sandbox` },
  { name: 'error-add', verb: 'ADD', fault: 'error', after: afterFailedAdd, says: 'one call of ADD fails' },
  { name: 'error-del', verb: 'DEL', fault: 'error', after: afterFailedDel, says: 'one call of DEL fails' },
];

const turns = 'then DEL or CNI GC in turn';

/** The short form: every kill point once, and one of the ways back after each. */
export const shortPasses: readonly Pass[] = [
  { name: 'short-add', verb: 'ADD', fault: 'kill', after: inTurn, says: `ADD killed, ${turns}` },
  { name: 'short-del', verb: 'DEL', fault: 'kill', after: inTurn, says: `DEL killed, ${turns}` },
];

/** The pod's sandboxes: the one with the fault, and the one that follows it. */
export const first: Sandbox = { containerId: 'swept-1', space: 'swept-1' };
const second: Sandbox = { containerId: 'swept-2', space: 'swept-2' };

const kernelLimit = 10_000; // ms; the links of a removed namespace go in the background
const known = reasons().map(({ reason }) => reason);
let clean: State = [];

/** A node as after its first pod, whatever there was: with bridges and empty tables of nftables. That is the state to come back to. */
export function resetNode(): void {
  for (const { space } of [first, second]) if (existsSync(spacePath(space))) removeSpace(space);
  for (let name = foreignLinks()[0]; name !== undefined; name = foreignLinks()[0]) run('ip', 'link', 'del', name);
  run('nft', 'flush', 'ruleset');
  wipeState();
  ensureSpace(first);
  for (const verb of ['ADD', 'CHECK', 'DEL'] as const) succeeds(`a clean ${verb}`, call(verb, first));
  clean = readState(first.space);
}

/** The namespace of a sandbox; what an earlier run left clean is used again. */
export function ensureSpace({ space }: Sandbox): void {
  if (!existsSync(spacePath(space))) makeSpace(space);
}

/** Throws a Finding with what the call said. */
export function succeeds(what: string, { status, signal, stdout, stderr }: Answer): void {
  if (status !== 0) throw new Finding(`${what} failed (${status ?? signal}): ${stdout.trim()} ${stderr.trim()}`);
}

/** The whole state is as before, but for what may stay (state.ts). */
export function leavesNothing({ space }: Sandbox): void {
  const end = performance.now() + (existsSync(spacePath(space)) ? 0 : kernelLimit);
  for (;;) {
    const left = difference(clean, readState(space));
    if (left.length === 0) return;
    if (performance.now() >= end) throw new Finding(`not as before:\n    ${left.slice(0, 12).join('\n    ')}`);
    Bun.sleepSync(20);
  }
}

function thenDel({ sandbox }: Trial): void {
  succeeds('DEL', call('DEL', sandbox));
  leavesNothing(sandbox);
}

function inTurn(trial: Trial): void {
  const after = trial.index % 3 === 0 ? thenGc : thenDel; // three: two guests share the points by turns, too
  after(trial);
}

function thenGc({ sandbox }: Trial): void {
  removeSpace(sandbox.space);
  succeeds('GC', call('GC', sandbox));
  leavesNothing(sandbox);
}

/** By the runtime, nothing being valid, or by hand: the same work, for two reasons. */
function thenAnyGc(trial: Trial): void {
  if (trial.index % 3 === 0) thenGcByHand(trial);
  else thenGc(trial);
}

function thenGcByHand({ sandbox }: Trial): void {
  removeSpace(sandbox.space);
  succeeds('braid gc', gcByHand());
  leavesNothing(sandbox);
}

/** The storage network has one address and one VLAN: the new sandbox gets them only when the dead one has lost them. */
function thenAgain({ sandbox }: Trial): void {
  removeSpace(sandbox.space);
  waitForKernel();
  ensureSpace(second);
  succeeds('ADD of a new sandbox', call('ADD', second));
  succeeds('DEL of the new sandbox', call('DEL', second));
  succeeds('DEL of the dead sandbox', call('DEL', sandbox)); // the runtime's, at last
  leavesNothing(second);
}

/** An ADD that says it succeeded is whole. */
function afterFailedAdd({ sandbox, answer }: Trial): void {
  if (answer.status === 0) succeeds('CHECK after an ADD that succeeded', call('CHECK', sandbox));
  else requireError('ADD', answer);
  succeeds('DEL', call('DEL', sandbox));
  leavesNothing(sandbox);
}

/** After a DEL that succeeded a runtime need not call again: what is left is for GC. */
function afterFailedDel({ sandbox, answer, index }: Trial): void {
  if (answer.status !== 0) requireError('DEL', answer);
  if (answer.status !== 0 || index % 2 === 0) succeeds('DEL again', call('DEL', sandbox));
  else succeeds('GC', call('GC', sandbox));
  leavesNothing(sandbox);
}

/** A CNI error object with a message and a reason of the catalogue, which is not a defect of Braid. */
function requireError(verb: string, { status, signal, stdout, stderr }: Answer): void {
  const wrong = whyNoError(stdout);
  if (wrong !== undefined)
    throw new Finding(`${verb} ${wrong} (${status ?? signal}): ${stdout.trim()} ${stderr.trim()}`);
}

function whyNoError(stdout: string): string | undefined {
  try {
    const { code, msg, details } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    if (typeof code !== 'number' || typeof msg !== 'string' || msg === '') return 'printed no error';
    const reason = known.find((each) => typeof details === 'string' && details.includes(`${each}: `));
    return reason === undefined || reason === 'Internal' ? 'gave no reason of the catalogue' : undefined;
  } catch {
    return 'printed no error object';
  }
}

/** Until the removed namespace's links are gone: the kernel takes them all at once, and the host's ends of pairs with them. */
function waitForKernel(): void {
  const end = performance.now() + kernelLimit;
  const busy = (): boolean => foreignLinks().some((name) => name.startsWith('veth'));
  while (busy() && performance.now() < end) Bun.sleepSync(20);
}

function foreignLinks(): readonly string[] {
  const links = JSON.parse(run('ip', '-j', 'link')) as readonly { readonly ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => name !== 'lo' && !nodeLinks.includes(name));
}
