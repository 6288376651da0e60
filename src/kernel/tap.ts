/** Makes tap devices by /dev/net/tun, which rtnetlink cannot. Touches the namespace that the thread is in. */

import { ptr } from 'bun:ffi';
import { closeSync, openSync } from 'node:fs';
import type { LinkSpec } from '../net/link';
import { errnoOf, refused } from './errno';
import { ifH, tunH } from './headers';
import { lastErrno, libc } from './libc';

const requestLength = 40; // struct ifreq

/** A device that stays when its file is closed. KernelRefused names the step; nothing is left then. */
export function createTap(spec: Extract<LinkSpec, { kind: 'tap' }>, action: string): void {
  const fd = openTun(action);
  try {
    const { owner, ownerGroup } = spec;
    const request = Buffer.alloc(requestLength);
    request.write(spec.name, 0, 'utf8');
    request.writeUInt16LE(flagsOf(spec), ifH.IFNAMSIZ);
    control(fd, tunH.TUNSETIFF, ptr(request), action);
    if (owner !== undefined) control(fd, tunH.TUNSETOWNER, owner, `${action} for user ${owner}`);
    if (ownerGroup !== undefined) control(fd, tunH.TUNSETGROUP, ownerGroup, `${action} for group ${ownerGroup}`);
    control(fd, tunH.TUNSETPERSIST, 1, `${action} to stay`);
  } finally {
    closeSync(fd); // without TUNSETPERSIST the device goes with it
  }
}

/** As the reference plugin: by its own code when both ids are given, else as `ip tuntap` does. */
function flagsOf({ owner, ownerGroup, multiQueue }: Extract<LinkSpec, { kind: 'tap' }>): number {
  const byItsOwnCode = owner !== undefined && ownerGroup !== undefined;
  const kind = byItsOwnCode ? tunH.IFF_VNET_HDR : tunH.IFF_NO_PI;
  const queues = multiQueue === true ? tunH.IFF_MULTI_QUEUE | tunH.IFF_NO_PI : 0;
  return tunH.IFF_TAP | tunH.IFF_TUN_EXCL | kind | queues;
}

function openTun(action: string): number {
  try {
    return openSync('/dev/net/tun', 'r+');
  } catch (cause) {
    throw refused(action, errnoOf(cause) ?? '', 'open /dev/net/tun: the node needs the kernel module tun');
  }
}

function control(fd: number, request: number, argument: number, action: string): void {
  if (libc().ioctl(fd, request, argument) !== 0) throw refused(action, lastErrno());
}
