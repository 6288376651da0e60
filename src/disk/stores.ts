/** The host-local stores that Braid has used on this node: one small file each. Touches its own directory only. */

import { readdirSync, readFileSync, statSync } from '../kernel/fs';
import { join } from '../path';
import { writePlain } from './atomic';
import { fileNameOf } from './file-name';
import { io, ioUnlessMissing } from './io';

/** Directories of stores, so that a container's reservations can be found without its record. */
export interface StoreList {
  /** Before anything is reserved there. */
  remember(store: string): void;
  all(): readonly string[];
}

/** The list in that directory. */
export function createStoreList(directory: string): StoreList {
  const read = (path: string): string => ioUnlessMissing('read', path, () => readFileSync(path)) ?? '';
  return {
    remember(store) {
      const path = join(directory, fileNameOf(store));
      const length = ioUnlessMissing('read', path, () => statSync(path).size);
      const whole = length === Buffer.byteLength(store); // a killed writer leaves it shorter; its name says the rest
      if (!whole) io('write', path, () => writePlain(path, store));
    },

    all() {
      const names = ioUnlessMissing('read', directory, () => readdirSync(directory).sort()) ?? [];
      return names.map((name) => read(join(directory, name))).filter((store) => store.startsWith('/')); // not a torn one
    },
  };
}
