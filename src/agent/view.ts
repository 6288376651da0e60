/** What the agent knows of the cluster: this node's pods and every network, as small as Braid needs them. Touches nothing. */
import type { NetworkDefinition, Pod } from '../attach/ports';
import { defaultNetworkAnnotation, networksAnnotation } from '../pod/networks';
import type { Answer, Question } from './protocol';
import type { Content } from './snapshot';

/** Whether Braid reads that annotation; others, some of them large, are not kept. */
const isRead = (key: string): boolean =>
  key === networksAnnotation ||
  key === defaultNetworkAnnotation ||
  key.startsWith('kubernetes.io/config.') || // a static pod's object has a uid of its own
  key.startsWith('braid.dev/');

/** Objects of one kind by their full name. */
export class Known<T extends { readonly namespace: string | undefined; readonly name: string }> {
  readonly #objects = new Map<string, T>();
  /** Counts changes. */
  revision = 0;

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  all(): Iterable<T> {
    return this.#objects.values();
  }

  set(object: T): void {
    this.#objects.set(`${object.namespace}/${object.name}`, object);
    this.revision += 1;
  }

  delete(namespace: string, name: string): void {
    if (this.#objects.delete(`${namespace}/${name}`)) this.revision += 1;
  }

  /** These, and no others any more. */
  replace(objects: readonly T[]): void {
    this.#objects.clear();
    for (const object of objects) this.set(object);
    this.revision += 1;
  }
}

/** Pods and networks. */
export class View {
  readonly pods = new Known<Pod>();
  readonly networks = new Known<NetworkDefinition>();

  /** Counts changes of either kind. */
  get revision(): number {
    return this.pods.revision + this.networks.revision;
  }

  content(): Content {
    return { pods: this.pods.all(), networks: this.networks.all() };
  }

  /** What is not here may be in the API all the same: a watch is some milliseconds behind, and one not in step any time. */
  answer(question: Question, inStep: boolean): Answer {
    const { namespace, name } = question;
    if (question.ask === 'network') {
      const network = this.networks.get(namespace, name);
      return network === undefined ? { says: 'unknown', behind: !inStep } : { says: 'known', network };
    }
    const pod = this.pods.get(namespace, name);
    return pod === undefined ? { says: 'unknown', behind: !inStep } : { says: 'known', pod };
  }
}

/** The pod with the annotations that Braid reads. */
export function slim(pod: Pod): Pod {
  const annotations = Object.entries(pod.annotations).filter(([key]) => isRead(key));
  return { ...pod, annotations: Object.fromEntries(annotations) };
}
