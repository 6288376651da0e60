/** What a link was before it was tuned, as the reference plugin's file has it: either can put back what the other changed. Pure. */
import { optionalMac } from '../../src/attach/mac';
import { boolean, optionalInt, parseObject, record } from '../../src/json';
import type { Link, LinkChange } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';

/** The former values, of what was changed only. */
export interface Backup {
  readonly mac?: Mac | undefined;
  readonly promisc?: boolean | undefined;
  readonly mtu?: number | undefined;
  readonly allmulti?: boolean | undefined;
  readonly txQLen?: number | undefined;
}

/** What the change will overwrite. */
export function backupOf(link: Link, change: LinkChange): Backup {
  return {
    mac: change.mac === undefined ? undefined : link.mac,
    promisc: change.promisc === undefined ? undefined : link.promisc > 0,
    mtu: change.mtu === undefined ? undefined : link.mtu,
    allmulti: change.allMulti === undefined ? undefined : link.allMulti,
    txQLen: change.txQueueLength === undefined ? undefined : link.txQueueLength,
  };
}

/** The file's text. */
export function backupText(backup: Backup): string {
  return JSON.stringify(backup, undefined, 1);
}

/** Reads the file's text. DecodeFailed or ConfigInvalid when it is damaged. */
export function parseBackup(text: string): Backup {
  const c = record(parseObject(text, 'the former settings'), 'the former settings');
  const flag = (value: unknown, field: string): boolean | undefined =>
    value === undefined ? undefined : boolean(value, field);
  return {
    mac: optionalMac(c.mac, 'mac'),
    promisc: flag(c.promisc, 'promisc'),
    mtu: optionalInt(c.mtu, 'mtu', 0, 2 ** 31 - 1),
    allmulti: flag(c.allmulti, 'allmulti'),
    txQLen: optionalInt(c.txQLen, 'txQLen', 0, 2 ** 31 - 1),
  };
}

/** The change that brings the former values back. */
export function restoring({ mac, promisc, mtu, allmulti: allMulti, txQLen: txQueueLength }: Backup): LinkChange {
  return { mac, promisc, mtu, allMulti, txQueueLength };
}
