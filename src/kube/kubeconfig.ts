/** From a kubeconfig's text, YAML or JSON, to the access of its current context. Errors never hold a value that may be secret. Pure. */
import { posix } from 'node:path';
import { fail } from '../error';
import { type Fields, isRecord, record } from '../json';
import type { Access, Held } from './access';

/** What a user may not have: programs are not run, and the rest would be asked as somebody else than the file says. */
const refused = ['exec', 'auth-provider', 'username', 'password', 'as', 'as-uid', 'as-groups', 'as-user-extra'];

/**
 * The cluster and the user of `current-context`; relative paths count from the file's directory, as in client-go.
 * @throws CniError KubeconfigInvalid naming the file, the section and the key.
 */
export async function parseKubeconfig(text: string, path: string): Promise<Access> {
  const file = `kubeconfig ${path}`;
  const top = section(await parseText(text, file), 'the file', file);
  const current = word(top, 'current-context', file);
  if (current === undefined) return fail('KubeconfigInvalid', `Cannot use ${file}: need "current-context"`);
  const context = named(top, 'context', current, file);
  const inContext = `context "${current}" in ${file}`;
  const clusterName = word(context, 'cluster', inContext);
  if (clusterName === undefined) return fail('KubeconfigInvalid', `Cannot use ${inContext}: need "cluster"`);
  const userName = word(context, 'user', inContext);
  const cluster = named(top, 'cluster', clusterName, file);
  const user = userName === undefined ? {} : named(top, 'user', userName, file);
  const place = { directory: posix.dirname(path), file };
  return {
    ...server(cluster, { ...place, in: `cluster "${clusterName}" in ${file}` }),
    ...credential(user, { ...place, in: `user "${userName}" in ${file}` }),
  };
}

/** Where a section stands. */
interface Place {
  readonly directory: string;
  readonly in: string;
}

function server(cluster: Fields, place: Place): Pick<Access, 'server' | 'serverName' | 'insecure' | 'proxy' | 'ca'> {
  const insecure = cluster['insecure-skip-tls-verify'] ?? false;
  const ca = held(cluster, 'certificate-authority', place);
  if (typeof insecure !== 'boolean')
    return fail(
      'KubeconfigInvalid',
      `Cannot use insecure-skip-tls-verify of ${place.in}: need true or false without quotes`,
    );
  if (insecure && ca !== undefined)
    return fail(
      'KubeconfigInvalid',
      `Cannot use ${place.in}: insecure-skip-tls-verify and certificate-authority contradict each other`,
    );
  return {
    server: serverUrl(word(cluster, 'server', place.in), place),
    serverName: word(cluster, 'tls-server-name', place.in),
    insecure,
    proxy: word(cluster, 'proxy-url', place.in),
    ca,
  };
}

/** https, since a token goes with it; http for a proxy on this node (`kubectl proxy`). Without a scheme it is https. */
function serverUrl(text: string | undefined, place: Place): string {
  const needs = 'need a URL like https://10.0.0.1:6443';
  if (text === undefined) return fail('KubeconfigInvalid', `Cannot use ${place.in}: server is missing, ${needs}`);
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return fail('KubeconfigInvalid', `Cannot use server of ${place.in}: ${needs}`);
  const here = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && here))
    return fail('KubeconfigInvalid', `Cannot use ${text} as server of ${place.in}: need https`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function credential(user: Fields, place: Place): Pick<Access, 'certificate' | 'key' | 'token'> {
  for (const key of refused) {
    if (user[key] === undefined || user[key] === '') continue;
    return fail(
      'KubeconfigInvalid',
      `Cannot use ${key} of ${place.in}: Braid takes "token", "tokenFile" or a client certificate only`,
    );
  }
  const certificate = held(user, 'client-certificate', place);
  const key = held(user, 'client-key', place);
  if ((certificate === undefined) !== (key === undefined))
    return fail(
      'KubeconfigInvalid',
      `Cannot use ${place.in}: client-certificate and client-key need each other, ${key === undefined ? 'client-key' : 'client-certificate'} is missing`,
    );
  return { certificate, key, token: token(user, place) };
}

/** The file wins, as in client-go: it is the one that is renewed. */
function token(user: Fields, place: Place): Held | undefined {
  const path = word(user, 'tokenFile', place.in);
  if (path !== undefined)
    return { path: posix.resolve(place.directory, path), says: `tokenFile ${path} of ${place.in}` };
  const text = word(user, 'token', place.in);
  return text === undefined ? undefined : { text, says: `the token of ${place.in}` };
}

/** A PEM text: `<key>-data` in base64 wins over the file `<key>`. */
function held(fields: Fields, key: string, place: Place): Held | undefined {
  const data = word(fields, `${key}-data`, place.in);
  if (data !== undefined) {
    const says = `${key}-data of ${place.in}`;
    const text = Buffer.from(data, 'base64').toString('latin1');
    return text.includes('-----BEGIN ')
      ? { text, says }
      : fail('KubeconfigInvalid', `Cannot use ${says}: need PEM text in base64`);
  }
  const path = word(fields, key, place.in);
  return path === undefined
    ? undefined
    : { path: posix.resolve(place.directory, path), says: `${key} ${path} of ${place.in}` };
}

/** The entry of that name in `clusters`, `contexts` or `users`. */
function named(top: Fields, kind: 'cluster' | 'context' | 'user', name: string, file: string): Fields {
  const all = top[`${kind}s`] ?? [];
  if (!Array.isArray(all)) return fail('KubeconfigInvalid', `Cannot use ${kind}s of ${file}: need a list`);
  const found = all.find((each) => isRecord(each) && each.name === name) as Fields | undefined;
  if (found === undefined) return fail('KubeconfigInvalid', `Cannot use ${file}: it has no ${kind} "${name}"`);
  return section(found[kind] ?? {}, `${kind} "${name}"`, file);
}

function section(value: unknown, name: string, file: string): Fields {
  return isRecord(value) ? record(value) : fail('KubeconfigInvalid', `Cannot use ${file}: ${name} must be an object`);
}

/** A text; empty and absent are the same. */
function word(fields: Fields, key: string, where: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : fail('KubeconfigInvalid', `Cannot use ${key} of ${where}: need text`);
}

async function parseText(text: string, file: string): Promise<unknown> {
  try {
    return Bun.YAML.parse(text); // JSON, too
  } catch {
    return fail('KubeconfigInvalid', `Cannot read ${file}: ${await mistake(text)}`); // no cause: parsers quote the text
  }
}

async function mistake(text: string): Promise<string> {
  const { parseDocument } = await import('yaml');
  const [first] = parseDocument(text).errors;
  const [{ line, col }] = first?.linePos ?? [{ line: 1, col: 1 }];
  return first === undefined ? 'neither YAML nor JSON' : `mistake at line ${line}, column ${col} (${first.code})`;
}
