/** A pod's link for DHCP: a packet socket that the kernel lets nothing but DHCP answers into. Touches the pod's namespace. */
import type { OpenLink, Place, PodLinks } from '../agent/dhcp/ports';
import type { Kernel } from '../attach/ports';
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
  return { open: (place, up) => openPodLink(kernel, place, up) };
}

async function openPodLink(
  kernel: Kernel,
  { netns: path, identity, ifName }: Place,
  up: boolean,
): Promise<OpenLink | undefined> {
  const netns = await kernel.find(path);
  if (netns === undefined) return undefined;
  const fd = findNamespace(path);
  try {
    const own = netns.identity ?? '';
    const link = await netns.findLink(ifName);
    const isSame = fd !== undefined && own.split(':').slice(0, 2).join(':') === fileOf(fd) && (identity ?? own) === own;
    if (!isSame || link === undefined) {
      netns.close();
      return undefined;
    }
    if (up && !link.up) await netns.changeLink(link.index, { up });
    const socket = inside(fd, () => new PacketSocket(link.index, eth.ETH_P_IP, answers));
    return {
      identity: own,
      link,
      setDown: () => netns.changeLink(link.index, { up: false }),
      send: (frame) => socket.send(frame, `send on link ${ifName}`),
      heard: () => socket.received(`listen on link ${ifName}`, 100),
      close() {
        socket.close();
        netns.close();
      },
    };
  } catch (error) {
    netns.close();
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
