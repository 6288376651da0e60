/** One echo request on a link, asked as often as one likes, and the ears for its reply. Touches the namespace it is opened in. */
import { type Echo, echoRequest, isReply } from './echo';
import { ifEtherH as eth } from './headers';
import { PacketSocket } from './packet-socket';
import { sendOrLose } from './probe';

export class EchoSocket {
  readonly #socket: PacketSocket;
  readonly #echo: Echo;
  readonly #frame: Buffer;

  /** Opens it in the namespace that the thread is in, on the link of that index. */
  constructor(index: number, echo: Echo) {
    this.#echo = echo;
    this.#frame = echoRequest(echo);
    this.#socket = new PacketSocket(index, eth.ETH_P_ALL);
  }

  ask(): void {
    sendOrLose(this.#socket, this.#frame, `send ${this.#echo.size} bytes to ${this.#echo.to[0]}`);
  }

  /** Whether the reply came since the last call. */
  heard(): boolean {
    return this.#socket.received('listen for echo replies').some((frame) => isReply(frame, this.#echo));
  }

  close(): void {
    this.#socket.close();
  }
}
