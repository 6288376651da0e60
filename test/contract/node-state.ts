/** All that an attachment could leave in a namespace, as plain values without what changes by itself. Reads the namespace given. */
import type { Netns } from '../../src/attach/ports';

/** Links by name, addresses, routes and rules. */
export async function stateOf(space: Netns): Promise<unknown> {
  const links = await space.links();
  const nameOf = (index: number | undefined): string | undefined => links.find((link) => link.index === index)?.name;
  const addresses = await space.addresses();
  return {
    links: links // a gateway's forwarding stays, as the node's own
      .map(({ index, operState, ipv4, ipv6, master, parent, ...link }) => ({
        ...link,
        master: nameOf(master),
        addresses: addresses
          // the kernel keeps those of lo, and makes those of the link by itself
          .filter((one) => one.index === index && one.scope < 253)
          .map(({ address }) => address)
          .sort(),
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    routes: (await space.routes({ table: 'all' }))
      .filter(({ dst }) => !/^f[ef]/.test(dst)) // what the kernel makes of link-local addresses comes late
      .map(({ index, ...route }) => JSON.stringify({ ...route, link: nameOf(index) }))
      .sort(),
    rules: (await space.rules()).map((rule) => JSON.stringify(rule)).sort(),
  };
}
