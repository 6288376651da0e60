/** A pod's link for DHCP: a socket that the kernel lets nothing but DHCP answers into. Touches the pod's namespace. */
import type { OpenLink, Place, PodLinks } from '../agent/dhcp/ports';
import { allowIpv6 } from '../attach/configure';
import type { Kernel, Netns } from '../attach/ports';
import { fail } from '../error';
import { addressOf, type Ip } from '../net/ip';
import type { Link } from '../net/link';
import { sleep } from '../sleep';
import { Dhcp6Socket } from './dhcp6-socket';
import { closeSync } from './fs';
import { ifEtherH as eth } from './headers';
import { fileOf, findNamespace, inside } from './namespace';
import { PacketSocket } from './packet-socket';

/** linux/filter.h: what of a frame is looked at, and where to go when it is that (or is not). */
const [ldh, ldb, ldx, ldhIndexed, jeq, jset, ret] = [0x28, 0x30, 0xb1, 0x48, 0x15, 0x45, 0x06];
/** IPv4, UDP, not a later part of a datagram, to port 68. */
const answers = [
  [ldh, 0, 0, 12],
  [jeq, 0, 8, eth.ETH_P_IP],
  [ldb, 0, 0, 23],
  [jeq, 0, 6, 17],
  [ldh, 0, 0, 20],
  [jset, 4, 0, 0x1fff],
  [ldx, 0, 0, 14],
  [ldhIndexed, 0, 0, 16],
  [jeq, 0, 1, 68],
  [ret, 0, 0, 0xffff],
  [ret, 0, 0, 0],
] as const;

/** Links of pods by their namespace's path. */
export function createPodLinks(kernel: Kernel): PodLinks {
  return {
    async addresses(place) {
      const found = await findIn(kernel, place);
      return found && (await held(found).finally(() => leave(found)));
    },
    async open(place, { family, up }) {
      const found = await findIn(kernel, place);
      if (found === undefined) return undefined;
      try {
        const { netns, link, fd } = found;
        if (family === 6 && up) await allowIpv6(netns, link, true);
        if (up && !link.up) await netns.changeLink(link.index, { up });
        if (family === 4)
          return opened(
            found,
            inside(fd, () => new PacketSocket(link.index, eth.ETH_P_IP, answers)),
          );
        return opened(found, up ? await speak6(found) : undefined);
      } catch (error) {
        leave(found);
        throw error;
      }
    },
  };
}

/** A link that was found, its namespace open. */
interface Found {
  readonly netns: Netns;
  readonly fd: number;
  readonly link: Link;
}

/** That link of that very namespace. */
async function findIn(kernel: Kernel, { netns: path, identity, ifName }: Place): Promise<Found | undefined> {
  const netns = await kernel.find(path);
  if (netns === undefined) return undefined;
  const fd = findNamespace(path);
  const own = netns.identity ?? '';
  try {
    const isSame = fd !== undefined && own.split(':').slice(0, 2).join(':') === fileOf(fd) && (identity ?? own) === own;
    const link = isSame ? await netns.findLink(ifName) : undefined;
    if (fd !== undefined && link !== undefined) return { netns, fd, link };
  } catch (error) {
    leave({ netns, fd });
    throw error;
  }
  leave({ netns, fd });
  return undefined;
}

function leave({ netns, fd }: { readonly netns: Netns; readonly fd: number | undefined }): void {
  netns.close();
  if (fd !== undefined) closeSync(fd);
}

async function held({ netns, link }: Found): Promise<readonly Ip[]> {
  const all = await netns.addresses({ index: link.index });
  return all.filter(({ dadFailed }) => !dadFailed).map(({ address }) => addressOf(address));
}

/** `socket` undefined: IPv6, opened when it is spoken by: what ends may have no address to speak from. */
function opened(found: Found, start: PacketSocket | Dhcp6Socket | undefined): OpenLink {
  const { netns, link } = found;
  let socket = start;
  return {
    identity: netns.identity ?? '',
    link,
    setDown: () => netns.changeLink(link.index, { up: false }),
    async remove(address) {
      for (const each of await netns.addresses({ index: link.index }))
        if (addressOf(each.address) === address) await netns.deleteAddress(link.index, each.address);
    },
    findHolder: async (address) => (await netns.probe(link.index, [address]))[0]?.[1],
    async send(bytes) {
      socket ??= await speak6(found);
      socket.send(bytes, `send on link ${link.name}`);
    },
    heard: () => socket?.received(`listen on link ${link.name}`, 100) ?? [],
    close() {
      socket?.close();
      leave(found);
    },
  };
}

const settleLimit = 5000; // ms
const settleStep = 20; // ms
const scopeLink = 253;

/** A DHCPv6 client speaks from the link-local address, once nobody on the network objects to it (RFC 8415, section 18.2). */
async function speak6({ netns, fd, link: { index, name } }: Found): Promise<Dhcp6Socket> {
  for (let waited = 0; waited < settleLimit; waited += settleStep) {
    const own = (await netns.addresses({ index, family: 6 })).find(
      (each) => each.scope === scopeLink && !each.dadFailed,
    );
    if (own !== undefined && !own.tentative) return inside(fd, () => new Dhcp6Socket(index, addressOf(own.address)));
    if ((await netns.findLinkByIndex(index))?.up === false) break;
    await sleep(settleStep);
  }
  return fail('LinkUnsuitable', `Cannot speak DHCPv6 on ${name}: need an IPv6 link-local address that nobody else has`);
}
