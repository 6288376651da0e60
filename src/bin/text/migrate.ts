/** `braid migrate`: what would change for which pods, and why. Pure. */
import type { Migration } from '../../cni/from-multus';
import type { OtherSystem, PodMigration } from '../migration';
import { section, toSettingsText } from './install';
import { toTable } from './table';

/** All that a move would bring. */
export interface MigrationReport {
  /** Undefined: no configuration of Multus was given. */
  readonly settings: Migration | undefined;
  readonly pods: readonly PodMigration[];
  readonly otherSystems: readonly OtherSystem[];
}

/** Multus' settings, one part for each pod that changes, one line for all others, then what is of other systems. */
export function toMigrationText({ settings, pods, otherSystems: others }: MigrationReport): string {
  const same = pods.filter((each) => !changes(each)).map(({ pod }) => pod);
  return [
    settings === undefined ? '' : `${toSettingsText(settings)}\n`,
    ...pods.filter(changes).map(podText),
    same.length === 0 ? '' : `Nothing changes for ${same.join(', ')}.\n`,
    section(
      'Of other systems, which Braid does not read',
      toTable(
        ['WHERE', 'WHAT', 'INSTEAD'],
        others.map(({ where, what, instead }) => [where, what, instead]),
      ),
    ),
    '\nNothing was changed.\n',
  ].join('');
}

/** The same as data. */
export function toMigrationJson(report: MigrationReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

const changes = ({ refused, differences }: PodMigration): boolean => refused !== undefined || differences.length > 0;

function podText({ pod, refused, differences, delegates, warnings }: PodMigration): string {
  if (refused !== undefined) return `Pod ${pod} would not start: ${refused}\n\n`;
  const foreign = delegates.filter(({ builtIn }) => !builtIn).map(({ ifName, type }) => `${type} (${ifName})`);
  return [
    `Pod ${pod}\n`,
    ...differences.map(({ ifName, what, why }) => `  ${ifName}: ${what}\n      ${why}\n`),
    foreign.length === 0 ? '' : `  By executables, as before: ${foreign.join(', ')}\n`,
    ...warnings.map((warning) => `  Warning: ${warning}\n`),
    '\n',
  ].join('');
}
