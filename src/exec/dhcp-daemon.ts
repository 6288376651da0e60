/** The DHCP daemon of this node, asked over its unix socket as the reference dhcp plugin asks. Touches that socket. */
import type { DhcpCall, DhcpDaemon } from '../attach/ports';
import { toArgs } from '../cni/args';
import { emptyResult, type Result } from '../cni/result';
import { GobError, GobReader } from '../dhcp/gob-reader';
import { encodeCall, greeting, type Method, type Reply, ReplyReader, welcome } from '../dhcp/rpc';
import { fail } from '../error';
import { errnoOf } from '../kernel/errno';

/** `timeout`: seconds for one call; `path`: CNI_PATH. */
export function createDhcpDaemon(timeout: number, path: readonly string[]): DhcpDaemon {
  const ask = async (method: Method, call: DhcpCall): Promise<Result> => {
    const { outcome } = await exchange(method, call, { timeout, path });
    if ('result' in outcome) return outcome.result ?? emptyResult;
    return fail('LeaseUnavailable', `Cannot lease an address for ${call.ifName} by DHCP: ${outcome.error}`);
  };
  return {
    allocate: (call) => ask('DHCP.Allocate', call),
    release: async (call) => void (await ask('DHCP.Release', call)),
    isThere: async (socket) => {
      const connection = await connect(socket, () => undefined).catch(() => undefined);
      connection?.terminate();
      return connection !== undefined;
    },
  };
}

interface Means {
  readonly timeout: number;
  readonly path: readonly string[];
}

/** Of a connection: what comes in, and that it broke. */
type Heard = Buffer | { readonly problem: string };

/** A connection that takes any number of bytes. */
interface Connection {
  say(bytes: Buffer): void;
  terminate(): void;
}

async function connect(path: string, heard: (what: Heard) => void): Promise<Connection> {
  let unsaid = Buffer.alloc(0);
  const flush = (): void => {
    const written = socket.write(unsaid);
    if (written > 0) unsaid = unsaid.subarray(written);
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_, bytes) => heard(Buffer.from(bytes)), // the runtime uses its own buffer again
      close: () => heard({ problem: 'it hung up' }),
      error: (_, error) => heard({ problem: error.message }),
      drain: flush,
    },
  });
  return {
    say(bytes) {
      unsaid = Buffer.concat([unsaid, bytes]);
      flush();
    },
    terminate: () => socket.terminate(),
  };
}

/** One call on a connection of its own. DhcpUnavailable when nobody listens, or who listens is no DHCP daemon. */
async function exchange(method: Method, call: DhcpCall, { timeout, path }: Means): Promise<Reply> {
  const { socket, containerId, ifName, netns = '', args, config } = call;
  const incoming = new Incoming();
  const connection = await connect(socket, (what) => incoming.take(what)).catch((cause) =>
    fail('DhcpUnavailable', `Cannot ask the DHCP daemon at ${socket}: ${wordsOf(cause)}`, { cause }),
  );
  const timer = setTimeout(() => incoming.take({ problem: `no answer in ${timeout} s` }), timeout * 1000);
  try {
    const cmd = { containerId, netns, ifName, args: toArgs(args), path: path.join(':'), stdin: config };
    connection.say(Buffer.from(greeting));
    await incoming.welcomed; // what comes with the greeting, Go's server throws away
    connection.say(encodeCall({ method, seq: 0, args: cmd }));
    return await incoming.reply;
  } catch (cause) {
    return fail('DhcpUnavailable', `Cannot ask the DHCP daemon at ${socket}: ${wordsOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    connection.terminate();
  }
}

const longestWelcome = 4096; // bytes

/** Puts the answer together. */
class Incoming {
  readonly welcomed: Promise<void>;
  readonly reply: Promise<Reply>;
  #welcome!: () => void;
  readonly #values = new GobReader();
  readonly #replies = new ReplyReader(this.#values);
  #head: Buffer | undefined = Buffer.alloc(0); // undefined: it is read
  #resolve!: (reply: Reply) => void;
  #reject!: (why: Error) => void;

  constructor() {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.welcomed = Promise.race([
      new Promise<void>((resolve) => {
        this.#welcome = resolve;
      }),
      this.reply.then(() => undefined),
    ]);
    for (const each of [this.reply, this.welcomed]) each.catch(() => undefined); // whoever waits hears of it
  }

  take(what: Heard): void {
    if ('problem' in what) {
      this.#reject(new Error(what.problem));
      return;
    }
    try {
      this.#values.push(this.#afterWelcome(what));
      const reply = this.#replies.next();
      if (reply !== undefined) this.#resolve(reply);
    } catch (error) {
      this.#reject(
        error instanceof GobError
          ? new Error(`it answers what cannot be understood: ${error.message}`)
          : (error as Error),
      );
    }
  }

  #afterWelcome(bytes: Buffer): Buffer {
    if (this.#head === undefined) return bytes;
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = /\r?\n\r?\n/.exec(this.#head.toString('latin1'));
    const first = welcome.split('\n')[0] as string;
    if (
      !this.#head.toString('latin1').startsWith(first.slice(0, this.#head.length)) ||
      this.#head.length > longestWelcome
    )
      throw new Error('who listens there is no DHCP daemon');
    if (end === null) return Buffer.alloc(0);
    const rest = this.#head.subarray(end.index + end[0].length);
    this.#head = undefined;
    this.#welcome();
    return rest;
  }
}

function wordsOf(cause: unknown): string {
  const errno = errnoOf(cause);
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED')
    return 'nobody listens there; the node agent (`braid agent`) does, or the dhcp daemon of the reference plugins';
  return cause instanceof Error ? cause.message : String(cause);
}
