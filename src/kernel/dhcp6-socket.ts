/** A DHCPv6 client's UDP socket on one link, which never waits. Touches the namespace it is opened in. */
import { type Ip, ip } from '../net/ip';
import { refused } from './errno';
import { closeSync } from './fs';
import { socketH as so } from './headers';
import { socketAddress } from './inet6';
import { lastErrno, libc } from './libc';
import { received } from './packet-socket';

const ports = { client: 546, server: 547 };
const servers = ip('ff02::1:2', 'servers'); // All_DHCP_Relay_Agents_and_Servers
const udp = 17;

/** Hears what is sent to the client's port at the link's own address, and speaks from there to all servers of the link. */
export class Dhcp6Socket {
  readonly #fd: number;
  readonly #servers: Buffer;
  readonly #buffer = Buffer.alloc(2048);

  /** Opens it in the namespace that the thread is in; `own` is the link's link-local address. KernelRefused. */
  constructor(index: number, own: Ip) {
    this.#servers = socketAddress(servers, ports.server, index);
    this.#fd = libc().socket(so.AF_INET6, so.SOCK_DGRAM | so.SOCK_CLOEXEC | so.SOCK_NONBLOCK, udp);
    if (this.#fd < 0) throw refused('open a UDP socket', lastErrno());
    const address = socketAddress(own, ports.client, index);
    const one = Buffer.from([1, 0, 0, 0]);
    // a client of the pod's own may have the port of all addresses
    libc().setsockopt(this.#fd, so.SOL_SOCKET, so.SO_REUSEADDR, one, one.length);
    if (libc().bind(this.#fd, address, address.length) === 0) return;
    const errno = lastErrno();
    this.close();
    throw refused(`listen at ${own} port ${ports.client}`, errno);
  }

  /** KernelRefused names the action. */
  send(message: Buffer, action: string): void {
    const sent = libc().sendto(this.#fd, message, message.length, 0, this.#servers, this.#servers.length);
    if (sent < 0) throw refused(action, lastErrno());
  }

  /** Messages that came since the last call, each cut at 2048 bytes; at most so many. */
  received(action: string, most: number): readonly Buffer[] {
    return received(this.#fd, this.#buffer, action, most);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
