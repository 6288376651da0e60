/** Puts Braid on a node: plans from what lies there, then writes. Touches the CNI directories and Braid's own. */
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fromMultus, isMultusConf, type Migration } from '../cni/from-multus';
import { toNodeConf } from '../cni/node-conf';
import { type Choice, type ConfText, choosePrimary, isOwn } from '../cni/primary';
import { fail } from '../error';
import type { Json } from '../json';
import { findLayout, type HostLayout } from './distribution';
import { readText } from './files';
import { inRoot } from './host-root';
import { backUp, confFile, findInstall, type PlacedFile, saveInstall } from './install-state';
import { io, ioUnlessMissing } from './io';
import { misplacedFiles, misplacedFix } from './misplaced';
import { findMultusSandboxes, type MultusSandbox, saveMultusSandboxes } from './multus-records';
import { type Content, digestOf, findDigest, findLink, findMode, type Link, place, placeLink } from './place';

/** What the administrator says. Paths are the host's, but `root` and `binary`. */
export interface InstallOptions {
  /** Where the host's files are: `/`, or a mount of it. */
  readonly root: string;
  /** The executable to install. */
  readonly binary: string;
  readonly confDir?: string | undefined;
  readonly binDir?: string | undefined;
  readonly networksDir: string;
  readonly cniDir: string;
  /** File name of the primary network. */
  readonly primary?: string | undefined;
  readonly clusterCIDRs: readonly string[];
  readonly fromMultus: boolean;
  /** More keys of the configuration; they win over Multus', and take the place of those given before. */
  readonly settings?: Json | undefined;
  readonly force: boolean;
}

/** A file of the plan; paths are the host's. */
export interface PlannedFile {
  readonly path: string;
  readonly content: Content | Link;
  readonly mode: number;
  readonly change: 'create' | 'replace' | 'keep';
}

export interface InstallPlan {
  readonly layout: HostLayout;
  readonly choice: Choice;
  readonly migration: Migration | undefined;
  /** Keys of the configuration beyond what the installer finds out: Multus', from this or an earlier installation. */
  readonly taken: Json;
  /** The administrator's, which win. */
  readonly given: Json;
  /** Sandboxes that Multus attached, to become Braid's. */
  readonly attachedByMultus: readonly MultusSandbox[];
  readonly files: readonly PlannedFile[];
  /** Where the runtime looks, and does not find what is planned. */
  readonly misplaced: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Looks at the node and decides; writes nothing. PrimaryMissing when no network can be used (yet), ConfigInvalid when
 * `fromMultus` finds no Multus; as toNodeConf when the settings make a configuration that no call could use.
 */
export function planInstall(options: InstallOptions): InstallPlan {
  const layout = findLayout(options.root, options);
  const texts = readConfTexts(inRoot(options.root, layout.confDir));
  const migration = options.fromMultus ? migrate(texts, layout) : undefined;
  const before = findInstall(inRoot(options.root, options.cniDir));
  const taken = migration?.keys ?? before?.settings ?? {};
  const given = options.settings ?? before?.given ?? {};
  const settings = { ...taken, ...given };
  const wanted = options.primary ?? migration?.primary;
  const choice = choosePrimary(texts, { wanted, before: before?.primary });
  const writtenOut = settings.delegates !== undefined || settings.clusterNetwork !== undefined;
  if (choice.primary === undefined && !writtenOut) failWithoutPrimary(layout, wanted, choice);
  const conf = toNodeConf({
    clusterNetwork: choice.primary === undefined || writtenOut ? undefined : join(layout.confDir, choice.primary.file),
    capabilities: choice.primary?.capabilities ?? [],
    binDir: layout.binDir,
    networksDir: options.networksDir,
    clusterCIDRs: options.clusterCIDRs,
    runtime: layout.runtime,
    more: settings,
  });
  const planned = (path: string, content: Content, mode: number): PlannedFile => {
    const here = inRoot(options.root, path);
    const digest = findDigest(here);
    const same = digest === digestOf(content) && findMode(here) === mode;
    const change = digest === undefined ? 'create' : same ? 'keep' : 'replace';
    return { path, content, mode, change };
  };
  const misplaced = misplacedFiles(options.root, layout.named, layout);
  return {
    layout,
    choice: writtenOut ? { ...choice, primary: undefined } : choice,
    migration,
    taken,
    given,
    attachedByMultus: migration === undefined ? [] : findMultusSandboxes(options.root, migration.cniDir),
    files: [
      planned(join(layout.binDir, 'braid'), { copyOf: options.binary }, 0o755),
      ...planLoopback(layout, options),
      planned(join(layout.confDir, confFile), { text: conf.text }, 0o600),
    ],
    misplaced,
    warnings: [
      ...misplaced.map((each) => `${each}: ${misplacedFix}`),
      ...conf.warnings.map((each) => `the configuration: ${each}`),
      ...warningsOf(texts, options),
    ],
  };
}

/** Runtimes want a plugin for the pod's loopback link: Braid is one under that name, where nobody else is. */
function planLoopback({ binDir }: HostLayout, { root }: InstallOptions): readonly PlannedFile[] {
  const link = { path: join(binDir, 'loopback'), content: { linkTo: 'braid' }, mode: 0o777 } as const;
  const there = findLink(join(inRoot(root, binDir), 'loopback')); // inRoot would follow the link itself
  if (there === undefined) return [{ ...link, change: 'create' }];
  return there === link.content.linkTo ? [{ ...link, change: 'keep' }] : [];
}

/**
 * Does what was planned, the executable before the configuration. What a file held before the first installation is
 * kept. Sandboxes of Multus get records. PodsAttached when one cannot, and `force` is not set: then nothing is touched.
 */
export function install(plan: InstallPlan, options: InstallOptions): void {
  const stuck = plan.attachedByMultus.filter(({ record }) => record === undefined);
  if (stuck.length > 0 && !options.force) {
    const shown = stuck.map(({ containerId }) => containerId.slice(0, 12)).join(', ');
    fail('PodsAttached', `Cannot take over from Multus: it has sandboxes whose DEL Braid could not do: ${shown}`);
  }
  const cniDir = inRoot(options.root, options.cniDir);
  saveMultusSandboxes(plan.attachedByMultus, cniDir); // before a runtime calls Braid for their DEL
  const known = findInstall(cniDir)?.files ?? [];
  const files = plan.files.map(({ path, content }, index): PlacedFile => {
    const backup = `${known.length + index}-${basename(path)}`;
    const earlier = known.find((file) => file.path === path);
    if ('linkTo' in content) return { path, sha256: digestOf({ copyOf: options.binary }), before: earlier?.before };
    const kept = earlier === undefined ? backUp(cniDir, inRoot(options.root, path), backup) : earlier.before;
    return { path, sha256: digestOf(content), before: kept };
  });
  const moved = known.filter(({ path }) => !files.some((file) => file.path === path)); // from other directories, of old
  const { choice, taken: settings, given, misplaced } = plan;
  saveInstall(cniDir, { primary: choice.primary?.file, settings, given, misplaced, files: [...moved, ...files] });
  const networksDir = inRoot(options.root, options.networksDir);
  io('create', networksDir, () => mkdirSync(networksDir, { recursive: true, mode: 0o755 }));
  for (const { path, content, mode, change } of plan.files) {
    if (change === 'keep') continue;
    if ('linkTo' in content) placeLink(inRoot(options.root, path), content);
    else place(inRoot(options.root, path), content, mode);
  }
}

/** Files of the directory with their texts, as far as they can be read; broken ones are told apart later. */
function readConfTexts(directory: string): readonly ConfText[] {
  const entries = ioUnlessMissing('read', directory, () => readdirSync(directory, { withFileTypes: true })) ?? [];
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => {
      try {
        return { name, text: readText(join(directory, name)) ?? '' };
      } catch {
        return { name, text: '' };
      }
    });
}

