/** An API server that answers as kube-apiserver does, as far as GET goes: bearer tokens and Status objects. Listens on loopback. */
import type { Json } from '../../src/json';
import type { Certificates } from './certificates';

/** What the server has, and who may read it. */
export interface ApiOptions {
  /** Objects by path. */
  readonly objects?: Readonly<Record<string, Json>>;
  /** Tokens that may read everything. */
  readonly tokens?: readonly string[];
  /** Tokens of accounts without rights. */
  readonly powerless?: readonly string[];
  /** Answers in place of the first ones, in order. */
  readonly first?: readonly (() => Response | Promise<Response>)[];
  readonly hostname?: string;
}

/** One request as it came. */
export interface Seen {
  readonly path: string;
  readonly authorization: string | null;
  /** The body of a PATCH. */
  readonly patch?: string;
}

/** Starts it; `stop` ends it with its connections. */
export function serveApi({ server }: Certificates, options: ApiOptions = {}, tell = (_path: string): void => {}) {
  const { objects = {}, tokens = ['good'], powerless = [], first = [], hostname = '127.0.0.1' } = options;
  const seen: Seen[] = [];
  const allowed = new Set(tokens);
  const running = Bun.serve({
    port: 0,
    hostname,
    tls: { cert: server.cert, key: server.key },
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const authorization = request.headers.get('authorization');
      const patch = request.method === 'PATCH' ? { patch: await request.text() } : {};
      tell(path);
      const special = first[seen.push({ path, authorization, ...patch }) - 1];
      if (special !== undefined) return special();
      const token = authorization?.replace(/^Bearer /, '') ?? '';
      if (powerless.includes(token)) return status(403, 'Forbidden', `User "nobody" cannot get resource at ${path}`);
      if (!allowed.has(token)) return status(401, 'Unauthorized', 'Unauthorized');
      const object = objects[path];
      return object === undefined ? status(404, 'NotFound', `${path} not found`) : Response.json(object);
    },
  });
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return { url: `https://${host}:${running.port}`, port: running.port, seen, allowed, stop: () => running.stop(true) };
}

/** An error as the API server words it. */
export function status(code: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}) {
  return Response.json(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
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
