/** How the API server is reached, and as whom; texts that are secret or renewed are read when needed. Reads files through an edge. */
import type { Files } from '../attach/ports';
import { CniError, fail } from '../error';
import { parseKubeconfig } from './kubeconfig';

/** Where to look: a file, or the service account of the pod that this process runs in. */
export type AccessPlace =
  | { readonly kubeconfig: string }
  | { readonly host: string; readonly port: string; readonly directory: string };

/** A text, or the file that has it. `says` names it in messages, where its content never stands. */
export type Held = { readonly says: string } & ({ readonly text: string } | { readonly path: string });

/** What a kubeconfig or a service account says. */
export interface Access {
  /** URL without a slash at its end; it may have a path, as Rancher's. */
  readonly server: string;
  /** The name in the server's certificate, when it is not the URL's. */
  readonly serverName: string | undefined;
  readonly insecure: boolean;
  readonly proxy: string | undefined;
  readonly ca: Held | undefined; // undefined: the authorities that Bun brings
  readonly certificate: Held | undefined;
  readonly key: Held | undefined;
  readonly token: Held | undefined;
}

/** Everything a request needs, as it is now. */
export interface Credentials {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly token: string | undefined;
}

/** @throws CniError KubeconfigInvalid when there is no such file, or it cannot be used. */
export async function readAccess(place: AccessPlace, files: Files): Promise<Access> {
  if ('host' in place) return accountAccess(place.host, place.port, place.directory);
  const says = `kubeconfig ${place.kubeconfig}`;
  return parseKubeconfig(await readFile(place.kubeconfig, says, files), place.kubeconfig);
}

/** Reads what lies in files: kubelet and others renew tokens and certificates in place. */
export async function readCredentials(access: Access, files: Files): Promise<Credentials> {
  const read = async (held: Held | undefined): Promise<string | undefined> =>
    held === undefined || 'text' in held ? held?.text : readFile(held.path, held.says, files);
  return {
    ca: await read(access.ca),
    certificate: await read(access.certificate),
    key: await read(access.key),
    token: tokenOf(await read(access.token), access.token?.says ?? ''),
  };
}

/** As whom the server was asked, for messages. */
export function identity({ token, certificate }: Access): string {
  const names = [token, certificate].flatMap((held) => (held === undefined ? [] : [held.says]));
  return names.length === 0 ? 'no credential' : names.join(' and ');
}

/** As client-go's InClusterConfig. */
function accountAccess(host: string, port: string, directory: string): Access {
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    serverName: undefined,
    insecure: false,
    proxy: undefined,
    ca: { path: `${directory}/ca.crt`, says: `the service account's ${directory}/ca.crt` },
    certificate: undefined,
    key: undefined,
    token: { path: `${directory}/token`, says: `the service account's ${directory}/token` },
  };
}

/** A token stands in a header: what cannot stand there is refused here, by name only. */
function tokenOf(text: string | undefined, says: string): string | undefined {
  const token = text?.trim();
  if (token === undefined) return undefined;
  if (token === '') return fail('KubeconfigInvalid', `Cannot use ${says}: it is empty`);
  return /^[\x21-\x7e]+$/.test(token)
    ? token
    : fail('KubeconfigInvalid', `Cannot use ${says}: need one token, without blanks and special characters`);
}

async function readFile(path: string, says: string, files: Files): Promise<string> {
  try {
    const text = await files.readText(path);
    return text ?? fail('KubeconfigInvalid', `Cannot read ${says}: there is no such file`);
  } catch (error) {
    if (!(error instanceof CniError) || error.reason === 'KubeconfigInvalid') throw error;
    return fail('KubeconfigInvalid', `Cannot read ${says}: ${error.problem}`, { cause: error });
  }
}
