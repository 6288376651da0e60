/** Whom a call believes about the cluster: the node's view, or the API. Asks them. */
import type { Log, Pod } from '../attach/ports';
import { toCniError } from '../error';
import type { ClusterReader } from '../kube/cluster';
import type { Patience } from '../kube/patience';
import { isSamePod } from '../kube/pod';
import type { Found, NodeView } from './node-view';

/** For what an old answer is there for: an API server that is away is not waited for. */
export const briefPatience: Patience = { request: 1000, total: 1000, pause: 100 };

/** The API of a cluster, and the same for when it is not to be waited for. */
export interface Api {
  readonly usual: ClusterReader | undefined;
  readonly brief: ClusterReader | undefined;
}

/**
 * The node's view first, then the API. What the agent confirmed is used at once; what it has not confirmed for a while
 * only when the API server cannot be asked. Errors are the API's.
 */
export function viewThenApi(view: NodeView, { usual, brief }: Api, log: Log): ClusterReader {
  const decide = async <T>(found: Found<T> | undefined, ask: (api: ClusterReader) => Promise<T | undefined>) => {
    if (found === undefined) return usual === undefined ? undefined : await ask(usual);
    if (!found.stale) return found.value;
    try {
      if (brief !== undefined) return await ask(brief);
    } catch (error) {
      log.warn({ problem: toCniError(error).problem }, 'uses the snapshot of a node agent that is away');
    }
    return found.value;
  };
  return {
    async findPod(namespace, name, uid) {
      const found = await view.findPod(namespace, name);
      const usable = found !== undefined && isThatPod(found, uid) ? found : undefined;
      return decide(usable, (api) => api.findPod(namespace, name, uid));
    },
    findNetwork: async (...network) => decide(await view.findNetwork(...network), (api) => api.findNetwork(...network)),
    isBehind: async () => usual === undefined && view.isBehind(),
  };
}

/** Without the runtime's uid a pod of the past cannot be told from one of now. */
function isThatPod({ value, from }: Found<Pod>, uid: string | undefined): boolean {
  if (uid === undefined) return from === 'agent';
  return isSamePod(value, uid);
}
