/** `braid doctor`. Reads the node, asks its networks and the cluster; writes stdout, and progress to stderr. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { toDefinition } from '../../attach/definition';
import { readConfigured } from '../../attach/networks';
import type { NetworkDefinition } from '../../attach/ports';
import { type NetConf, parseConfigForDel } from '../../cni/config';
import { parseNetwork } from '../../cni/network';
import { filesOf } from '../../disk/conf-dir';
import { findLayout } from '../../disk/distribution';
import { io } from '../../disk/io';
import { parseManifests } from '../../disk/manifests';
import { findMisplaced } from '../../disk/misplaced';
import { manifestEndings } from '../../disk/networks';
import { findSnapshot } from '../../disk/snapshot';
import { toCniError } from '../../error';
import { checks, runChecks } from '../doctor';
import type { DoctorView, KnownNetwork } from '../doctor/check';
import { openInspection } from '../doctor/inspection';
import { openEdges } from '../edges';
import { defaults, readConfig } from '../node';
import { writeOutput } from '../stdio';
import { toDoctorText } from '../text/doctor';
import { nodeCommand, type OnNode } from './options';

interface DoctorOptions extends OnNode {
  readonly netDir: string | undefined;
  readonly strict: boolean;
}

const examples = `
Checks, in this order: ${checks.map(({ name }) => name).join(', ')}.
Each line is ok, skipped, WARNING or BAD; what is not ok has why, and what to do.

Harmless: links are tried in a network namespace that goes with the process, also when it is killed; addresses are asked
for by ARP probes and neighbour solicitations that name nobody (RFC 5227); nft only checks. No file is written.
Without root, what needs it is skipped and says so.
Exit status: 0 nothing is bad; 1 something is, with --strict also a warning.

Examples:
  sudo braid doctor
  sudo braid doctor --conf /etc/cni/net.d/00-braid.conflist -o json`;

export function register(program: Command): void {
  nodeCommand(program, 'doctor', 'check this node, actively and harmlessly: kernel, links, VLANs, gateways, files, …')
    .addOption(new Option('--net-dir <dir>', "the runtime's directory of CNI configuration (default: looked for)"))
    .option('--strict', 'exit status 1 also for warnings', false)
    .addHelpText('after', examples)
    .action(async ({ output, conf: file, netDir, strict }: DoctorOptions) => {
      const verdicts = await runChecks(await look(file, netDir ?? findNetDir()), progress);
      progress('');
      const coloured = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';
      const json = (): string => `${JSON.stringify(verdicts, undefined, 2)}\n`;
      writeOutput(output === 'json' ? json() : toDoctorText(verdicts, coloured));
      const isBad = verdicts.some(({ light }) => light === 'bad' || (strict && light === 'warning'));
      if (isBad) process.exitCode = 1;
    });
}

/** Where this node's runtime looks. */
function findNetDir(): string {
  try {
    return findLayout('/').confDir;
  } catch {
    return '/etc/cni/net.d';
  }
}

async function look(file: string | undefined, confDir: string): Promise<DoctorView> {
  const own = file ?? tried(() => filesOf(confDir, ['.conf', '.conflist', '.json']))?.find(isBraid);
  const [written, unreadable] = readOwn(own);
  const conf: NetConf = { ...written, log: { ...written.log, level: 'panic', file: undefined } }; // a check writes no log
  return {
    edges: openEdges(conf, []),
    conf,
    unreadable,
    networks: await readAll(conf),
    confDir,
    misplaced: tried(() => findMisplaced(conf.cniDir)) ?? [],
    inspection: openInspection(process.env),
    isRoot: process.geteuid?.() === 0,
    now: Date.now(),
  };
}

/** The configuration; the defaults and the problem when it cannot be read: the rest can be looked at all the same. */
function readOwn(path: string | undefined): readonly [NetConf, DoctorView['unreadable']] {
  const usual = (): NetConf => parseConfigForDel(defaults);
  if (path === undefined) return [usual(), undefined];
  try {
    return [parseConfigForDel(io('read', path, () => readConfig(path))), undefined];
  } catch (error) {
    return [usual(), { path, error: toCniError(error) }];
  }
}

const isBraid = (path: string): boolean => basename(path).includes('braid');

/** The configured networks, those of files, and those that the agent knew; one that cannot be read is `braid lint`'s to tell. */
async function readAll(conf: NetConf): Promise<readonly KnownNetwork[]> {
  const edges = openEdges(conf, []);
  const found = new Map<string, KnownNetwork>();
  const add = (one: KnownNetwork): void => void (found.has(one.display) || found.set(one.display, one));
  const define = ({ namespace = '', name, config }: NetworkDefinition): void => {
    tried(() => add({ display: `${namespace}/${name}`, network: parseNetwork(config, name) }));
  };
  for (const each of await readConfigured(undefined, conf, edges).catch(() => [])) add(each);
  const directories = conf.networksDir.flatMap((each) => tried(() => filesOf(each, manifestEndings)) ?? []);
  for (const path of directories) {
    const text = tried(() => readFileSync(path, 'utf8'));
    const manifests = text === undefined ? [] : await parseManifests(text, path).catch(() => []);
    for (const each of manifests) tried(() => define(toDefinition(each)));
  }
  for (const each of findSnapshot(conf.cniDir, edges.log)?.snapshot.all().networks ?? []) define(each);
  return [...found.values()];
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // not readable
  }
}

/** One line that is written over, on a terminal only. */
function progress(what: string): void {
  if (process.stderr.isTTY !== true) return;
  const width = Math.max((process.stderr.columns || 80) - 3, 10); // a line that wraps could not be written over
  process.stderr.write(`\r\u001b[K${what === '' ? '' : `${what.slice(0, width)} …`}`);
}
