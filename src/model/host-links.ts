/** Users of shared host links in memory. Touches nothing. */
import type { HostLinks, LeaseOwner } from '../attach/ports';
import type { Ip } from '../net/ip';
import type { IfName } from '../net/names';

/** No users at first; `users` tells who uses what, e.g. `{ 'eth1.100': ['c1 net1'] }`. */
export function fakeHostLinks(): HostLinks & { users(): Readonly<Record<string, readonly string[]>> } {
  const links = new Map<IfName, Map<string, LeaseOwner>>();
  const noted = new Map<string, readonly Ip[]>();
  const queues = new Map<IfName, Promise<unknown>>();
  const key = ({ containerId, ifName }: LeaseOwner): string => `${containerId} ${ifName}`;
  return {
    async use(link, owner, addresses = []) {
      noted.set(`${link} ${key(owner)}`, addresses);
      const users = links.get(link) ?? new Map<string, LeaseOwner>();
      links.set(link, users.set(key(owner), owner));
    },
    addressesOf: async (link, owner) => noted.get(`${link} ${key(owner)}`) ?? [],
    async release(link, owner) {
      noted.delete(`${link} ${key(owner)}`);
      links.get(link)?.delete(key(owner));
      if (links.get(link)?.size === 0) links.delete(link);
    },
    isOnlyUser: async (link, owner) => [...(links.get(link)?.keys() ?? [])].every((user) => user === key(owner)),
    usedBy: async (owner) => [...links].filter(([, users]) => users.has(key(owner))).map(([link]) => link),
    all: async () => [...links].map(([link, users]) => ({ link, users: [...users.values()] })),
    locked(link, work) {
      const mine = (queues.get(link) ?? Promise.resolve()).then(work, work);
      queues.set(link, mine);
      return mine;
    },
    users: () => Object.fromEntries([...links].map(([link, users]) => [link, [...users.keys()]])),
  };
}
