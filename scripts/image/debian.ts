/**
 * Files of Debian packages for a machine that need not be this one: fetched and verified by apt-get, with a state of its own,
 * and unpacked by dpkg-deb. Writes the directory it is given, and keeps the packages for the next time.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Unpacked packages. */
export interface Packages {
  /** Their files, as below `/` of that machine. */
  readonly root: string;
  /** Names with version and machine, sorted. */
  readonly versions: readonly string[];
}

/** The packages, unpacked below `directory`; those that an earlier run fetched are taken as they are. */
export function unpackPackages(architecture: string, names: readonly string[], directory: string): Packages {
  const kept = path.join(directory, 'packages');
  mkdirSync(kept, { recursive: true });
  const missing = names.filter((name) => find(kept, name) === undefined);
  if (missing.length > 0) fetchPackages(architecture, missing, directory, kept);
  const root = path.join(directory, 'root');
  mkdirSync(root, { recursive: true });
  const files = names.map((name) => find(kept, name) ?? `${name} was not fetched`).sort();
  for (const file of files) execFileSync('dpkg-deb', ['--extract', path.join(kept, file), root]);
  return { root, versions: files.map((file) => decodeURIComponent(file.replace(/\.deb$/, ''))) };
}

function find(directory: string, name: string): string | undefined {
  return readdirSync(directory).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
}

/** As on a machine of that architecture with no package at all: this machine's own apt state stays as it is. */
function fetchPackages(architecture: string, names: readonly string[], directory: string, into: string): void {
  const state = path.join(directory, 'apt');
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(path.join(state, part), { recursive: true });
  writeFileSync(path.join(state, 'status'), '');
  const settings = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State=${state}`,
    `Dir::State::status=${path.join(state, 'status')}`,
    `Dir::Cache=${state}`,
    'APT::Sandbox::User=', // whoever builds: the directories are his
  ];
  const apt = (...words: readonly string[]): unknown =>
    execFileSync('apt-get', ['-qq', ...settings.flatMap((each) => ['-o', each]), ...words], {
      cwd: into,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  apt('update');
  apt('download', ...names);
}
