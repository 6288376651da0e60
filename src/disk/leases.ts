/** host-local's address reservations, byte for byte as the reference plugin keeps them, under its lock. Touches the stores below allowed roots. */

import type { LeaseOwner, LeaseStore, Leases } from '../attach/ports';
import { fail } from '../error';
import { shown } from '../json';
import { errnoOf } from '../kernel/errno';
import {
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from '../kernel/fs';
import { findIp, type Ip } from '../net/ip';
import { type ContainerId, containerId, type IfName, ifName, type NetworkName } from '../net/names';
import { dirname, join, normalize } from '../path';
import { deletePlain } from './atomic';
import { readText } from './files';
import { io, ioUnlessMissing, isMissing } from './io';
import { type Lock, waitForLock } from './lock';
import { createStoreList } from './stores';

const block = Buffer.allocUnsafe(256); // longer than any address

const longestContent = 4096; // bytes; the reference writes at most some 220

/** Where reservations live when `dataDir` says nothing. */
const defaultDataDir = '/var/lib/cni/networks';

/** Directories below which a `dataDir` may lie: whoever may write a NetworkAttachmentDefinition chooses it, and Braid is root. */
export const defaultLeaseRoots: readonly string[] = [
  '/var/lib/cni',
  '/run/cni',
  '/var/run/cni',
  '/var/lib/rancher',
  '/var/snap',
];

/** What bounds a `dataDir`. */
export interface LeaseBounds {
  /** Directories below which a `dataDir` may lie. */
  readonly roots: readonly string[];
  /** Braid's own directory, in which none may lie. */
  readonly cniDir: string;
}

const lockLimit = 60_000; // ms; the reference waits for ever, and its work takes milliseconds

/** host-local's stores of this node. A `dataDir` outside the bounds is ConfigInvalid. */
export function createLeaseStore(bounds: LeaseBounds): LeaseStore {
  const stores = createStoreList(join(bounds.cniDir, 'stores'));
  const fixed: FixedPaths = { roots: bounds.roots.map(lookedUpOnce), cniDir: lookedUpOnce(bounds.cniDir) };
  return {
    async releaseContainer(container) {
      const freed: Ip[] = [];
      for (const directory of stores.all()) freed.push(...(await releaseIn(directory, container)));
      return freed;
    },

    async locked<T>(dataDir: string | undefined, network: NetworkName, work: (leases: Leases) => T): Promise<T> {
      const directory = dataDir ? chosenDirectory(dataDir, network, bounds, fixed) : join(defaultDataDir, network);
      const lock = await lockMade(directory);
      let remembered = false;
      const leases = leasesIn(directory, () => {
        if (!remembered) stores.remember(directory);
        remembered = true;
      });
      try {
        return work(leases);
      } finally {
        leases.close();
        lock.release();
      }
    },
  };
}

/** The store's lock; the store is made when it is missing. */
async function lockMade(directory: string): Promise<Lock> {
  try {
    return await lockOf(directory);
  } catch (error) {
    if (!isMissing(error)) throw error;
    io('make', directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }));
    return await lockOf(directory);
  }
}

function lockOf(directory: string): Promise<Lock> {
  return waitForLock(join(directory, 'lock'), 0o750, lockLimit);
}

/** Where the operator's own directories really are. They do not move while a call runs. */
interface FixedPaths {
  readonly roots: readonly (() => string)[];
  readonly cniDir: () => string;
}

function lookedUpOnce(path: string): () => string {
  let real: string | undefined;
  return () => (real ??= realPath(path) ?? path);
}

/** Frees what any interface of the container holds in that store. */
async function releaseIn(directory: string, container: ContainerId): Promise<readonly Ip[]> {
  if (realPath(directory) === undefined) return [];
  const lock = await lockOf(directory);
  const leases = leasesIn(directory, () => undefined);
  try {
    const owners = leases.all().filter((each) => each.containerId === container);
    const anyName = 'eth0' as IfName; // files of very old versions name no interface: any name frees them
    return owners.flatMap(({ ifName = anyName }) => leases.release({ containerId: container, ifName }));
  } finally {
    leases.close();
    lock.release();
  }
}

