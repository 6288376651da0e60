/** An API server that answers as kube-apiserver does, as far as Braid asks: bearer tokens, Status objects, GET, POST, merge patches. Listens on loopback. */
import { isRecord, type Json } from '../../src/json';
import type { Certificates } from './certificates';

/** What the server has, and who may read it. */
export interface ApiOptions {
  /** Objects by path. */
  readonly objects?: Readonly<Record<string, Json>>;
  /** Tokens that may read everything. */
  readonly tokens?: readonly string[];
  /** Tokens that may read, and write nothing. */
  readonly readers?: readonly string[];
  /** Tokens of accounts without rights. */
  readonly powerless?: readonly string[];
  /** Answers in place of the first ones, in order. */
  readonly first?: readonly (() => Response | Promise<Response>)[];
  readonly hostname?: string;
}

/** One request as it came. */
export interface Seen {
  readonly method: string;
  readonly query?: string;
  readonly path: string;
  readonly authorization: string | null;
  /** The body of a PATCH. */
  readonly patch?: string;
}

/** Starts it; `stop` ends it with its connections. */
export function serveApi(
  { server }: Certificates,
  options: ApiOptions = {},
  tell = (_path: string, _posted?: string): void => {},
) {
  const { tokens = ['good'], readers = [], powerless = [], first = [], hostname = '127.0.0.1' } = options;
  const objects: Record<string, Json> = structuredClone({ ...options.objects });
  const seen: Seen[] = [];
  const allowed = new Set(tokens);
  const running = Bun.serve({
    port: 0,
    hostname,
    tls: { cert: server.cert, key: server.key },
    async fetch(request) {
      const { method } = request;
      const { pathname: path, search } = new URL(request.url);
      const query = search === '' ? {} : { query: search.slice(1) };
      const authorization = request.headers.get('authorization');
      const body = method === 'GET' ? '' : await request.text();
      const patch = method === 'PATCH' ? { patch: body } : {};
      tell(path, method === 'POST' ? body : undefined);
      const special = first[seen.push({ method, path, authorization, ...query, ...patch }) - 1];
      if (special !== undefined) return special();
      const token = authorization?.replace(/^Bearer /, '') ?? '';
      if (powerless.includes(token) || (readers.includes(token) && method !== 'GET'))
        return status(403, 'Forbidden', `User "nobody" cannot ${method} resource at ${path}`);
      if (!allowed.has(token) && !readers.includes(token)) return status(401, 'Unauthorized', 'Unauthorized');
      if (method !== 'GET') return write(objects, request, body);
      const object = objects[path];
      return object === undefined ? status(404, 'NotFound', `${path} not found`) : Response.json(object);
    },
  });
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const stop = () => running.stop(true);
  return { url: `https://${host}:${running.port}`, port: running.port, seen, allowed, objects, stop };
}

/** What a POST or PATCH makes of the objects, which are by path. */
export function write(objects: Record<string, Json>, { method, url, headers }: Request, body: string): Response {
  const path = new URL(url).pathname;
  if (method === 'POST') return create(objects, path, JSON.parse(body));
  return method === 'PATCH' && headers.get('content-type') === 'application/merge-patch+json'
    ? change(objects, path, JSON.parse(body) as Json)
    : status(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
}

/** A new object in the list at that path. */
function create(objects: Record<string, Json>, path: string, object: unknown): Response {
  const namespace = path.split('/').at(-2);
  const { name, namespace: own } = metadataOf(object);
  if (namespace === 'ending')
    return status(403, 'Forbidden', 'being terminated', {}, [{ reason: 'NamespaceTerminating' }]);
  const { involvedObject } = object as { involvedObject?: Json };
  if (typeof name !== 'string' || own !== namespace || involvedObject?.namespace !== namespace)
    return status(422, 'Invalid', 'does not match event.namespace');
  if (objects[`${path}/${name}`] !== undefined) return status(409, 'AlreadyExists', `events "${name}" already exists`);
  const made = {
    ...(object as Json),
    metadata: { ...metadataOf(object), uid: `uid-of-${name}`, resourceVersion: '1' },
  };
  objects[`${path}/${name}`] = made;
  return Response.json(made, { status: 201 });
}

/** RFC 7386, with what the API server never lets change; `status` of a pod is a way to its annotations, too. */
function change(objects: Record<string, Json>, path: string, patch: Json): Response {
  const place = path.replace(/(\/pods\/[^/]+)\/status$/, '$1');
  const old = objects[place];
  if (old === undefined) return status(404, 'NotFound', `${path} not found`);
  const { uid, resourceVersion } = metadataOf(patch);
  const now = metadataOf(old);
  if (uid !== undefined && uid !== now.uid)
    return status(409, 'Conflict', `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${now.uid}`);
  if (resourceVersion !== undefined && resourceVersion !== now.resourceVersion)
    return status(409, 'Conflict', 'the object has been modified');
  const merged = merge(old, patch) as Json;
  const changed = JSON.stringify(merged) !== JSON.stringify(old);
  const version = String(Number(now.resourceVersion ?? '1') + (changed ? 1 : 0));
  objects[place] = { ...merged, metadata: { ...metadataOf(merged), resourceVersion: version } };
  return Response.json(objects[place]);
}

function merge(old: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change;
  const base = isRecord(old) ? old : {};
  const merged = Object.entries({ ...base, ...change }).map(([key]) => [
    key,
    key in change ? merge(base[key], change[key]) : base[key],
  ]);
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

const metadataOf = (object: unknown): Json => (isRecord(object) && isRecord(object.metadata) ? object.metadata : {});

/** An error as the API server words it. */
export function status(
  code: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  causes: readonly Json[] = [],
) {
  return Response.json(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code, details: { causes } },
    { status: code, headers },
  );
}

/** A pod as the API has it. */
export const podObject = (name: string, uid: string, annotations: Readonly<Record<string, string>>): Json => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default', uid, annotations },
  spec: {},
});

/** A NetworkAttachmentDefinition as the API has it. */
export const networkObject = (
  name: string,
  config: unknown,
  annotations: Readonly<Record<string, string>> = {},
): Json => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace: 'default', annotations },
  spec: { config },
});

export const podPath = (name: string): string => `/api/v1/namespaces/default/pods/${name}`;
export const networkPath = (name: string): string =>
  `/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/${name}`;
