/** One unary gRPC call over a unix socket, as kubelet's local APIs have them. Uses that socket. */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

/** How a call ended: with the message, or with gRPC's status code and its text. `status` -1: nobody answered as gRPC does. */
export type Reply = { readonly message: Buffer } | { readonly status: number; readonly problem: string };

/** The answer to one message at `/<service>/<method>`, of at most `most` bytes, within that many milliseconds. Never throws. */
export function callUnary(
  socketPath: string,
  path: string,
  message: Buffer,
  { milliseconds, most }: { readonly milliseconds: number; readonly most: number },
): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const socket = connect(socketPath);
  const session = connectHttp2('http://localhost', { createConnection: () => socket });
  const broken = (problem: string): void => resolve({ status: -1, problem });
  const timer = setTimeout(() => broken(`no answer within ${milliseconds} ms`), milliseconds);
  socket.on('error', ({ message: text }) => broken(text));
  session.on('error', ({ message: text }) => broken(text));
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  const chunks: Buffer[] = [];
  let length = 0;
  let ended: Record<string, unknown> = {};
  stream.on('response', (got) => {
    ended = { ...got };
  });
  stream.on('trailers', (got) => {
    ended = { ...ended, ...got };
  });
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) broken(`it answers with more than ${most} bytes`);
  });
  stream.on('error', ({ message: text }) => broken(text));
  stream.on('close', () => resolve(toReply(ended, Buffer.concat(chunks, length))));
  stream.end(framed(message));
  return promise.finally(() => {
    clearTimeout(timer);
    session.destroy();
    socket.destroy();
  });
}

/** A message as gRPC frames it: not compressed, its length in bytes. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function toReply(ended: Readonly<Record<string, unknown>>, body: Buffer): Reply {
  const status = Number(ended['grpc-status'] ?? -1);
  if (status !== 0) {
    const text = String(ended['grpc-message'] ?? `HTTP ${ended[':status'] ?? 'without an answer'}`);
    return { status, problem: decoded(text) };
  }
  const whole = body.length >= 5 && body[0] === 0 && body.readUInt32BE(1) === body.length - 5;
  return whole ? { message: body.subarray(5) } : { status: -1, problem: 'its answer is compressed or cut off' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
