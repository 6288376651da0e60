/** Tells the network of IPv6 addresses by a raw ICMPv6 socket, which closes at once. Touches the namespace that the thread is in. */
import { type Ip, ip, ipBytes } from '../net/ip';
import { type Mac, macBytes } from '../net/mac';
import { refused } from './errno';
import { closeSync } from './fs';
import { inet6H as in6, ndiscH as nd, socketH as so } from './headers';
import { socketAddress } from './inet6';
import { lastErrno, libc } from './libc';

const override = 0x20; // flag of an advertisement (RFC 4861, 4.4)
const targetLinkLayer = 2; // its option, in units of 8 bytes
const hopLimit = 255; // of less is thrown away (RFC 4861, 7.1.2)

/**
 * An unsolicited advertisement to all nodes of that link from each address, whose MAC replaces what they know (RFC 4861,
 * 7.2.6). A packet socket could send it, but its end waits until every processor has let go of it: 10 ms. KernelRefused.
 */
export function advertise(index: number, addresses: readonly Ip[], own: Mac): void {
  const to = socketAddress(ip('ff02::1', 'all nodes'), 0, index);
  const hops = Buffer.from(new Int32Array([hopLimit]).buffer);
  for (const address of addresses) {
    const fd = libc().socket(so.AF_INET6, so.SOCK_RAW | so.SOCK_CLOEXEC | so.SOCK_NONBLOCK, in6.IPPROTO_ICMPV6);
    const action = `announce ${address}`;
    if (fd < 0) throw refused(action, lastErrno());
    try {
      const from = socketAddress(address, 0, index);
      const message = neighbourAdvertisement(address, own);
      if (
        libc().setsockopt(fd, in6.IPPROTO_IPV6, in6.IPV6_MULTICAST_HOPS, hops, hops.length) !== 0 ||
        libc().bind(fd, from, from.length) !== 0 ||
        libc().sendto(fd, message, message.length, 0, to, to.length) < 0
      )
        throw refused(action, lastErrno());
    } finally {
      closeSync(fd);
    }
  }
}

/** The message; its checksum is the kernel's to fill in. */
export function neighbourAdvertisement(address: Ip, own: Mac): Buffer {
  const head = Buffer.from([nd.NDISC_NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, override, 0, 0, 0]);
  return Buffer.concat([head, ipBytes(address), Buffer.from([targetLinkLayer, 1]), macBytes(own)]);
}
