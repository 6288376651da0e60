/** host-local's stores in memory. Touches nothing. */
import type { LeaseOwner, LeaseStore, Leases } from '../attach/ports';
import type { Ip } from '../net/ip';
import type { IfName, NetworkName } from '../net/names';

interface Held {
  readonly owners: Map<Ip, LeaseOwner>;
  readonly last: Map<number, Ip>;
}

/** Empty stores; `held` tells who has what in a network, e.g. `{ '10.0.0.2': 'cid1 net1' }`. */
export function fakeLeases(): LeaseStore & {
  held(network: string, dataDir?: string): Readonly<Record<string, string>>;
} {
  const stores = new Map<string, Held>();
  const storeOf = (dataDir: string | undefined, network: string): Held => {
    const key = `${dataDir ?? '/var/lib/cni/networks'}/${network}`;
    const store = stores.get(key) ?? { owners: new Map(), last: new Map() };
    stores.set(key, store);
    return store;
  };
  return {
    async locked<T>(dataDir: string | undefined, network: NetworkName, work: (leases: Leases) => T): Promise<T> {
      return work(leasesOf(storeOf(dataDir, network)));
    },
    releaseContainer: async (container) =>
      [...stores.values()].flatMap((store) => {
        const leases = leasesOf(store);
        const mine = leases.all().filter((each) => each.containerId === container);
        return mine.flatMap(({ ifName = 'eth0' as IfName }) => leases.release({ containerId: container, ifName }));
      }),
    held: (network, dataDir) =>
      Object.fromEntries(
        [...storeOf(dataDir, network).owners].map(([address, { containerId, ifName }]) => [
          address,
          `${containerId} ${ifName}`,
        ]),
      ),
  };
}

function leasesOf({ owners, last }: Held): Leases {
  const ownedBy = ({ containerId, ifName }: LeaseOwner): readonly Ip[] =>
    [...owners]
      .filter(([, owner]) => owner.containerId === containerId && owner.ifName === ifName)
      .map(([address]) => address);
  return {
    ownedBy,
    reserve(address, owner) {
      if (owners.has(address)) return false;
      owners.set(address, owner);
      return true;
    },
    release(owner) {
      const mine = ownedBy(owner);
      for (const address of mine) owners.delete(address);
      return mine;
    },
    last: (rangeSet) => last.get(rangeSet),
    setLast: (rangeSet, address) => void last.set(rangeSet, address),
    addresses: () => [...owners.keys()],
    all: () => [...owners].map(([address, owner]) => ({ address, ...owner })),
  };
}
