/** Servers of one test, on loopback: an API server, and ones that do to a connection what they are told. */
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { type ApiOptions, serveApi } from './api-server';
import type { Certificates } from './certificates';

/** Stops with the test. */
export function apiServer(certificates: Certificates, options: ApiOptions = {}) {
  const server = serveApi(certificates, options);
  onTestFinished(server.stop);
  return server;
}

/** A TLS server whose connections `act` has for itself after the request came; `clientCa`: it wants a certificate of that authority. */
export async function rawServer(
  { server }: Certificates,
  act: (socket: Socket, peer: string | undefined) => void,
  clientCa?: string,
) {
  const sockets = new Set<Socket>();
  const wants = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const running = createTlsServer({ cert: server.cert, key: server.key, ...wants }, (socket) => {
    sockets.add(socket);
    const name = clientCa === undefined ? undefined : socket.getPeerCertificate().subject.CN;
    socket.on('error', () => undefined);
    socket.once('data', () => act(socket, typeof name === 'string' ? name : undefined));
  });
  return { url: `https://127.0.0.1:${await listening(running, sockets)}`, connections: () => sockets.size };
}

/** A TCP server that hands each connection over. */
export async function tcpServer(act: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const running = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    act(socket);
  });
  return listening(running, sockets);
}

async function listening(server: ReturnType<typeof createTcpServer>, sockets: ReadonlySet<Socket>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
