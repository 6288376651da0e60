/** An API server with the pods and network definitions of the benchmark: get, list, watch, and status that is taken and forgotten. Listens on loopback. */
import { makeCertificates } from '../kube/certificates';

type Thing = Readonly<Record<string, unknown>> & {
  readonly metadata: { readonly namespace: string; readonly name: string };
};

/** What the server has. */
export interface Content {
  readonly pods: readonly Thing[];
  readonly networks: readonly Thing[];
}

/** Where it is, and how to get in. */
export interface Api {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
  /** Tells every watch that the pod was changed, and what its annotations are now. */
  change(name: string, annotations: Readonly<Record<string, string>>): void;
  stop(): void;
}

/** Who watches, and what. */
interface Watcher {
  readonly kind: string;
  send(event: object): void;
}

const version = '1'; // resourceVersion of everything

/** Starts it; any bearer token will do. */
export function serveContent({ pods, networks }: Content): Api {
  const { ca, server } = makeCertificates();
  const lists: Readonly<
    Record<string, { readonly kind: string; readonly apiVersion: string; readonly items: readonly Thing[] }>
  > = {
    pods: { kind: 'Pod', apiVersion: 'v1', items: pods },
    'network-attachment-definitions': {
      kind: 'NetworkAttachmentDefinition',
      apiVersion: 'k8s.cni.cncf.io/v1',
      items: networks,
    },
  };
  const watchers = new Set<Watcher>();
  const running = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 255,
    tls: { cert: server.cert, key: server.key },
    fetch(request) {
      const url = new URL(request.url);
      const parts = url.pathname.split('/').filter((part) => part !== 'status');
      const type = parts.findLast((part) => part in lists);
      if (type === undefined) return Response.json({ kind: 'Status', status: 'Success' }); // events and the like
      const { kind, apiVersion, items } = lists[type] as (typeof lists)[string];
      const last = parts.at(-1);
      if (last !== type) {
        const namespace = parts[parts.indexOf('namespaces') + 1];
        const found = items.find(({ metadata }) => metadata.name === last && metadata.namespace === namespace);
        return found === undefined
          ? Response.json({ kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 }, { status: 404 })
          : Response.json(found);
      }
      if (!url.searchParams.has('watch'))
        return Response.json({ kind: `${kind}List`, apiVersion, metadata: { resourceVersion: version }, items });
      return watch(url.searchParams.get('sendInitialEvents') === 'true' ? items : [], { kind, apiVersion }, watchers);
    },
  });
  return {
    port: running.port as number,
    ca,
    token: 'bench',
    change(name, annotations) {
      const pod = pods.find(({ metadata }) => metadata.name === name);
      const object = { ...pod, metadata: { ...pod?.metadata, resourceVersion: version, annotations } };
      for (const { kind, send } of watchers) if (kind === 'Pod') send({ type: 'MODIFIED', object });
    },
    stop: () => void running.stop(true),
  };
}

/** The things, the bookmark that ends them, and then what is sent to the watcher, as long as the caller listens. */
function watch(
  items: readonly Thing[],
  type: { readonly kind: string; readonly apiVersion: string },
  watchers: Set<Watcher>,
): Response {
  const bookmark = {
    ...type,
    metadata: { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } },
  };
  const events = [...items.map((object) => ({ type: 'ADDED', object })), { type: 'BOOKMARK', object: bookmark }];
  let watcher: Watcher;
  const body = new ReadableStream({
    start(controller) {
      watcher = { kind: type.kind, send: (event) => controller.enqueue(`${JSON.stringify(event)}\n`) };
      watchers.add(watcher);
      events.forEach(watcher.send);
    },
    cancel: () => void watchers.delete(watcher),
  });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}
