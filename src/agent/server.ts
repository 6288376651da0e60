/** The agent's socket: questions of this node's calls in, answers out. Touches that unix socket. */
import { chmodSync, mkdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Socket } from 'bun';
import type { Log, News } from '../attach/ports';
import { type Answer, type CallReport, longestLine, parseMessage, type Question, toLine } from './protocol';

/** Who is served, and how. */
export interface Service {
  answer(question: Question): Answer;
  report(call: CallReport): void;
  /** Which Braid the agent is. */
  readonly version: string;
  /** Sees to it that the cluster is told, and returns at once; without it the calls do that themselves. */
  take?(news: News): void;
  /** The user at the other end of the connection with that descriptor; `undefined` when nobody can tell. */
  peerUser(fd: number): number | undefined;
  /** Users that are answered: root. */
  readonly users: readonly number[];
}

/** Of one connection: what came so far, and what is still to be written. */
interface Connection {
  input: Buffer[];
  length: number;
  output: Buffer;
}

const most = 512; // connections at a time; a call has one for a fraction of a millisecond
const idle = 10; // seconds

/**
 * Listens at that path, mode 0600; what lies there from an agent that died is removed. One question a connection is
 * usual, several are allowed. Whoever is not one of the users, sends too much or nothing, is cut off.
 */
export function serveSocket(path: string, service: Service, log: Log): { stop(): void } {
  remove(path);
  let open = 0;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const listener = listen();
  chmodSync(path, 0o600); // whoever came in before that is not root, and cut off
  return {
    stop() {
      listener.stop(true);
      remove(path);
    },
  };

  function listen() {
    return Bun.listen<Connection>({
      unix: path,
      socket: {
        open(socket) {
          open += 1;
          socket.data = { input: [], length: 0, output: Buffer.alloc(0) };
          const user = service.peerUser((socket as unknown as { readonly fd: number }).fd);
          if (user === undefined || !service.users.includes(user)) {
            log.warn({ user }, 'refused somebody on the socket of the agent who is not root');
            socket.terminate();
          } else if (open > most) socket.terminate();
          else socket.timeout(idle);
        },
        data: (socket, bytes) => receive(socket, bytes, service, log),
        drain: flush,
        timeout: (socket) => socket.terminate(),
        close() {
          open -= 1;
        },
        error: (_, error) => log.debug({ error: error.message }, 'connection to the agent broke'),
      },
    });
  }
}

function receive(socket: Socket<Connection>, bytes: Buffer, service: Service, log: Log): void {
  const { data } = socket;
  let rest = Buffer.from(bytes); // the runtime uses its own buffer again
  for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
    const line = Buffer.concat([...data.input, rest.subarray(0, end)]).toString('utf8');
    data.input = [];
    data.length = 0;
    rest = rest.subarray(end + 1);
    const reply = replyTo(line, service, log);
    if (reply !== undefined) data.output = Buffer.concat([data.output, Buffer.from(toLine(reply))]);
  }
  data.input.push(rest);
  data.length += rest.length;
  if (data.length > longestLine) socket.terminate();
  else flush(socket);
}

/** `undefined`: a report, which wants none. */
function replyTo(line: string, service: Service, log: Log): Answer | undefined {
  const message = parseMessage(line);
  if (typeof message === 'string') {
    log.warn({ problem: message }, 'cannot understand a call on this node: is its executable of another version?');
    return { says: 'refused', why: message };
  }
  if ('ask' in message)
    return message.ask === 'version' ? { says: 'known', version: service.version } : service.answer(message);
  if (message.tell === 'call') {
    service.report(message);
    return undefined;
  }
  if (service.take === undefined) return { says: 'refused', why: 'this agent publishes nothing' };
  service.take(message);
  return { says: 'taken' };
}

function flush(socket: Socket<Connection>): void {
  const { data } = socket;
  if (data.output.length === 0) return;
  const written = socket.write(data.output);
  if (written > 0) data.output = data.output.subarray(written);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // There was none.
  }
}
