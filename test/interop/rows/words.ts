/** Words for the rows of the table: leases, routes and versions. Pure. */
import type { Json } from '../../e2e/runtime';
import type { Row, Side } from '../twins';

/** IPAM of fixed addresses: `10.1.0.5/24` or `10.1.0.5/24 via 10.1.0.1`. */
export function fixed(addresses: readonly string[], more: Json = {}): Json {
  const list = addresses.map((text) => {
    const [address, gateway] = text.split(' via ');
    return gateway === undefined ? { address } : { address, gateway };
  });
  return { ipam: { type: 'static', addresses: list, ...more } };
}

/** IPAM of ranges, one set for each subnet. */
export function pool(subnets: readonly string[], more: Json = {}): Json {
  return { ipam: { type: 'host-local', ranges: subnets.map((subnet) => [{ subnet }]), ...more } };
}

/** One address of each family, as most rows have it. */
export const one = fixed(['10.1.0.5/24']);
export const dual = fixed(['10.1.0.5/24', 'fd00:1::5/64']);
export const routed = fixed(['10.1.0.5/24 via 10.1.0.1'], {
  routes: [{ dst: '10.9.0.0/16' }, { dst: '10.8.0.0/16', gw: '10.1.0.254' }],
});

/** Every key of `dns`. */
export const wholeDns: Json = {
  dns: { nameservers: ['1.1.1.1'], domain: 'lab', search: ['a', 'b'], options: ['ndots:5'] },
};

/** Rows of one plugin on its own, the name told by what is special. */
export function rowsOf(
  type: string,
  base: Json,
  table: Readonly<Record<string, Json>>,
  more: Partial<Row> = {},
): readonly Row[] {
  return Object.entries(table).map(([name, keys]) => ({
    name: `${type}: ${name}`,
    plugins: [{ type, ...base, ...keys }],
    ...more,
  }));
}

/** The row in every version of CNI. */
export function inVersions(
  row: Row,
  versions: readonly string[] = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.1.0'],
): readonly Row[] {
  return versions.map((cniVersion) => ({ ...row, cniVersion, name: `${row.name}, version ${cniVersion}` }));
}

/** A plugin behind a bridge network with these addresses. */
export const behind = (lease: Json, table: Readonly<Record<string, Json>>, more: Partial<Row> = {}): readonly Row[] =>
  Object.entries(table).map(([name, plugin]) => ({
    name: `${plugin.type}: ${name}`,
    plugins: [{ type: 'bridge', bridge: 'br0', ...lease }, plugin],
    ...more,
  }));

/** A pod that has a link of the very name already. */
export const taken: Partial<Row> = { pod: 'ip link add net0 type veth peer name net1', fails: true };

/** What Braid alone refuses, or the reference alone: docs/compatibility.md says why. */
export const onlyBraidRefuses = (why: string): Partial<Row> => ({
  fails: true,
  differs: { why, alike: (side) => side },
});
export const onlyReferenceRefuses = (why: string): Partial<Row> => ({
  fails: 'reference',
  differs: { why, alike: (side) => side },
});

/** The same without some keys of the pod's, and the node's, links. */
export const withoutOfLinks = (side: Side, ...keys: readonly string[]): Side => {
  const plain = (held: Json): Json => ({
    ...held,
    links: (held.links as readonly Json[]).map((link) =>
      Object.fromEntries(Object.entries(link).filter(([key]) => !keys.includes(key))),
    ),
  });
  return { ...side, node: plain(side.node), pod: plain(side.pod) };
};

/** Where nobody names a backend the reference masquerades by iptables. */
export const byDefault: Partial<Row> = {
  differs: {
    why: '`ipMasq` without `ipMasqBackend` is done by iptables where that is installed',
    alike: (side) => ({ ...side, nft: [] }),
  },
};
