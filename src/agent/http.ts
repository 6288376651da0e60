/** /healthz, /readyz and /metrics over HTTP. Listens on a loopback address or a unix socket. */
import { rmSync } from 'node:fs';
import { fail } from '../error';

/** What is answered; text: why not. */
export interface Pages {
  healthy(): Promise<string | undefined>;
  ready(): Promise<string | undefined>;
  metrics(): Promise<string>;
}

/** Where it listens. */
export type Listen = { readonly hostname: string; readonly port: number } | { readonly unix: string };

/** `127.0.0.1:9808`, `[::1]:9808`, `unix:/run/braid.sock`, or `off`. ConfigInvalid for what others could reach. */
export function parseListen(text: string): Listen | undefined {
  if (text === 'off' || text === '') return undefined;
  if (text.startsWith('unix:/')) return { unix: text.slice('unix:'.length) };
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text) ?? [];
  const hostname = host.replace(/^\[(.*)\]$/, '$1');
  if (/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(hostname) && Number(port) <= 65535)
    return { hostname, port: Number(port) };
  return fail(
    'ConfigInvalid',
    `Cannot listen on ${JSON.stringify(text.slice(0, 60))}: need a loopback address with a port, unix:/PATH, or off`,
  );
}

/** Starts; `url` tells the port that was taken for port 0. */
export function servePages(listen: Listen, pages: Pages): { readonly url: string; stop(): void } {
  const fetch = (request: Request): Promise<Response> => answer(new URL(request.url).pathname, pages);
  if ('unix' in listen) rmSync(listen.unix, { force: true }); // of an agent that was killed
  const running =
    'unix' in listen
      ? Bun.serve({ unix: listen.unix, fetch })
      : Bun.serve({ hostname: listen.hostname, port: listen.port, fetch });
  return {
    url: String(running.url),
    stop() {
      void running.stop(true);
      if ('unix' in listen) rmSync(listen.unix, { force: true });
    },
  };
}

async function answer(path: string, pages: Pages): Promise<Response> {
  if (path === '/metrics')
    return new Response(await pages.metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4' } });
  if (path !== '/healthz' && path !== '/readyz')
    return new Response('need /healthz, /readyz or /metrics\n', { status: 404 });
  const problem = await (path === '/healthz' ? pages.healthy() : pages.ready());
  return problem === undefined ? new Response('ok\n') : new Response(`${problem}\n`, { status: 503 });
}
