/** `braid migrate`. Reads manifests, the cluster and the node as far as asked; writes stdout. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { fromMultus } from '../../cni/from-multus';
import { planInstall } from '../../disk/install';
import { podsOf } from '../../disk/pod-manifests';
import { fail } from '../../error';
import { readDocuments } from '../documents';
import { migrationOf, otherSystemsIn } from '../migration';
import { withOwn } from '../own-networks';
import { openSources, type SourceOptions, withSourceOptions } from '../plan-sources';
import { writeOutput } from '../stdio';
import { toInstallJson, toInstallText } from '../text/install';
import { toMigrationJson, toMigrationText } from '../text/migrate';
import { type Common, command, hostPlaces } from './options';

interface MigrateOptions extends SourceOptions, Common {
  readonly multus?: string;
  readonly namespace: string;
  readonly root: string;
}

const examples = `
Without files the node is read: Multus' settings, the sandboxes it has attached, and what an installation would do.

Examples:
  braid migrate
  braid migrate pods.yaml --networks networks/ --multus /etc/cni/net.d/00-multus.conf
  kubectl get pods -A -o yaml | braid migrate - --kubeconfig ~/.kube/config`;

export function register(program: Command): void {
  const says = 'show what would change for which pods when Multus goes and Braid comes: nothing is touched';
  withSourceOptions(command(program, 'migrate', says))
    .argument('[files...]', 'manifests of pods or workloads, networks may stand in them, too; - reads standard input')
    .option('--multus <file>', "Multus' configuration, whose settings Braid would take over")
    .option('-n, --namespace <name>', 'of pods that name none', 'default')
    .option('--root <dir>', "where the node's files are, when no file is given", '/')
    .addHelpText('after', examples)
    .action(async (files: readonly string[], options: MigrateOptions) => {
      if (files.length === 0) writeOutput(nodeReport(options));
      else await reportPods(files, options);
    });
}

/** What `braid install --from-multus --dry-run` says. */
function nodeReport({ root, output }: MigrateOptions): string {
  const plan = planInstall({
    root,
    binary: process.execPath,
    ...hostPlaces,
    clusterCIDRs: [],
    fromMultus: true,
    force: false,
  });
  return output === 'json' ? toInstallJson(plan, true) : toInstallText(plan, true);
}

/** Exit status 1 when Braid would refuse a pod. */
async function reportPods(files: readonly string[], options: MigrateOptions): Promise<void> {
  const { multus, namespace, output } = options;
  const settings = multus === undefined ? undefined : fromMultus(basename(multus), readFileSync(multus, 'utf8'), []);
  const { clusterNetwork: _, ...keys } = settings?.keys ?? {}; // that one lies on the node
  const sources = await openSources(options, keys);
  const read = [];
  for (const file of files) read.push({ file, documents: await readDocuments(file) });
  const networks = read.reduce((more, { file, documents }) => withOwn(documents, file, more), sources.networks);
  const documents = read.flatMap((each) => each.documents);
  const pods = podsOf(documents, namespace);
  if (pods.length === 0)
    fail('ConfigInvalid', `Cannot find a Pod, or a workload with a pod template, in ${files.join(', ')}`);
  const found = [];
  for (const pod of pods) found.push(await migrationOf(pod, { ...sources, networks }));
  const report = { settings, pods: found, otherSystems: otherSystemsIn(pods, documents) };
  writeOutput(output === 'json' ? toMigrationJson(report) : toMigrationText(report));
  if (found.some(({ refused }) => refused !== undefined)) process.exitCode = 1;
}
