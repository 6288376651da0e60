/** What is written down about a pod before anything is done, and what DEL, CHECK and GC work from. Pure types. */
import type { Result, ResultRoute } from '../cni/result';
import type { Json } from '../json';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import type { Attachment } from '../pod/attachment';
import type { Failure, Step } from './history';

/** Version of the record's shape; a reader refuses a newer one and understands older ones. */
export const recordVersion = 1;

/** One pod sandbox and all its attachments, in the order of ADD. */
export interface AttachRecord {
  readonly version: number;
  readonly containerId: ContainerId;
  readonly ifName: IfName; // CNI_IFNAME, the default network's
  readonly netns: NetnsPath;
  /** Which namespace that was, by Netns.identity: paths are used again. Undefined in records of older versions. */
  readonly netnsId?: string | undefined;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string | undefined } | undefined;
  readonly bootId: string;
  readonly createdAt: string; // RFC 3339
  readonly attachments: readonly RecordedAttachment[];
  /** The merged result that the runtime got; undefined until ADD is done. */
  readonly result: Result | undefined;
  /** How long the steps of ADD took; undefined until it is done, and in records of older versions. */
  readonly steps?: readonly Step[] | undefined;
  /** What failed since, oldest first; undefined: nothing. */
  readonly failures?: readonly Failure[] | undefined;
  /** What the cluster is still to be told of it; undefined: nothing, and in records of older versions. */
  readonly unpublished?: Unpublished | undefined;
}

/** The record of a sandbox whose ADD is done. */
export type AttachedRecord = AttachRecord & { readonly result: Result };

/** A status and Events that are not written yet. */
export interface Unpublished {
  /** Why the last try failed; undefined: there was none. */
  readonly problem: string | undefined;
}

/** An attachment with its own result, undefined until its ADD is done. */
export interface RecordedAttachment extends Attachment {
  readonly result: Result | undefined;
  /** Its routes as they were decided over all networks; undefined before that, and in records of older versions. */
  readonly routes?: readonly ResultRoute[] | undefined;
  /** What is known of its device, when it has one. */
  readonly deviceInfo?: Json | undefined;
  /** Why its last DEL could not take everything back; undefined: there was none, or no failure. */
  readonly failure?: string | undefined;
}
