/** Keeps the view in step with the cluster, and the snapshot with the view. Acts through the watcher and the store. */
import type { Log, NetworkDefinition, Pod } from '../attach/ports';
import { toCniError } from '../error';
import type { Sink, SnapshotStore, Watcher } from './ports';
import type { Question } from './protocol';
import { type Known, slim, type View } from './view';

/** How the view stands. */
export interface Standing {
  /** Why the API server's changes do not arrive; undefined: they do. */
  readonly problems: { pods: string | undefined; networks: string | undefined };
}

/** How often the snapshot is looked at, in milliseconds. A reader takes one that was confirmed 60 s ago for stale. */
const usualPause = 1000;
const confirmEvery = 15_000;

/** The standing of a view that has seen nothing yet. */
export const unseen = (): Standing => ({ problems: { pods: 'not listed yet', networks: 'not listed yet' } });

/** The kind of what is asked for. */
export const kindOf = ({ ask }: Question): keyof Standing['problems'] => (ask === 'network' ? 'networks' : 'pods');

/** Watches both kinds until the signal. Without a node's name there are only networks. */
export async function follow(
  view: View,
  standing: Standing,
  { watcher, node, log }: { readonly watcher: Watcher; readonly node: string | undefined; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  const sink = <T extends Pod | NetworkDefinition>(
    kind: keyof Standing['problems'],
    known: Known<T>,
    keep: (object: T) => T,
  ): Sink<T> => ({
    replace: (objects) => known.replace(objects.map(keep)),
    set: (object) => known.set(keep(object)),
    delete: (namespace, name) => known.delete(namespace, name),
    inStep() {
      if (standing.problems[kind] !== undefined) log.info({ kind, known: known.size }, 'in step with the API server');
      standing.problems[kind] = undefined;
    },
    lost(problem) {
      log.warn({ kind, problem }, 'cannot watch the API server; what was known last counts');
      standing.problems[kind] = problem;
    },
  });
  if (node === undefined) standing.problems.pods = undefined;
  await Promise.all([
    watcher.networks(
      sink('networks', view.networks, (network) => network),
      signal,
    ),
    node === undefined ? undefined : watcher.pods(node, sink('pods', view.pods, slim), signal),
  ]);
}

/** Writes the snapshot when the view has changed, at most once a pause; confirms it while the watches are in step. */
export class SnapshotKeeper {
  #saved = 0;
  #confirmed = 0;

  constructor(
    readonly view: View,
    readonly standing: Standing,
    readonly store: SnapshotStore,
    readonly log: Log,
  ) {}

  /** An agent that starts knows what the last one knew, until the API server says otherwise. */
  restore(): void {
    const content = this.store.find();
    if (content === undefined) return;
    this.view.pods.replace([...content.pods]);
    this.view.networks.replace([...content.networks]);
    this.#saved = this.view.revision;
  }

  /** One look. `now` in milliseconds. A list that is still to come would only make the file poorer, so it is waited for. */
  keep(now: number): void {
    const { view, standing, store, log } = this;
    const inStep = Object.values(standing.problems).every((problem) => problem === undefined);
    try {
      if (view.revision !== this.#saved && inStep) {
        store.save(view.content());
        this.#saved = view.revision;
        this.#confirmed = now;
      } else if (inStep && now - this.#confirmed >= confirmEvery) {
        store.confirm(new Date(now));
        this.#confirmed = now;
      }
    } catch (error) {
      this.#saved = -1; // written anew at the next look
      log.warn({ error: toCniError(error).problem }, 'cannot write the snapshot');
    }
  }

  /** Looks again and again; the function ends it, with a last look: who comes next finds what this one knew. */
  start(pause = usualPause): () => void {
    const look = (): void => this.keep(Date.now());
    const timer = setInterval(look, pause);
    return () => {
      clearInterval(timer);
      look();
    };
  }
}
