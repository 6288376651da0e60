/** Puts the CNI configuration back when another program removes or replaces it. Watches its directory; acts through the store. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Log } from '../attach/ports';
import { toCniError } from '../error';

/** The configuration file and the copy that is kept beside Braid's state. */
export interface ConfStore {
  readonly path: string;
  /** What lies at the path; `undefined`: nothing that can be read. */
  read(): string | undefined;
  /** The copy; `undefined`: there is none, so nothing is put back. An uninstallation deletes it. */
  kept(): string | undefined;
  keep(text: string): void;
  restore(text: string): void;
}

/** What is to be done. `adopt`: Braid's installer, or an administrator, wrote a newer one. */
export function planKeep(current: string | undefined, kept: string | undefined): 'nothing' | 'adopt' | 'restore' {
  if (current !== undefined && isOwn(current)) return current === kept ? 'nothing' : 'adopt';
  return kept === undefined ? 'nothing' : 'restore';
}

/** Whether the text is a configuration of type braid: whole, and nobody else's. */
export function isOwn(text: string): boolean {
  try {
    const conf = JSON.parse(text) as { readonly type?: unknown; readonly plugins?: unknown } | null;
    const plugins = Array.isArray(conf?.plugins) ? conf.plugins : [conf];
    return plugins[0]?.type === 'braid';
  } catch {
    return false;
  }
}

/** How long it waits before it acts, in milliseconds: whoever replaces a file has it missing for a moment. */
const settle = 250;
const lookEvery = 5000; // a directory that came later, or events that were lost

/** Looks at once, at each change, and now and then. Returns its end. */
export function keepConf(store: ConfStore, restored: () => void, log: Log): () => void {
  const { path } = store;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let watcher: ReturnType<typeof watch> | undefined;

  const look = (): void => {
    settling = undefined;
    try {
      const current = store.read();
      const kept = store.kept();
      const plan = planKeep(current, kept);
      if (plan === 'adopt' && current !== undefined) store.keep(current);
      if (plan === 'restore' && kept !== undefined) {
        store.restore(kept);
        restored();
        log.warn({ path }, 'another program had removed or replaced the CNI configuration; it is back');
      }
    } catch (error) {
      log.warn({ path, problem: toCniError(error).problem }, 'cannot keep the CNI configuration');
    }
    watchAgain();
  };
  const soon = (): void => {
    settling ??= setTimeout(look, settle);
  };
  const watchAgain = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(dirname(path), (_, name) => {
        if (name === null || name === basename(path)) soon();
      });
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined; // the directory is gone; the timer looks for it
      });
    } catch {
      watcher = undefined; // there is no such directory yet
    }
  };
  look();
  const timer = setInterval(soon, lookEvery);
  return () => {
    clearInterval(timer);
    clearTimeout(settling);
    watcher?.close();
  };
}
