/** One request to the API server with the access's certificates and token. Uses the network, through fetch. */
import type { Access, Credentials } from './access';

/** What is asked: an object, or a change of it by JSON Patch. */
export interface Asked {
  readonly accept: string;
  readonly signal: AbortSignal;
  readonly patch?: string;
}

/** The answer as it begins; the caller reads its body, under the same signal. Throws what fetch throws. */
export function send(
  url: string,
  access: Access,
  { ca, certificate, key, token }: Credentials,
  { accept, signal, patch }: Asked,
): Promise<Response> {
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(access.serverName !== undefined && { serverName: access.serverName }),
    rejectUnauthorized: !access.insecure,
  };
  return fetch(url, {
    headers: {
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'braid',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(patch !== undefined && { 'content-type': 'application/json-patch+json' }),
    },
    ...(patch !== undefined && { method: 'PATCH', body: patch }),
    redirect: 'manual', // nobody else gets the token
    signal,
    tls,
    ...(access.proxy !== undefined && { proxy: access.proxy }),
  });
}