/** The network's directory in a `dataDir`, which a tenant may have written: symbolic links on the way must not lead out of the roots. */
function chosenDirectory(
  dataDir: string,
  network: NetworkName,
  { roots, cniDir }: LeaseBounds,
  fixed: FixedPaths,
): string {
  const refuse = (why: string): never =>
    fail(
      'ConfigInvalid',
      `Cannot use ${shown(dataDir)} as ipam.dataDir: ${why}; need a directory below ${roots.join(', ')}`,
    );
  if (!dataDir.startsWith('/')) refuse('it is not absolute');
  if (dataDir.split('/').includes('..')) refuse('it has ".." in it');
  if (dataDir.includes('\0')) refuse('it has a zero byte in it');
  const directory = join(normalize(dataDir), network);
  const root = roots.find((each) => isWithin(directory, each)) ?? refuse('it lies elsewhere');
  const real = realPath(directory) ?? realPathAbove(directory, root);
  if (!fixed.roots.some((root) => isWithin(real, root()))) refuse(`a symbolic link leads to ${real}`);
  if (isWithin(directory, cniDir) || isWithin(real, fixed.cniDir())) refuse(`${cniDir} is Braid's own`);
  return directory;
}

function isWithin(path: string, root: string): boolean {
  const base = normalize(root).replace(/\/+$/, '');
  return path === base || path.startsWith(`${base}/`);
}

function realPath(path: string): string | undefined {
  return ioUnlessMissing('read', path, () => realpathSync(path));
}

/** Where the nearest directory above that exists really is; the root, when it does not exist yet itself. */
function realPathAbove(path: string, root: string): string {
  const above = dirname(path);
  return isWithin(above, root) ? (realPath(above) ?? realPathAbove(above, root)) : root;
}

/** The reservations, until `close`: a file that was read stays open to be written. `begin`: before each that is made. */
function leasesIn(directory: string, begin: () => void): Leases & { close(): void } {
  const lastPath = (rangeSet: number): string => join(directory, `last_reserved_ip.${rangeSet}`);
  const opened = new Map<number, { readonly fd: number; readonly length: number }>(); // of last addresses, by range set
  return {
    close() {
      for (const { fd } of opened.values()) closeSync(fd);
      opened.clear();
    },

    ownedBy(owner, recorded = []) {
      const known = findRecorded(directory, owner, recorded) ?? matching(scan(directory), owner);
      return known.map(({ address }) => address);
    },

    reserve(address, owner) {
      begin();
      const path = join(directory, address);
      return io('reserve', path, () => {
        const fd = openNew(path);
        if (fd === undefined) return false;
        try {
          writeSync(fd, contentOf(owner));
        } catch (error) {
          unlinkSync(path);
          throw error;
        } finally {
          closeSync(fd);
        }
        return true;
      });
    },

    release(owner, recorded = []) {
      const known = findRecorded(directory, owner, recorded);
      const files = known ?? scan(directory);
      const mine = known ?? matching(files, owner);
      const errors = [...files.filter(isAbandoned), ...mine].flatMap(({ path }) => failedDelete(path) ?? []);
      if (errors[0] !== undefined) throw errors[0]; // not passed over as in the reference: an address would leak unseen
      return mine.map(({ address }) => address);
    },

    last(rangeSet) {
      const path = lastPath(rangeSet);
      return ioUnlessMissing('read', path, () => {
        const fd = opened.get(rangeSet)?.fd ?? openSync(path, 'r+');
        opened.set(rangeSet, { fd, length: block.length }); // closed, even if it cannot be read
        const length = readSync(fd, block, 0, block.length, 0);
        opened.set(rangeSet, { fd, length });
        return findIp(block.toString('latin1', 0, length));
      });
    },

    setLast(rangeSet, address) {
      const path = lastPath(rangeSet);
      io('write', path, () => {
        const file = opened.get(rangeSet);
        if (file === undefined) return writeFileSync(path, address, { mode: 0o600 });
        writeSync(file.fd, address, 0);
        if (address.length < file.length) ftruncateSync(file.fd, address.length);
        opened.set(rangeSet, { fd: file.fd, length: address.length });
      });
    },

    addresses: () => readdirSync(directory).flatMap((name) => findIp(name) ?? []),

    all() {
      return scan(directory).flatMap(({ address, content }) => {
        const owner = findOwner(content);
        return owner === undefined ? [] : { ...owner, address };
      });
    },
  };
}

