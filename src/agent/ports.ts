/** What the agent needs of the world beyond an attachment's edges. Types only. */
import type { NetworkDefinition, Pod } from '../attach/ports';
import type { Content } from './snapshot';

/** Is told what a watch sees. */
export interface Sink<T> {
  /** Everything there is; what is not among it is gone. */
  replace(objects: readonly T[]): void;
  set(object: T): void;
  delete(namespace: string, name: string): void;
  /** The watch has seen everything up to now. */
  inStep(): void;
  /** The API server could not be asked, or ended the watch with an error; it is tried again. */
  lost(problem: string): void;
}

/** The cluster's API, watched. Each runs until the signal, through every failure. */
export interface Watcher {
  /** Pods of that node. */
  pods(node: string, sink: Sink<Pod>, signal: AbortSignal): Promise<void>;
  /** NetworkAttachmentDefinitions of all namespaces; a cluster that does not know the kind has none. */
  networks(sink: Sink<NetworkDefinition>, signal: AbortSignal): Promise<void>;
}

/** The snapshot on this node's disk. */
export interface SnapshotStore {
  /** What an earlier agent left; `undefined` when there is none that can be used. */
  find(): Content | undefined;
  /** On disk, whole, before it returns. IoFailed. */
  save(content: Content): void;
  /** Says that it is right now. IoFailed. */
  confirm(now: Date): void;
}
