/** Pods whose ADD failed lately: one small file per pod, until a day later. Touches its own directory only. */
import { type FailedPod, type Failure, withFailure } from '../attach/history';
import { parseObject } from '../json';
import { readdirSync } from '../kernel/fs';
import { join } from '../path';
import { deletePlain, writePlain } from './atomic';
import { fileNameOf } from './file-name';
import { readText } from './files';
import { io, ioUnlessMissing } from './io';
import { parseFailure } from './parse-failure';
import type { PodName } from './pods';

const longest = 64 * 1024; // bytes of a file
const lasting = 24 * 60 * 60 * 1000; // ms
const mostPods = 1000; // kept at a clean-up: a job may fail under a new name each time

/** Who failed. A file that is torn or not ours tells nothing, and goes at the next clean-up. */
export interface FailedPods {
  note(pod: PodName, failure: Failure): void;
  all(): readonly FailedPod[];
  /** Deletes what is older than a day at `now` (RFC 3339), torn, or too much. */
  deleteOld(now: string): void;
}

/** The failed pods in that directory. */
export function createFailedPods(directory: string): FailedPods {
  const files = () => ioUnlessMissing('read', directory, () => readdirSync(directory).sort()) ?? [];
  const read = (name: string): FailedPod | undefined => parse(readText(join(directory, name), longest));
  return {
    note({ namespace, name }, failure) {
      const pod = `${namespace}/${name}`;
      const file = fileNameOf(pod);
      const failures = withFailure(read(file)?.failures, failure);
      const path = join(directory, file);
      io('write', path, () => writePlain(path, JSON.stringify({ pod, failures })));
    },

    all: () => files().flatMap((name) => read(name) ?? []),

    deleteOld(now) {
      const kept = files().map((name) => ({ name, at: Date.parse(read(name)?.failures.at(-1)?.at ?? '') }));
      const newest = kept
        .filter(({ at }) => Date.parse(now) - at < lasting)
        .sort((a, b) => b.at - a.at)
        .slice(0, mostPods);
      for (const { name } of kept.filter((one) => !newest.includes(one))) {
        deletePlain(join(directory, name));
      }
    },
  };
}

function parse(text: string | undefined): FailedPod | undefined {
  if (text === undefined) return undefined;
  try {
    const { pod, failures } = parseObject(text, 'it');
    const known = Array.isArray(failures) ? failures.flatMap((one) => parseFailure(one) ?? []) : [];
    return typeof pod === 'string' && known.length > 0 ? { pod, failures: known } : undefined;
  } catch {
    return undefined;
  }
}
