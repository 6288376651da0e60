/** One object of the API server, read or written, with deadlines and retries. Uses the network. */
import type { Files, Log } from '../attach/ports';
import { CniError, fail } from '../error';
import type { Json } from '../json';
import { sleepUntil } from '../sleep';
import { type Access, type Credentials, identity, readCredentials } from './access';
import { type Outcome, outcomeOf, type Settled, tryLater, unexpected } from './answer';
import type { Patience } from './patience';
import { send } from './request';

/** Something to write: a merge patch (RFC 7386) of the object at that place, or a new object into that list. */
export interface Change {
  readonly method: 'PATCH' | 'POST';
  readonly parts: readonly string[];
  readonly body: Json;
}

type Query = Readonly<Record<string, string>>;

/** Reads and writes objects. */
export interface Client {
  /**
   * The object at `/<part>/<part>…`; `undefined` when the server has none (404). `what` names it in messages.
   * @throws CniError PodUnavailable when there was no usable answer in time; ClusterRefused on 401 and 403;
   * ClusterUntrusted when the server's certificate is not the one expected; KubeconfigInvalid.
   */
  get(parts: readonly string[], what: string, query?: Query): Promise<unknown>;
  /** What became of it; a write that was not answered is sent again. Throws as `get`, and PublishFailed when it is refused for what it says. */
  write(change: Change, what: string): Promise<Settled>;
}

/** A client for one call of a runtime: its time starts with the first request. */
export function createClient(access: Access, files: Files, patience: Patience, log: Log): Client {
  let end: number | undefined;
  const ask = async (parts: readonly string[], what: string, change?: Change, query: Query = {}): Promise<Settled> => {
    end ??= performance.now() + patience.total;
    const asked = new URLSearchParams(query).toString();
    const url = `${urlOf(access.server, parts)}${asked === '' ? '' : `?${asked}`}`;
    const doing = `Cannot ${change === undefined ? 'read' : 'write'} ${what} ${change === undefined ? 'from' : 'to'} ${access.server}`;
    if (performance.now() >= end) fail('PodUnavailable', `${doing}: no time is left, its answers are slow`);
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryOnce(url, access, files, patience, change);
      if (outcome.kind !== 'later' && outcome.kind !== 'final') return outcome;
      const { problem, reason, cause } = outcome;
      if (outcome.kind === 'final') return fail(reason, `${doing}: ${problem}`, { cause });
      const wait = outcome.after ?? pauseBefore(tries, patience.pause);
      const isLast = performance.now() + wait >= end || patience.ending?.aborted === true;
      if (isLast) return fail(reason, `${doing}: ${problem}; tries: ${tries}`, { cause });
      log.warn({ what, server: access.server, problem, tries, wait: Math.round(wait) }, 'API server asked again');
      await (patience.ending === undefined ? Bun.sleep(wait) : sleepUntil(wait, patience.ending));
    }
  };
  return {
    async get(parts, what, query) {
      const outcome = await ask(parts, what, undefined, query);
      return outcome.kind === 'found' ? outcome.value : undefined;
    },
    write: (change, what) => ask(change.parts, what, change),
  };
}

/** Names were validated where they were read; a path is put together here so that none of them could leave its place. */
export function urlOf(server: string, parts: readonly string[]): string {
  for (const part of parts)
    if (part === '' || part === '.' || part === '..')
      fail('EnvironmentInvalid', `Cannot ask the API server for a name like "${part}"`);
  return `${server}/${parts.map(encodeURIComponent).join('/')}`;
}

async function tryOnce(
  url: string,
  access: Access,
  files: Files,
  { request: milliseconds, ending }: Patience,
  change: Change | undefined,
): Promise<Outcome> {
  const credentials = await readCredentials(access, files);
  const { token } = credentials;
  const method = change?.method;
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : method && 'application/json';
  try {
    const limit = AbortSignal.timeout(milliseconds);
    const signal = ending === undefined ? limit : AbortSignal.any([limit, ending]);
    const sent = {
      accept: 'application/json',
      signal,
      method,
      contentType,
      body: change && JSON.stringify(change.body),
    };
    const response = await send(url, access, credentials, sent);
    const text = await readBody(response);
    if (text === undefined) return unexpected(`it answers with more than ${longestAnswer} bytes`);
    const shown = token === undefined ? text : text.replaceAll(token, '…');
    return outcomeOf(response, shown, identity(access), method);
  } catch (cause) {
    if (cause instanceof CniError) throw cause;
    if (ending?.aborted === true) return tryLater('Braid ended before it was answered', cause);
    return await connectionOutcome(cause, access, credentials, milliseconds);
  }
}

/** What a failing connection means; fetch gives its kind as `code` or `name`. */
export async function connectionOutcome(
  cause: unknown,
  access: Access,
  pems: Omit<Credentials, 'token'>,
  milliseconds: number,
): Promise<Outcome> {
  const { code, name, message } = cause as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError')
    return tryLater(`no answer within ${Math.round(milliseconds)} ms`, cause);
  if (code !== undefined && untrusted.test(code)) {
    const by = access.ca === undefined ? 'a public authority' : access.ca.says;
    return {
      kind: 'final',
      reason: 'ClusterUntrusted',
      problem: `its certificate is not to be trusted (${code}), need one by ${by}`,
      cause,
    };
  }
  const unusable = code === 'FailedToOpenSocket' ? (await import('./pem')).unusablePem(pems, access) : undefined;
  if (unusable !== undefined) return { kind: 'final', reason: 'KubeconfigInvalid', problem: unusable, cause };
  return tryLater(code ?? message, cause);
}

/** OpenSSL's and Bun's names of what can be wrong with a certificate. */
const untrusted = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_|HOSTNAME)/;

/** An object has at most 1.5 MiB in etcd; more is no answer of an API server. */
const longestAnswer = 8 * 1024 * 1024;

/** `undefined` when it is longer. */
async function readBody(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) return undefined;
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

/** Doubled each time, less a random part: the pods of a node that boots do not ask at the same moments. */
export function pauseBefore(tries: number, pause: number): number {
  return Math.min(pause * 2 ** (tries - 1), 2000) * (0.5 + Math.random() / 2);
}
