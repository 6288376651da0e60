/** Who uses which shared link of the node: one empty file for each user. Touches its own directory only. */
import { mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostLinks, LeaseOwner } from '../attach/ports';
import { type IfName, ifName } from '../net/names';
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
    async use(link, owner) {
      const directory = directoryOf(link);
      io('write', directory, () => {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        writeFileSync(join(directory, ownerFileName(owner)), '', { mode: 0o600 });
      });
    },

    async release(link, owner) {
      const directory = directoryOf(link);
      const path = join(directory, ownerFileName(owner));
      ioUnlessMissing('delete', path, () => unlinkSync(path));
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
