/** One caller of the DHCP daemon: bytes in, calls answered, bytes out. Acts through the keeper. */
import type { Log } from '../../attach/ports';
import type { Result } from '../../cni/result';
import { GobWriter } from '../../dhcp/gob';
import { GobError, GobReader } from '../../dhcp/gob-reader';
import { type Call, CallReader, type CmdArgs, encodeReply, type Reply, welcome } from '../../dhcp/rpc';

/** Who knows the leases. */
export interface Leaser {
  allocate(args: CmdArgs): Promise<Result>;
  release(args: CmdArgs): Promise<void>;
}

const longestHead = 8192; // bytes of HTTP
const request = /^CONNECT \/_goRPC_ HTTP\/1\.[01]\r?\n/;
const end = /\r?\n\r?\n/;

/** The daemon's side of a connection. */
export class Conversation {
  readonly #values = new GobReader();
  readonly #calls = new CallReader(this.#values);
  readonly #writer = new GobWriter();
  #head: Buffer | undefined = Buffer.alloc(0); // undefined: it was read

  constructor(
    readonly leaser: Leaser,
    readonly say: (bytes: Buffer) => void,
    readonly log: Log,
  ) {}

  /** Takes bytes as they come; `asked`: a call began. GobError when they make no sense. */
  hear(bytes: Buffer): 'asked' | 'more' {
    const rest = this.#head === undefined ? bytes : this.#greet(Buffer.concat([this.#head, bytes]));
    this.#values.push(rest);
    let asked = false;
    for (let call = this.#calls.next(); call !== undefined; call = this.#calls.next()) {
      asked = true;
      void this.#answer(call);
    }
    return asked ? 'asked' : 'more';
  }

  #greet(head: Buffer): Buffer {
    if (head.length > longestHead) throw new GobError('a head of HTTP that does not end');
    const text = head.toString('latin1');
    const found = end.exec(text);
    this.#head = head;
    if (found === null) return Buffer.alloc(0);
    if (!request.test(text)) throw new GobError('need CONNECT /_goRPC_');
    this.#head = undefined;
    this.say(Buffer.from(welcome));
    return head.subarray(found.index + found[0].length);
  }

  async #answer(call: Call): Promise<void> {
    this.say(encodeReply({ ...call, outcome: await this.#outcome(call) }, this.#writer));
  }

  async #outcome({ method, args }: Call): Promise<Reply['outcome']> {
    const { containerId, ifName } = args;
    try {
      if (method === 'DHCP.Allocate') return { result: await this.leaser.allocate(args) };
      if (method !== 'DHCP.Release') return { error: `rpc: can't find method ${method.slice(0, 60)}` };
      await this.leaser.release(args);
      return { result: undefined };
    } catch (error) {
      const problem = (error as Error).message;
      this.log.warn({ method, containerId, ifName, problem }, 'a DHCP call failed');
      return { error: problem };
    }
  }
}
