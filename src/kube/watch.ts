/**
 * Objects of one kind, listed and then watched, as client-go's reflector does. Uses the network.
 * Not by @kubernetes/client-node: it alone takes 70 to 92 MB of memory, and the agent as a whole may take 64 MiB.
 */
import type { Sink } from '../agent/ports';
import type { Files } from '../attach/ports';
import { CniError, toCniError } from '../error';
import { isRecord, type Json } from '../json';
import { sleepUntil } from '../sleep';
import { type Access, type AccessPlace, identity, readAccess, readCredentials } from './access';
import { type Outcome, outcomeOf } from './answer';
import { connectionOutcome, pauseBefore, urlOf } from './client';
import { linesOf } from './lines';
import { send } from './request';

/** How a watch waits, in milliseconds. */
export interface WatchPatience {
  /** One page of a list. */
  readonly list: number;
  /** Longest life of one watch; the next one goes on where it was. A connection that silently died is noticed then. */
  readonly watch: number;
  /** Before the second try; doubled for each further one, up to 2 s. */
  readonly pause: number;
  /** Before a kind that the cluster does not know is asked for again. */
  readonly missing: number;
}

export const usualWatch: WatchPatience = { list: 30_000, watch: 120_000, pause: 200, missing: 10_000 };

/** What is watched, and what is made of an object; `undefined`: nothing, and it was told to somebody else. */
export interface Kind<T> {
  readonly parts: readonly string[];
  /** What form of the objects is asked for. */
  readonly accept: { readonly list: string; readonly watch: string };
  readonly query: Readonly<Record<string, string>>;
  parse(namespace: string, name: string, object: Json): T | undefined;
}

const pageSize = 100; // objects: a page is in memory as a whole
const longestLine = 8 * 1024 * 1024; // bytes
const longestPage = 64 * 1024 * 1024;

/** Lists and watches until the signal, with the credentials that are in their files at that moment. Never throws. */
export async function watchAll<T>(
  kind: Kind<T>,
  { place, files, patience }: { place: AccessPlace; files: Files; patience: WatchPatience },
  sink: Sink<T>,
  signal: AbortSignal,
): Promise<void> {
  let version: string | undefined; // undefined: everything is to be listed
  for (let tries = 0; !signal.aborted; ) {
    try {
      const access = await readAccess(place, files);
      const server = new Server(access, files, kind, patience);
      version ??= await list(server, kind, sink, signal);
      if (version === undefined) {
        sink.inStep();
        await sleepUntil(patience.missing, signal); // the kind is not known
        continue;
      }
      const [since, from]: [number, string] = [performance.now(), version];
      version = await watch(server, kind, from, sink, signal);
      if (performance.now() - since < 1000) {
        tries = version === from ? tries + 1 : 0; // one that ends every watch before anything comes of it
        if (tries > 1) sink.lost('the API server ends each watch at once, before it tells anything');
        await sleepUntil(pauseBefore(Math.max(tries, 1), patience.pause), signal);
      } else tries = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Gone) {
        version = undefined;
        continue;
      }
      tries += 1;
      sink.lost(toCniError(error).problem);
      await sleepUntil(pauseBefore(tries, patience.pause), signal);
    }
  }
}

/** Everything, page by page; its version, or `undefined` when the cluster does not know the kind. */
async function list<T>(server: Server<T>, kind: Kind<T>, sink: Sink<T>, signal: AbortSignal) {
  const objects: T[] = [];
  let version: string | undefined;
  for (let next = ''; ; ) {
    const query = { limit: String(pageSize), ...(next !== '' && { continue: next }) };
    const outcome = await server.getList(query, signal);
    if (outcome.kind === 'missing') {
      sink.replace([]);
      return undefined;
    }
    if (outcome.kind !== 'found') throw failed(outcome);
    const page = isRecord(outcome.value) ? outcome.value : {};
    const metadata = isRecord(page.metadata) ? page.metadata : {};
    for (const item of Array.isArray(page.items) ? page.items : []) {
      const object = parse(item, kind);
      if (object?.value !== undefined) objects.push(object.value);
    }
    version = String(metadata.resourceVersion ?? '');
    next = typeof metadata.continue === 'string' ? metadata.continue : '';
    if (next === '') break;
  }
  sink.replace(objects);
  return version;
}

