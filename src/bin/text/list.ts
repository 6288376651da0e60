/** `braid list`: what is attached on this node, from Braid's records. Pure. */
import type { AttachRecord, RecordedAttachment } from '../../attach/record';
import { addressOf } from '../../net/ip';
import { toStatus } from '../../pod/status';
import { toTable } from './table';

const shortId = 12; // characters of a container id, as container tools show them

/** One line for each attachment: pod, container, network, interface, addresses, since when, and why DEL left it, if it did. */
export function toListText(records: readonly AttachRecord[]): string {
  const failed = records.some(({ attachments }) => attachments.some(({ failure }) => failure !== undefined));
  const rows = records.flatMap((record) =>
    record.attachments.map((one) => [
      record.pod === undefined ? '-' : `${record.pod.namespace}/${record.pod.name}`,
      record.containerId.slice(0, shortId),
      one.network,
      one.ifName,
      one.result === undefined ? 'unfinished' : addresses(one) || 'layer 2',
      record.createdAt,
      one.failure ?? '',
    ]),
  );
  const headings = ['POD', 'CONTAINER', 'NETWORK', 'INTERFACE', 'ADDRESSES', 'SINCE', ...(failed ? ['NOT FREED'] : [])];
  return toTable(headings, rows) || 'Nothing is attached.\n';
}

/** The records as they are, each with the network-status that its pod should show. */
export function toListJson(records: readonly AttachRecord[]): string {
  const shown = records.map((record) => ({
    ...record,
    networkStatus: JSON.parse(toStatus(finished(record))) as unknown,
  }));
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

function addresses({ ifName, result }: RecordedAttachment): string {
  const own = result?.ips.filter(({ interface: at }) => at === undefined || result.interfaces[at]?.name === ifName);
  return (own ?? []).map(({ address }) => addressOf(address)).join(', ');
}

function finished({ attachments }: AttachRecord): Parameters<typeof toStatus>[0] {
  return attachments.flatMap(({ result, ...one }) => (result === undefined ? [] : [{ ...one, result }]));
}
