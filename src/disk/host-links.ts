/** Who uses which shared link of the node: one file for each user, with the addresses it has there, one a line. Touches its own directory only. */

import type { HostLinks, LeaseOwner } from '../attach/ports';
import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from '../kernel/fs';
import { findIp } from '../net/ip';
import { type IfName, ifName } from '../net/names';
import { join } from '../path';
import { deletePlain } from './atomic';
import { readText } from './files';
import { io, ioUnlessMissing } from './io';
import { waitForVanishingLock } from './lock';
import { findOwner, ownerFileName } from './owner';

const lockLimit = 60_000; // ms

/** Users below `<cniDir>/links/<link>/`. */
export function createHostLinks(cniDir: string): HostLinks {
  const root = join(cniDir, 'links');
  const directoryOf = (link: IfName): string => join(root, encodeURIComponent(link));
  const list = (directory: string): readonly string[] =>
    ioUnlessMissing('read', directory, () => readdirSync(directory).sort()) ?? [];
  const links = (): readonly IfName[] => list(root).map((name) => ifName(decodeURIComponent(name), root));
  const users = (link: IfName): readonly LeaseOwner[] =>
    list(directoryOf(link)).flatMap((name) => findOwner(name) ?? []);
  return {
    async use(link, owner, addresses = []) {
      const directory = directoryOf(link);
      io('write', directory, () => {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        writeFileSync(join(directory, ownerFileName(owner)), addresses.map((each) => `${each}\n`).join(''), {
          mode: 0o600,
        });
      });
    },

    async addressesOf(link, owner) {
      const text = readText(join(directoryOf(link), ownerFileName(owner))) ?? '';
      const lines = text.split('\n').slice(0, -1); // a line cut short is no address: no route was made then
      return lines.flatMap((line) => findIp(line) ?? []);
    },

    async release(link, owner) {
      const directory = directoryOf(link);
      deletePlain(join(directory, ownerFileName(owner)));
      if (list(directory).length === 0) ioUnlessMissing('delete', directory, () => rmdirSync(directory));
    },

    isOnlyUser: async (link, owner) => list(directoryOf(link)).every((name) => name === ownerFileName(owner)),

    usedBy: async (owner) => links().filter((link) => list(directoryOf(link)).includes(ownerFileName(owner))),

    all: async () => links().map((link) => ({ link, users: users(link) })),

    async locked(link, work) {
      const lock = await waitForVanishingLock(
        join(cniDir, 'locks', `link-${encodeURIComponent(link)}.lock`),
        lockLimit,
      );
      try {
        return await work();
      } finally {
        lock.release();
      }
    },
  };
}
