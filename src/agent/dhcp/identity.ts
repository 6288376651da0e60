/** Who a DHCP server takes an interface of a pod for. Pure. */
import type { Told } from '../../dhcp/config';
import type { Lease } from '../../dhcp/life';
import { toLife4 } from '../../dhcp/life4';
import { toLife6 } from '../../dhcp/life6';
import type { Life } from '../../dhcp/living';
import { opt4 } from '../../dhcp/option4';
import type { ContainerId, IfName, NetworkName } from '../../net/names';

/** Whose lease it is. */
export interface Owner {
  readonly containerId: ContainerId;
  readonly network: NetworkName;
  readonly ifName: IfName;
}

/** RFC 2132's client identifier as the reference daemon makes it: type 0 and a text, cut to fit. */
export function clientIdOf(owner: Owner): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.from(textOf(owner)).subarray(0, 254)]);
}

const uuidType = 4; // DUID-UUID (RFC 6355)

/**
 * The same as a DUID: a UUID of version 8 (RFC 9562), made of the text's SHA-256. Not of the MAC: ipvlan interfaces share
 * one. Not one for the node, with an identity association each: of these there are but 32 bits. It needs no file, and no two
 * pods have the same, so that a server never gives one pod what another one still holds.
 */
export function duidOf(owner: Owner): Buffer {
  const uuid = Buffer.from(new Bun.CryptoHasher('sha256').update(textOf(owner)).digest()).subarray(0, 16);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6); // version
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8); // variant
  return Buffer.concat([Buffer.from([0, uuidType]), uuid]);
}

/** The owner's lease, from its first question on, or from where an earlier agent left it. In IPv6 every interface is a client of its own, with one association. */
export function toLife(owner: Owner, told: Told, lease?: Lease): Life {
  if (told.family === 6)
    return toLife6({ duid: duidOf(owner), identity: 1, asked: told.asked }, lease?.family === 6 ? lease : undefined);
  const options = new Map([[opt4.clientId, clientIdOf(owner)], ...told.options]);
  return toLife4(options, lease?.family === 4 ? lease : undefined);
}

const textOf = ({ containerId, network, ifName }: Owner): string => `${containerId}/${network}/${ifName}`;
