/** Mistakes of people as files: where the finding must point to is marked in the text. */
import type { LintFinding } from '../../src/bin/lint';

/** Stands in a text before what the finding must point to, and is taken out before anybody reads the text. */
export const mark = '▸';

/** What somebody wrote, and what lint must say of it. */
export interface Mistake {
  readonly what: string;
  /** File by path; exactly one of them has the mark. */
  readonly files: Readonly<Record<string, string>>;
  readonly reason: LintFinding['reason'];
  readonly level: LintFinding['level'];
  readonly field: string | undefined;
  /** What the message must name: the value, and what would be right. */
  readonly says: readonly string[];
}

/** The files without the mark, and the place that was marked. */
export function unmarked(files: Mistake['files']) {
  const [marked, ...others] = Object.entries(files).filter(([, text]) => text.includes(mark));
  if (marked === undefined || others.length > 0) throw new Error('need the mark in one file');
  const [file, text] = marked;
  const before = text.slice(0, text.indexOf(mark));
  return {
    files: Object.entries(files).map(([path, each]) => ({ path, text: each.replace(mark, '') })),
    place: { file, line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') },
  };
}

/** A definition whose configuration is a literal block. */
export const definition = (config: string, name = 'lan'): string =>
  `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: ${name}
spec:
  config: |
${config
  .split('\n')
  .map((line) => `    ${line}\n`)
  .join('')}`;

/** A mistake in `spec.config` of network lan. */
export type ConfigRow = readonly [what: string, config: string, field: string | undefined, says: readonly string[]];

export const ofConfig =
  (reason: LintFinding['reason'], level: LintFinding['level'] = 'error') =>
  ([what, config, field, says]: ConfigRow): Mistake => ({
    what,
    files: { 'lan.yaml': definition(config) },
    reason,
    level,
    field,
    says,
  });

/** A plugin over several lines, as people write it. */
export const plugin = (keys: string, type = 'macvlan') => `{
  "cniVersion": "1.0.0",
  "type": "${type}",
  "master": "eth1",
  ${keys}
}`;
