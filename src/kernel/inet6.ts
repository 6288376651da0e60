/** An IPv6 socket's address as the kernel reads it. Pure. */
import { type Ip, ipBytes } from '../net/ip';
import { socketH as so } from './headers';

/** struct sockaddr_in6: family, port, flow, address, scope. */
export function socketAddress(address: Ip, port: number, index: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(so.AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  ipBytes(address).copy(bytes, 8);
  bytes.writeUInt32LE(index, 24);
  return bytes;
}
