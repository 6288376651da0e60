/** The kernel's networking for this process: its own namespace, and others by path. Touches what Netns touches. */

import type { Kernel, Netns } from '../attach/ports';
import { fail } from '../error';
import type { NetnsPath } from '../net/names';
import { closeSync } from './fs';
import { fileOf, findNamespace, ownNamespace } from './namespace';
import { RouteNetns } from './netns';
import { startSender } from './sender';

/** The kernel as this thread sees it. Nothing is opened before it is used. */
export function openKernel(): Kernel {
  const traffic = { overlapping: 0 };
  const find = async (path: NetnsPath): Promise<Netns | undefined> => {
    const fd = findNamespace(path);
    if (fd === undefined) return undefined;
    if (fileOf(fd) !== fileOf(ownNamespace())) return new RouteNetns(path, fd, traffic);
    closeSync(fd);
    return fail('NetnsSame', `Cannot use ${path} as CNI_NETNS: it is the namespace the plugin runs in`);
  };
  return {
    host: new RouteNetns(undefined, undefined, traffic),
    find,
    open: async (path) =>
      (await find(path)) ??
      fail('NetnsMissing', `Cannot open the network namespace ${path}: there is none at that path`),
    async overlapping(work) {
      startSender();
      traffic.overlapping += 1;
      try {
        return await work();
      } finally {
        traffic.overlapping -= 1;
      }
    },
  };
}