/** What else lies in a store. */
const ownFile = /^(lock|last_reserved_ip\.\d+)$/;

/** A reservation's file. */
interface LeaseFile {
  readonly path: string;
  readonly address: Ip;
  readonly content: string; // white space at both ends cut off, as the reference compares
}

/** Every file named by an address, in lexical order, subdirectories too; what cannot be read is skipped, as the reference does. */
function scan(directory: string): readonly LeaseFile[] {
  const files: LeaseFile[] = [];
  for (const name of readdirSync(directory).sort()) {
    if (ownFile.test(name)) continue;
    const path = `${directory}/${name}`;
    const address = findIp(name);
    const content = address === undefined ? undefined : findContent(path);
    if (address !== undefined && content !== undefined) files.push({ path, address, content });
    else if (ioUnlessMissing('read', path, () => lstatSync(path))?.isDirectory() === true) files.push(...scan(path));
  }
  return files;
}

/** The files of these addresses, if the owner holds them all; `undefined` when not, or when there are none. */
function findRecorded(directory: string, owner: LeaseOwner, recorded: readonly Ip[]): readonly LeaseFile[] | undefined {
  const files = recorded.map((address) => {
    const path = join(directory, address);
    return { path, address, content: findContent(path) ?? '' };
  });
  return files.length > 0 && files.every(({ content }) => content === contentOf(owner)) ? files : undefined;
}

/** The owner's files; those of very old versions, which name the container only, when there is no other. */
function matching(files: readonly LeaseFile[], owner: LeaseOwner): readonly LeaseFile[] {
  const exact = files.filter(({ content }) => content === contentOf(owner));
  return exact.length > 0 ? exact : files.filter(({ content }) => content === owner.containerId);
}

function contentOf({ containerId, ifName }: LeaseOwner): string {
  return `${containerId}\r\n${ifName}`;
}

/**
 * An empty file is what a process left that was killed between making and writing it: everybody does both under the
 * lock, and here the lock is ours. It holds nothing for anybody.
 */
function isAbandoned({ content }: { readonly content: string }): boolean {
  return content === '';
}

/** Makes the file and opens it; `undefined` when the address is held. */
function openNew(path: string): number | undefined {
  try {
    return openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const content = findContent(path);
    return content !== undefined && isAbandoned({ content })
      ? openSync(path, constants.O_RDWR | constants.O_TRUNC)
      : undefined;
  }
}

function findContent(path: string): string | undefined {
  try {
    return readText(path, longestContent)?.trim();
  } catch {
    return undefined;
  }
}

function failedDelete(path: string): unknown {
  try {
    deletePlain(path);
    return undefined;
  } catch (error) {
    return error;
  }
}

function findOwner(
  content: string,
): { readonly containerId: ContainerId; readonly ifName: IfName | undefined } | undefined {
  const [container = '', link] = content.split('\r\n');
  try {
    return { containerId: containerId(container), ifName: link === undefined ? undefined : ifName(link, 'interface') };
  } catch {
    return undefined; // nobody's in particular: another program's file
  }
}
