/** `braid list`: what is attached on this node, from Braid's records. Pure. */
import { type FailedPod, type Failure, mostFailures } from '../../attach/history';
import type { BrokenRecord } from '../../attach/ports';
import type { AttachRecord, RecordedAttachment } from '../../attach/record';
import { plainly } from '../../json';
import { addressOf } from '../../net/ip';
import { toStatus } from '../../pod/status';
import { toTable } from './table';

const shortId = 12; // characters of a container id, as container tools show them

/**
 * One line for each attachment: pod, container, network, interface, master, addresses, since when, and why DEL left it, if it did.
 * Then one for each record that cannot be used, with what is wrong with it, and a table of pods whose ADD failed lately.
 */
export function toListText(
  records: readonly AttachRecord[],
  broken: readonly BrokenRecord[],
  lately: readonly FailedPod[] = [],
): string {
  const failed =
    broken.length > 0 || records.some(({ attachments }) => attachments.some(({ failure }) => failure !== undefined));
  const rows = records.flatMap((record) =>
    record.attachments.map((one) => [
      record.pod === undefined ? '-' : `${record.pod.namespace}/${record.pod.name}`,
      record.containerId.slice(0, shortId),
      one.network,
      one.ifName,
      mastersOf(one),
      one.result === undefined ? 'unfinished' : addresses(one) || 'layer 2',
      record.createdAt,
      one.failure ?? '',
    ]),
  );
  const unread = broken.map(({ containerId, ifName, error }) => [
    '-',
    containerId.slice(0, shortId),
    '-',
    ifName,
    '-',
    'unknown',
    '-',
    error.message,
  ]);
  const headings = [
    'POD',
    'CONTAINER',
    'NETWORK',
    'INTERFACE',
    'MASTER',
    'ADDRESSES',
    'SINCE',
    ...(failed ? ['NOT FREED'] : []),
  ];
  const attached = toTable(headings, [...rows, ...unread]) || 'Nothing is attached.\n';
  const lost = lately.flatMap(({ pod, failures }) =>
    failures.slice(-1).map(({ at, reason, problem }) => [pod, at, timesOf(failures), reason, problem]),
  );
  return `${attached}${lost.length === 0 ? '' : `\n${toTable(['FAILED POD', 'LAST ADD', 'TIMES', 'REASON', 'WHY'], lost)}`}`;
}

/** The records as they are, each with the network-status that its pod should show; then whose records cannot be used, and why. */
export function toListJson(records: readonly AttachRecord[], broken: readonly BrokenRecord[]): string {
  const shown = records.map((record) => ({
    ...record,
    networkStatus: JSON.parse(toStatus(finished(record))) as unknown,
  }));
  const unread = broken.map(({ containerId, ifName, error: { reason, message } }) => ({
    containerId,
    ifName,
    reason,
    error: message,
  }));
  return `${JSON.stringify([...shown, ...unread], undefined, 2)}\n`;
}

/** The links of the node that it lives on, as they were chosen; `eth1 VLAN 7` for a VLAN of its own. */
function mastersOf({ plugins }: RecordedAttachment): string {
  const links = plugins.flatMap(({ master, device, vlan, vlanId }) => {
    const link = master ?? device;
    if (typeof link !== 'string') return [];
    const tag = vlan ?? vlanId;
    return tag === undefined ? link : `${link} VLAN ${plainly(tag)}`;
  });
  return links.join(', ') || '-';
}

function addresses({ ifName, result }: RecordedAttachment): string {
  const own = result?.ips.filter(({ interface: at }) => at === undefined || result.interfaces[at]?.name === ifName);
  return (own ?? []).map(({ address }) => addressOf(address)).join(', ');
}

function finished({ attachments }: AttachRecord): Parameters<typeof toStatus>[0] {
  return attachments.flatMap(({ result, ...one }) => (result === undefined ? [] : [{ ...one, result }]));
}

function timesOf({ length }: readonly Failure[]): string {
  return length < mostFailures ? String(length) : `${mostFailures} or more`;
}