function migrate(texts: readonly ConfText[], { confDir }: HostLayout): Migration {
  const readable = texts.filter(({ name }) => ['.conf', '.conflist', '.json'].includes(extname(name)));
  const multus =
    readable.filter(({ text }) => isMultusConf(text)).sort((a, b) => (a.name < b.name ? -1 : 1))[0] ??
    fail('ConfigInvalid', `Cannot take over from Multus: no file of ${confDir} has a plugin of type multus`);
  return fromMultus(
    multus.name,
    multus.text,
    readable.filter((each) => each !== multus),
  );
}

function failWithoutPrimary({ confDir }: HostLayout, wanted: string | undefined, { passedOver }: Choice): never {
  const seen = passedOver.map(({ file, why }) => `${file} (${why})`).join(', ') || 'nothing';
  const what = wanted === undefined ? 'the primary network' : `a network in ${wanted}`;
  return fail('PrimaryMissing', `Cannot find ${what} in ${confDir}: there is ${seen}`);
}

function warningsOf(texts: readonly ConfText[], { fromMultus: migrating }: InstallOptions): readonly string[] {
  const isRead = ({ name }: ConfText): boolean => ['.conf', '.conflist', '.json'].includes(extname(name));
  const earlier = texts.filter((each) => isRead(each) && each.name < confFile).map(({ name }) => name);
  const own = texts
    .filter((each) => isRead(each) && each.name !== confFile && isOwn(each.text))
    .map(({ name }) => name);
  const renamed = texts.some(({ name }) => name.startsWith('00-braid') && name.endsWith('.cilium_bak'));
  const multus = texts.find((each) => isRead(each) && isMultusConf(each.text));
  return [
    ...earlier.map((name) => `${name} comes before ${confFile}: runtimes take it, and Braid is not called`),
    ...own.map((name) => `${name} is another configuration of Braid: remove it`),
    ...(renamed ? ['Cilium renamed the configuration of Braid: set cni.exclusive to false in its configuration'] : []),
    ...(multus !== undefined && !migrating
      ? [`${multus.name} is of Multus: remove its DaemonSet; --from-multus takes its settings over`]
      : []),
  ];
}
