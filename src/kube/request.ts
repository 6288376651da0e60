/** One request to the API server with the access's certificates and token. Uses the network, through fetch. */
import type { Access, Credentials } from './access';

/** What is sent; without a method it is a GET. */
export interface Sent {
  readonly accept: string;
  readonly signal: AbortSignal;
  readonly method?: 'PATCH' | 'POST' | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}

/** The answer as it begins; the caller reads its body, under the same signal. Throws what fetch throws. */
export function send(
  url: string,
  access: Access,
  { ca, certificate, key, token }: Credentials,
  { accept, signal, method, contentType, body }: Sent,
): Promise<Response> {
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(access.serverName !== undefined && { serverName: access.serverName }),
    rejectUnauthorized: !access.insecure,
  };
  return fetch(url, {
    ...(method !== undefined && { method }),
    ...(body !== undefined && { body }),
    headers: {
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'braid',
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    redirect: 'manual', // nobody else gets the token
    signal,
    tls,
    ...(access.proxy !== undefined && { proxy: access.proxy }),
  });
}
