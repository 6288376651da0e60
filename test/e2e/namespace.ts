/** Named network namespaces as `ip netns` has them, and whether one holds rules, without starting a program. Touches /run/netns and the namespaces. */
import { dlopen } from 'bun:ffi';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { familyOfAf } from '../../src/kernel/codec';
import { setLink } from '../../src/kernel/codec-link';
import { getRules } from '../../src/kernel/codec-rule';
import { errnoName, refused } from '../../src/kernel/errno';
import { createNamespace } from '../../src/kernel/fresh-namespace';
import { netlinkH as nl, socketH as so } from '../../src/kernel/headers';
import { lastErrno, libc, libcName } from '../../src/kernel/libc';
import { inside } from '../../src/kernel/namespace';
import { RouteSocket } from '../../src/kernel/socket';

const folder = '/run/netns';
const bindMount = 4096; // MS_BIND
const recursive = 16384; // MS_REC
const shared = 1 << 20; // MS_SHARED
const detach = 2; // MNT_DETACH

let loaded: ReturnType<typeof load> | undefined;
const load = () =>
  dlopen(libcName(), {
    mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
    umount2: { args: ['ptr', 'i32'], returns: 'i32' },
  }).symbols;

const cText = (text: string): Buffer => Buffer.from(`${text}\0`);

/**
 * The folder is a shared mount, as `ip netns add` makes it: an `ip` that found it otherwise would put a mount over what is
 * mounted there, which nobody could then remove.
 */
function share(): void {
  mkdirSync(folder, { recursive: true });
  const at = cText(folder);
  if (mount(null, at, shared | recursive)) return;
  if (!mount(at, at, bindMount | recursive) || !mount(null, at, shared | recursive))
    throw refused(`share ${folder}`, lastErrno());
}

function mount(source: Buffer | null, at: Buffer, flags: number): boolean {
  loaded ??= load();
  return loaded.mount(source, at, null, flags, null) === 0;
}

/** `ip netns add`, with lo up. */
export function addNamespace(name: string): void {
  share();
  const path = `${folder}/${name}`;
  closeSync(openSync(path, 'wx', 0o444));
  const made = createNamespace();
  try {
    if (!mount(cText(made.path), cText(path), bindMount)) throw refused(`mount ${path}`, lastErrno());
    within(path, (socket) => socket.change(setLink(1, { up: true }), 'set lo up'));
  } finally {
    made.close();
  }
}

/** `ip netns del`. */
export function deleteNamespace(name: string): void {
  loaded ??= load();
  const path = `${folder}/${name}`;
  if (loaded.umount2(cText(path), detach) !== 0) throw refused(`unmount ${path}`, lastErrno());
  rmSync(path);
}

/** How many routing rules of IPv6 there are; two of them are the kernel's own. */
export function countRules6(name: string): number {
  const families = within(`${folder}/${name}`, (socket) =>
    socket.dump(getRules(), (data) => familyOfAf(data.readUInt8(0)), 'list rules'),
  );
  return families.filter((family) => family === 6).length;
}

function within<T>(path: string, work: (socket: RouteSocket) => T): T {
  const fd = openSync(path, 'r');
  try {
    return inside(fd, () => {
      const socket = new RouteSocket();
      try {
        return work(socket);
      } finally {
        socket.close();
      }
    });
  } finally {
    closeSync(fd);
  }
}

const netfilter = { protocol: 12, getTable: (10 << 8) | 1 } as const; // NETLINK_NETFILTER; NFT_MSG_GETTABLE of NFNL_SUBSYS_NFTABLES

/** Whether the thread's namespace has any table of nftables. */
export function hasTables(): boolean {
  const fd = libc().socket(so.AF_NETLINK, so.SOCK_RAW | so.SOCK_CLOEXEC, netfilter.protocol);
  if (fd < 0) throw refused('open a netfilter socket', lastErrno());
  try {
    const request = Buffer.alloc(20); // struct nlmsghdr and struct nfgenmsg, all families
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE(netfilter.getTable, 4);
    request.writeUInt16LE(nl.NLM_F_REQUEST | nl.NLM_F_DUMP, 6);
    const answer = Buffer.alloc(65536);
    const sent = libc().send(fd, request, request.length, 0);
    const bytes = sent < 0 ? sent : libc().recvfrom(fd, answer, answer.length, 0, null, null);
    if (bytes < 0) throw refused('list tables of nftables', lastErrno());
    const type = answer.readUInt16LE(4);
    if (type === nl.NLMSG_ERROR) throw refused('list tables of nftables', errnoName(-answer.readInt32LE(16)));
    return type !== nl.NLMSG_DONE;
  } finally {
    closeSync(fd);
  }
}
