/** The copy of the CNI configuration that the agent keeps, to put it back. Touches that copy and the configuration. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { ConfStore } from '../agent/conf-keeper';
import { readText } from './files';
import { backupOf, confFile, findInstall, placedAt } from './install-state';
import { ioUnlessMissing } from './io';
import { place } from './place';

/** The configuration that was installed on this node; `undefined` when none was. RecordInvalid. */
export function findInstalledConf(cniDir: string): string | undefined {
  const installed = findInstall(cniDir);
  return installed && placedAt(installed, confFile);
}

/** The copy lies among the installer's own files, so that an uninstallation takes it along. */
export function createConfStore(cniDir: string, path: string): ConfStore {
  const copy = backupOf(cniDir, `agent-${basename(path)}`);
  return {
    path,
    read: () => (existsSync(path) ? readText(path) : undefined),
    kept: () => ioUnlessMissing('read', copy, () => readText(copy)),
    keep: (text) => place(copy, { text }, 0o600),
    restore: (text) => place(path, { text }, 0o600),
  };
}
