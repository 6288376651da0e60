/** `braid who-has`: the attachments that hold an address. Pure. */
import type { AttachRecord } from '../../attach/record';
import { addressOf, type Ip } from '../../net/ip';
import { toTable } from './table';

/** An attachment with that address. */
export interface AddressHolder {
  readonly pod: string | undefined;
  readonly containerId: string;
  readonly network: string;
  readonly ifName: string;
  readonly since: string; // RFC 3339
  /** false: only its way back is left, see `braid list`. */
  readonly attached: boolean;
}

/** Several, where networks are of no interest to each other. */
export function holdersOf(address: Ip, records: readonly AttachRecord[]): readonly AddressHolder[] {
  return records.flatMap(({ pod, containerId, createdAt, attachments }) =>
    attachments
      .filter(({ result }) => result?.ips.some((each) => addressOf(each.address) === address))
      .map(({ network, ifName, failure }) => ({
        pod: pod === undefined ? undefined : `${pod.namespace}/${pod.name}`,
        containerId,
        network,
        ifName,
        since: createdAt,
        attached: failure === undefined,
      })),
  );
}

/** One line for each. */
export function toHoldersText(address: Ip, holders: readonly AddressHolder[]): string {
  if (holders.length === 0) return `No pod of this node holds ${address}.\n`;
  const rows = holders.map(({ pod = '-', containerId, network, ifName, since, attached }) => [
    pod,
    containerId.slice(0, 12),
    network,
    ifName,
    attached ? since : 'not freed, see braid list',
  ]);
  return toTable(['POD', 'CONTAINER', 'NETWORK', 'INTERFACE', 'SINCE'], rows);
}
