/** Which sandbox a pod had last: one small file per pod, beside the records. Touches its own directory only. */

import { readdirSync } from '../kernel/fs';
import { containerId, ifName } from '../net/names';
import { join } from '../path';
import { deletePlain, writePlain } from './atomic';
import { fileNameOf } from './file-name';
import { readText } from './files';
import { io, ioUnlessMissing } from './io';
import type { RecordOwner } from './owner';

/** A pod by its name. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Sandboxes by pod. The files are hints: a lost or stale one costs a look at a record that is not there. */
export interface PodIndex {
  find(pod: PodName): RecordOwner | undefined;
  remember(pod: PodName, owner: RecordOwner): void;
  /** Only while the pod's last sandbox is that one, or nobody can tell. */
  forget(pod: PodName, owner: RecordOwner): void;
  /** Deletes the hints that lead to no record. Returns their paths. */
  deleteStale(isRecorded: (owner: RecordOwner) => boolean): readonly string[];
}

/** The index in that directory. */
export function createPodIndex(directory: string): PodIndex {
  const pathOf = ({ namespace, name }: PodName): string => join(directory, fileNameOf(`${namespace}/${name}`));
  return {
    find: (pod) => read(pathOf(pod)),

    remember(pod, owner) {
      const path = pathOf(pod);
      io('write', path, () => writePlain(path, `${owner.containerId} ${owner.ifName}`));
    },

    forget(pod, owner) {
      const last = read(pathOf(pod));
      const torn = last === undefined; // by a killed writer: nobody's
      if (torn || (last.containerId === owner.containerId && last.ifName === owner.ifName)) deletePlain(pathOf(pod));
    },

    deleteStale(isRecorded) {
      const names = ioUnlessMissing('read', directory, () => readdirSync(directory).sort()) ?? [];
      const stale = names.map((name) => join(directory, name)).filter((path) => !leads(read(path), isRecorded));
      for (const path of stale) deletePlain(path);
      return stale;
    },
  };
}

function leads(owner: RecordOwner | undefined, isRecorded: (owner: RecordOwner) => boolean): boolean {
  return owner !== undefined && isRecorded(owner);
}

/** A torn or foreign file tells nothing. */
function read(path: string): RecordOwner | undefined {
  const text = readText(path);
  const [container = '', link = '', ...more] = text?.split(' ') ?? [];
  if (link === '' || more.length > 0) return undefined;
  try {
    return { containerId: containerId(container), ifName: ifName(link, path) };
  } catch {
    return undefined;
  }
}
