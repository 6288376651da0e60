/** The DHCP daemon's socket: who may ask, and what comes and goes. What understands it is loaded at the first call. Touches that socket. */
import { chmodSync, mkdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Socket } from 'bun';
import type { Log } from '../../attach/ports';
import type { Conversation } from './conversation';

/** What the socket needs. */
export interface DhcpService {
  readonly log: Log;
  /** The user at the other end; `undefined` when nobody can tell. */
  peerUser(fd: number): number | undefined;
  /** Users that are served. */
  readonly users: readonly number[];
  /** Begins to understand what one caller says. */
  converse(say: (bytes: Buffer) => void): Promise<Conversation>;
}

interface Connection {
  conversation: Promise<Conversation> | undefined;
  output: Buffer;
}

const most = 256; // connections at a time: one for each pod that is being attached
const idle = 10; // seconds until the whole call must be there

/** Listens at that path, mode 0600; what a daemon that died left there is removed. Throws when it cannot. */
export function serveDhcp(path: string, service: DhcpService): { stop(): void } {
  const { log } = service;
  let open = 0;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  remove(path);
  const listener = Bun.listen<Connection>({
    unix: path,
    socket: {
      open(socket) {
        open += 1;
        socket.data = { conversation: undefined, output: Buffer.alloc(0) };
        const user = service.peerUser((socket as unknown as { readonly fd: number }).fd);
        if (user !== undefined && service.users.includes(user) && open <= most) socket.timeout(idle);
        else {
          log.warn({ user, open }, 'refused somebody on the DHCP socket who is not root, or one too many');
          socket.terminate();
        }
      },
      data: (socket, bytes) => void receive(socket, Buffer.from(bytes), service), // the runtime uses its own buffer again
      drain: flush,
      timeout: (socket) => socket.terminate(),
      close() {
        open -= 1;
      },
      error: (_, error) => log.debug({ error: error.message }, 'a connection to the DHCP socket broke'),
    },
  });
  chmodSync(path, 0o600); // whoever came in before that is not root, and cut off
  return {
    stop() {
      listener.stop(true);
      remove(path);
    },
  };
}

async function receive(socket: Socket<Connection>, bytes: Buffer, service: DhcpService): Promise<void> {
  const { data } = socket;
  const say = (answer: Buffer): void => {
    data.output = Buffer.concat([data.output, answer]);
    flush(socket);
  };
  data.conversation ??= service.converse(say);
  try {
    const outcome = (await data.conversation).hear(bytes);
    if (outcome === 'asked') socket.timeout(0); // a lease may take its time
  } catch (error) {
    service.log.warn({ problem: (error as Error).message }, 'cannot understand a call on the DHCP socket');
    socket.terminate();
  }
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
