/** What the installer wrote on a node, so that it can be taken back. Touches `install.json` and `install/` of Braid's directory. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  int,
  isRecord,
  type Json,
  list,
  optionalInt,
  optionalString,
  parseObject,
  record,
  string,
  strings,
} from '../json';
import { readText } from './files';
import { ioUnlessMissing } from './io';
import { findMode, place, remove } from './place';

/** Braid's configuration file: before every other, for runtimes take the first by name. */
export const confFile = '00-braid.conflist';

/** A file that was written; paths are the host's. */
export interface PlacedFile {
  readonly path: string;
  /** SHA-256 of what was written. */
  readonly sha256: string;
  /** What was there before: a file of the backup directory with its mode. */
  readonly before: { readonly backup: string; readonly mode: number } | undefined;
}

export interface InstallState {
  /** File name of the primary network that was chosen; undefined: it stands written out in the configuration. */
  readonly primary: string | undefined;
  /** Keys of the configuration that were taken from Multus: they stay. */
  readonly settings: Json;
  /** Those of the administrator's file: they stay until there is another file, whose keys take their place. */
  readonly given: Json;
  /** What the runtime did not find where it looks, as the installer saw it. */
  readonly misplaced: readonly string[];
  /** In the order of writing. */
  readonly files: readonly PlacedFile[];
}

const stateVersion = 1;
const stateFile = (cniDir: string): string => join(cniDir, 'install.json');

/** Where the bytes of a replaced file are kept. */
export const backupOf = (cniDir: string, backup: string): string => join(cniDir, 'install', backup);

/** The state of the last installation; `undefined` when there is none. RecordInvalid when it cannot be read. */
export function findInstall(cniDir: string): InstallState | undefined {
  const path = stateFile(cniDir);
  const text = readText(path);
  if (text === undefined) return undefined;
  const top = record(parseObject(text, path, 'RecordInvalid'), path, 'RecordInvalid');
  int(top.version, `version in ${path}`, 1, stateVersion, 'RecordInvalid');
  return {
    primary: optionalString(top.primary, `primary in ${path}`, 'RecordInvalid'),
    settings: isRecord(top.settings) ? top.settings : {}, // in older ones the given keys, too
    given: isRecord(top.given) ? top.given : {},
    misplaced: strings(top.misplaced ?? [], `misplaced in ${path}`, 'RecordInvalid'), // older ones have none
    files: list(top.files, `files in ${path}`, 'RecordInvalid').map((each) => parseFile(each, path)),
  };
}

/** Where a file of that name was written last: other directories may have been the right ones of old. */
export function placedAt({ files }: Pick<InstallState, 'files'>, name: string): string | undefined {
  return files.findLast(({ path }) => basename(path) === name)?.path;
}

function parseFile(value: unknown, path: string): PlacedFile {
  const file = record(value, `files in ${path}`, 'RecordInvalid');
  const backup = optionalString(file.backup, `backup in ${path}`, 'RecordInvalid');
  return {
    path: string(file.path, `path in ${path}`, '', 'RecordInvalid'),
    sha256: string(file.sha256, `sha256 in ${path}`, '', 'RecordInvalid'),
    before:
      backup === undefined
        ? undefined
        : { backup, mode: optionalInt(file.mode, `mode in ${path}`, 0, 0o7777, 'RecordInvalid') ?? 0o644 },
  };
}

/** On disk, whole and synced, before it returns: it is written before the files are. */
export function saveInstall(cniDir: string, { files, ...state }: InstallState): void {
  const shown = files.map(({ path, sha256, before }) => ({ path, sha256, ...before }));
  const text = `${JSON.stringify({ version: stateVersion, ...state, files: shown }, undefined, 2)}\n`;
  place(stateFile(cniDir), { text }, 0o600);
}

/** Keeps the bytes of a file that is about to be replaced. */
export function backUp(cniDir: string, path: string, backup: string): PlacedFile['before'] {
  const mode = findMode(path);
  if (mode === undefined) return undefined;
  place(backupOf(cniDir, backup), { copyOf: path }, 0o600);
  return { backup, mode };
}

/** Forgets the installation and its backups, and what failed lately. */
export function deleteInstall(cniDir: string): void {
  remove(stateFile(cniDir));
  for (const own of ['install', 'failures']) rmSync(join(cniDir, own), { recursive: true, force: true });
  if (ioUnlessMissing('read', cniDir, () => readdirSync(cniDir))?.length === 0) rmSync(cniDir, { recursive: true });
}
