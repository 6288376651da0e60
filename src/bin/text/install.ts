/** `braid install` and `braid uninstall`: what was found, and what is or would be done. Pure. */
import type { InstallPlan } from '../../disk/install';
import type { UninstallReport } from '../../disk/uninstall';
import { toTable } from './table';

const done = { create: 'created', replace: 'replaced', keep: 'as it was' };
const wouldBe = { create: 'to create', replace: 'to replace', keep: 'stays' };

/** The node, its primary network, what comes of Multus, the files, then warnings. */
export function toInstallText(plan: InstallPlan, dryRun: boolean): string {
  const { layout, choice, migration, taken, given, attachedByMultus, files, warnings } = plan;
  const { primary, passedOver } = choice;
  const shownPrimary =
    primary === undefined
      ? 'as the settings say'
      : `${layout.confDir}/${primary.file}: ${primary.network} (${primary.types.join(', ')})`;
  const words = dryRun ? wouldBe : done;
  return [
    `Node             ${layout.distribution}, ${layout.runtime}; directories: ${layout.because}\n`,
    `Primary network  ${shownPrimary}\n`,
    `Settings         ${Object.keys({ ...taken, ...given }).join(', ') || 'the defaults'}\n`,
    section(
      'Passed over',
      toTable(
        ['FILE', 'WHY'],
        passedOver.map(({ file, why }) => [file, why]),
      ),
    ),
    migration === undefined ? '' : `\n${toSettingsText(migration)}`,
    sandboxesText(attachedByMultus),
    section(
      'Files',
      toTable(
        ['FILE', 'DONE'],
        files.map(({ path, change }) => [path, words[change]]),
      ),
    ),
    ...warnings.map((warning) => `\nWarning: ${warning}.\n`),
    dryRun ? '\nNothing was written.\n' : '',
  ].join('');
}

/** The plan as it is, without the bytes. */
export function toInstallJson(plan: InstallPlan, dryRun: boolean): string {
  const files = plan.files.map(({ path, content, change }) => ({
    path,
    change,
    ...('text' in content ? { text: content.text } : {}),
  }));
  return `${JSON.stringify({ dryRun, ...plan, files }, undefined, 2)}\n`;
}

/** What became of each file, and of whom the pods are that still hold networks. */
export function toUninstallText({ installed, files, attached }: UninstallReport, dryRun: boolean): string {
  if (!installed) return 'Braid was not installed here by braid install. Nothing was changed.\n';
  const rows = files.map(({ path, done: what, why = '' }) => [path, dryRun ? `to be ${what}` : what, why]);
  const pods = attached.length === 0 ? '' : `Pods with networks of Braid: ${attached.join(', ')}\n`;
  return `${toTable(['FILE', 'DONE', 'WHY'], rows)}${pods}${dryRun ? 'Nothing was written.\n' : ''}`;
}

/** The report as it is. */
export function toUninstallJson(report: UninstallReport, dryRun: boolean): string {
  return `${JSON.stringify({ dryRun, ...report }, undefined, 2)}\n`;
}

/** What becomes of Multus' settings. */
export function toSettingsText({ file, keys, dropped }: NonNullable<InstallPlan['migration']>): string {
  return [
    `From Multus (${file}): ${Object.keys(keys).join(', ') || 'nothing that differs from the defaults'}\n`,
    section(
      'Left out of it',
      toTable(
        ['KEY', 'WHY'],
        dropped.map(({ key, why }) => [key, why]),
      ),
    ),
  ].join('');
}

function sandboxesText(attached: InstallPlan['attachedByMultus']): string {
  return section(
    'Sandboxes that Multus attached',
    toTable(
      ['SANDBOX', 'POD', 'NETWORKS', 'BECOMES'],
      attached.map((each) => [each.containerId.slice(0, 12), ...sandboxCells(each)]),
    ),
  );
}

function sandboxCells(sandbox: InstallPlan['attachedByMultus'][number]): readonly string[] {
  if (sandbox.record === undefined) return ['', '', `nothing, delete its pod first: ${sandbox.why}`];
  const { pod, attachments } = sandbox.record;
  const networks = attachments.map(({ network, ifName }) => `${network} (${ifName})`).join(', ');
  return [pod === undefined ? '' : `${pod.namespace}/${pod.name}`, networks, 'Braid’s: DEL works'];
}

/** A table under its title, indented; nothing when it is empty. */
export const section = (title: string, table: string): string =>
  table === '' ? '' : `\n${title}\n${indented(table)}\n`;

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ').replace(/\n$/, '');
