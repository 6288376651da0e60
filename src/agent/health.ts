/** Whether this node could attach a pod now: a real ADD, CHECK and DEL of loopback, in a namespace of the agent's own. Acts through the edges. */
import { handleAdd, handleCheck, handleDel } from '../attach/handle';
import type { Edges } from '../attach/ports';
import { parseConfig } from '../cni/config';
import { type AddRequest, type CheckRequest, type DelRequest, parseRequest } from '../cni/request';
import { toCniError } from '../error';
import type { NetnsPath } from '../net/names';
import { loopback } from './loopback';

/** What a look needs. */
export interface HealthMeans {
  /** Edges with state of their own. */
  edges(): Edges;
  /** Makes a namespace. */
  namespace(): { readonly path: NetnsPath; close(): void };
  /** Frees what `edges` opened. */
  close(edges: Edges): void;
}

const conf = parseConfig(
  JSON.stringify({
    cniVersion: '1.0.0',
    name: 'braid-health',
    type: 'braid',
    delegates: [{ cniVersion: '1.0.0', name: 'braid-health', type: 'loopback' }],
  }),
);

/** One look. Throws what failed; also what an earlier look left is taken back. */
export async function lookAtHealth(means: HealthMeans): Promise<void> {
  const base = means.edges();
  const edges: Edges = { ...base, findDelegate: (type) => (type === loopback.type ? loopback : undefined) };
  const namespace = means.namespace();
  const request = <T>(command: string): T =>
    parseRequest({
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'braid-health',
      CNI_NETNS: namespace.path,
      CNI_IFNAME: 'lo',
      CNI_PATH: '/nowhere',
    }) as T;
  try {
    await handleDel(request<DelRequest>('DEL'), edges);
    await handleAdd(request<AddRequest>('ADD'), conf, edges);
    await handleCheck(request<CheckRequest>('CHECK'), edges);
    await handleDel(request<DelRequest>('DEL'), edges);
  } finally {
    namespace.close();
    means.close(base);
  }
}

const longest = 10_000; // ms: a look that takes longer is a failure

/** Remembers the last look for `fresh` milliseconds, and looks once at a time however many ask. */
export class Health {
  #last: { readonly at: number; readonly problem: string | undefined } | undefined;
  #looking: Promise<string | undefined> | undefined;

  constructor(
    readonly look: () => Promise<void>,
    readonly fresh = 5000,
  ) {}

  /** What is wrong; `undefined`: nothing. */
  async problem(): Promise<string | undefined> {
    if (this.#last !== undefined && performance.now() - this.#last.at < this.fresh) return this.#last.problem;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return within(this.#looking, longest);
  }

  async #look(): Promise<string | undefined> {
    const problem = await this.look().then(
      () => undefined,
      (error: unknown) => {
        const { reason, message } = toCniError(error);
        return `a loopback ADD and DEL failed: ${reason}: ${message}`;
      },
    );
    this.#last = { at: performance.now(), problem };
    return problem;
  }
}

async function within(work: Promise<string | undefined>, milliseconds: number): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`a loopback ADD and DEL takes longer than ${milliseconds / 1000} s`),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
