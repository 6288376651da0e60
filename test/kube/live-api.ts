/** An API server whose objects change: get, list in pages and watch, as kube-apiserver answers them. Listens on loopback. */
import type { Json } from '../../src/json';
import { status, write } from './api-server';
import type { Certificates } from './certificates';

interface Stored {
  readonly path: string; // of the collection, without its namespace
  readonly object: Json;
  readonly node: string | undefined;
}

interface Event {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stored: Stored;
}

const networksPath = '/apis/k8s.cni.cncf.io/v1/network-attachment-definitions';
const podsPath = '/api/v1/pods';

/** Starts it; a port of its own, or the one given. `tell` hears of each pod or Event that somebody wrote. */
export function serveLive(
  { server }: Pick<Certificates, 'server'>,
  port = 0,
  tell: (path: string, object: Json) => void = () => {},
) {
  const objects = new Map<string, Stored>();
  const events: Event[] = [];
  const watchers = new Set<{ send(event: Event): void; end(): void }>();
  const seen: { readonly path: string; readonly accept: string | null }[] = [];
  const tokens = new Set(['good']);
  const posted: Record<string, Json> = {};
  let version = 100;
  let compacted = 0; // events up to here are forgotten
  let knowsNetworks = true;
  let endsAtOnce = false;

  const change = (type: Event['type'], key: string, path: string, object: Json, node?: string): void => {
    version += 1;
    const metadata = { ...(object.metadata as Json), resourceVersion: String(version) };
    const stored = { path, node, object: { ...object, metadata } };
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, stored);
    const event = { version, type, stored };
    events.push(event);
    for (const watcher of watchers) watcher.send(event);
  };
  const put = (path: string, object: Json, node?: string): void => {
    const { namespace, name } = object.metadata as { namespace: string; name: string };
    const key = `${path} ${namespace}/${name}`;
    change(objects.has(key) ? 'MODIFIED' : 'ADDED', key, path, object, node);
  };
  const drop = (path: string, namespace: string, name: string): void => {
    const key = `${path} ${namespace}/${name}`;
    const stored = objects.get(key);
    if (stored !== undefined) change('DELETED', key, path, stored.object, stored.node);
  };

  const running = Bun.serve({
    port,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    tls: { cert: server.cert, key: server.key },
    async fetch(request) {
      const { pathname: path, searchParams: query } = new URL(request.url);
      seen.push({ path: `${path}${new URL(request.url).search}`, accept: request.headers.get('accept') });
      const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
      if (!tokens.has(token)) return status(401, 'Unauthorized', 'Unauthorized');
      if (request.method !== 'GET') return written(request, path, await request.text());
      const accept = request.headers.get('accept') ?? '';
      if (path === podsPath || path === networksPath) return collection(path, query, accept);
      const [, group, namespace, kind, name] = /^(.*)\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
      const stored = objects.get(`${group}/${kind} ${namespace}/${name}`);
      return stored === undefined ? status(404, 'NotFound', `${path} not found`) : Response.json(stored.object);
    },
  });

  /** Of a pod, or an Event; whoever watches pods is told. */
  function written(request: Request, path: string, body: string): Response {
    const place = path.replace(/\/status$/, '');
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(place) ?? [];
    const stored = objects.get(`${podsPath} ${namespace}/${name}`);
    const before: Readonly<Record<string, Json>> = {
      ...posted,
      ...(stored !== undefined && { [place]: stored.object }),
    };
    const all = { ...before };
    const response = write(all, request, body);
    const pod = all[place];
    if (stored !== undefined && pod !== undefined) put(podsPath, pod, stored.node);
    else Object.assign(posted, all);
    if (response.ok) for (const [at, object] of Object.entries(all)) if (object !== before[at]) tell(at, object);
    return response;
  }

  /** The form of objects that is asked for first, as the server takes it. */
  const formOf = (accept: string): string | undefined => /as=(\w+)/.exec(accept)?.[1];

  function collection(path: string, query: URLSearchParams, accept: string): Response {
    if (path === networksPath && !knowsNetworks) return status(404, 'NotFound', 'the server could not find it');
    const node = /^spec\.nodeName=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1];
    const chosen = (one: Stored): boolean => one.path === path && (node === undefined || one.node === node);
    if (query.get('watch') === 'true') return watch(Number(query.get('resourceVersion')), chosen, formOf(accept));
    if (formOf(accept) === 'PartialObjectMetadata')
      return status(500, 'InternalError', 'the requested object is a list');
    const all = [...objects.values()].filter(chosen).map(({ object }) => object);
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length);
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    const metadata = { resourceVersion: String(version), ...more };
    return Response.json({ kind: 'List', apiVersion: 'v1', metadata, items: all.slice(from, from + limit) });
  }

  /** In the form of lists no event can be written: the watch ends there, without a word. */
  function watch(from: number, chosen: (one: Stored) => boolean, form: string | undefined): Response {
    const line = (type: string, object: Json) => `${JSON.stringify({ type, object })}\n`;
    let watcher: { send(event: Event): void; end(): void };
    let isOver = false;
    const body = new ReadableStream<string>({
      start(controller) {
        const send = ({ type, stored }: Event): void => {
          if (!chosen(stored)) return;
          if (form === 'PartialObjectMetadataList') end();
          else controller.enqueue(line(type, stored.object));
        };
        const end = (): void => {
          if (isOver) return;
          isOver = true;
          watchers.delete(watcher);
          controller.close();
        };
        watcher = { send, end };
        if (from < compacted) {
          controller.enqueue(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }));
          return controller.close();
        }
        for (const event of events) if (event.version > from) send(event);
        if (isOver) return;
        if (!endsAtOnce)
          controller.enqueue(line('BOOKMARK', { kind: 'x', metadata: { resourceVersion: String(version) } }));
        watchers.add(watcher);
        if (endsAtOnce) end();
      },
      cancel: () => void watchers.delete(watcher),
    });
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  }

  return {
    url: `https://127.0.0.1:${running.port}`,
    port: running.port ?? 0,
    seen,
    tokens,
    putPod: (object: Json, node: string) => put(podsPath, object, node),
    putNetwork: (object: Json) => put(networksPath, object),
    dropPod: (name: string) => drop(podsPath, 'default', name),
    dropNetwork: (name: string) => drop(networksPath, 'default', name),
    /** Forgets what has happened up to now, as a compaction of etcd does. */
    compact() {
      compacted = version;
    },
    /** Ends all watches, as an API server does now and then. */
    endWatches() {
      for (const { end } of [...watchers]) end();
    },
    /** Ends each watch that comes, before it tells anything. */
    endAtOnce(does: boolean) {
      endsAtOnce = does;
    },
    watches: () => watchers.size,
    setKnowsNetworks(known: boolean) {
      knowsNetworks = known;
    },
    stop: () => running.stop(true),
  };
}