/** Changes since that version are not kept any more: it happens to everyone who was away for long. */
class Gone extends Error {}

/** Follows the changes until the server ends the watch; the version to go on from. Gone when everything is to be listed. */
async function watch<T>(
  server: Server<T>,
  kind: Kind<T>,
  from: string,
  sink: Sink<T>,
  signal: AbortSignal,
): Promise<string> {
  let version = from;
  const lines = await server.watch(from, signal);
  sink.inStep();
  for await (const line of lines) {
    const event: unknown = JSON.parse(line);
    const { type, object } = isRecord(event) ? event : {};
    if (type === 'ERROR') {
      if (isRecord(object) && object.code === 410) throw new Gone();
      throw new CniError('PodUnavailable', `the watch ended: ${JSON.stringify(object).slice(0, 200)}`);
    }
    const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
    if (typeof metadata.resourceVersion === 'string') version = metadata.resourceVersion;
    if (type === 'BOOKMARK') continue;
    const seen = parse(object, kind);
    if (seen === undefined) continue;
    if (type === 'DELETED' || seen.value === undefined) sink.delete(seen.namespace, seen.name);
    else sink.set(seen.value);
  }
  return version;
}

function parse<T>(object: unknown, kind: Kind<T>) {
  if (!isRecord(object) || !isRecord(object.metadata)) return undefined;
  const { namespace, name } = object.metadata;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return { namespace, name, value: kind.parse(namespace, name, object) };
}

/** The API server's requests of one kind. */
class Server<T> {
  constructor(
    readonly access: Access,
    readonly files: Files,
    readonly kind: Kind<T>,
    readonly patience: WatchPatience,
  ) {}

  async getList(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Outcome> {
    return this.#request('list', query, signal, async (response) => {
      const text = await textOf(response);
      return outcomeOf(response, text, identity(this.access));
    });
  }

  /** The lines of a watch that the server has begun. Aborting the signal ends it. */
  async watch(from: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const timeoutSeconds = String(Math.ceil(this.patience.watch / 1000));
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds };
    const begun = await this.#request('watch', query, signal, async (response) => {
      if (response.status === 200) return response;
      if (response.status === 410) throw new Gone();
      return outcomeOf(response, await textOf(response), identity(this.access));
    });
    if (!(begun instanceof Response)) throw failed(begun);
    return linesOf(begun.body ?? none(), longestLine);
  }

  async #request<R>(
    verb: 'list' | 'watch',
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    use: (response: Response) => Promise<R>,
  ): Promise<R | Outcome> {
    const { access, files, kind, patience } = this;
    const milliseconds = verb === 'list' ? patience.list : patience.watch + 10_000;
    const credentials = await readCredentials(access, files);
    const url = `${urlOf(access.server, kind.parts)}?${new URLSearchParams({ ...kind.query, ...query })}`;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
      return await use(await send(url, access, credentials, { accept: kind.accept[verb], signal: within }));
    } catch (cause) {
      if (cause instanceof CniError || cause instanceof Gone) throw cause;
      return await connectionOutcome(cause, access, credentials, milliseconds);
    }
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestPage) throw new CniError('PodUnavailable', `it answers with more than ${longestPage} bytes`);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function failed(outcome: Outcome): CniError {
  if (outcome.kind === 'found') return new CniError('PodUnavailable', 'its answer is not what was asked for');
  if (outcome.kind === 'missing') return new CniError('PodUnavailable', 'it does not know what is watched any more');
  if (outcome.kind === 'conflict') return new CniError('PodUnavailable', outcome.problem);
  return new CniError(outcome.reason, outcome.problem, { cause: outcome.cause });
}
