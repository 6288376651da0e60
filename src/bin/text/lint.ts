/** `braid lint`: findings for people, for programs, and for code hosts (SARIF 2.1.0). Pure. */
import type { LintFinding } from '../lint';

/** `file:line:column: level: message [reason]`, as compilers print, then what would be right, then a count. An object has its field instead. */
export function toLintText(findings: readonly LintFinding[], files: number, of: 'file' | 'object' = 'file'): string {
  const lines = findings.map(
    ({ file, line, column, field, level, message, reason, hint }) =>
      `${of === 'file' ? `${file}:${line}:${column}` : [file, field].filter(Boolean).join(', ')}: ${level}: ${message} [${reason}]\n    ${hint}\n`,
  );
  const errors = findings.filter(({ level }) => level === 'error').length;
  const looked = `${files} ${of}${files === 1 ? '' : 's'}`;
  return `${lines.join('')}${looked}: ${errors} errors, ${findings.length - errors} warnings\n`;
}

/** The findings as a list. */
export function toLintJson(findings: readonly LintFinding[]): string {
  return `${JSON.stringify(findings, undefined, 2)}\n`;
}

/** Static Analysis Results Interchange Format 2.1.0 (OASIS). */
export function toSarif(findings: readonly LintFinding[], version: string, of: 'file' | 'object' = 'file'): string {
  const rules = [...new Set(findings.map(({ reason }) => reason))].map((id) => ({ id, name: id }));
  const results = findings.map((finding) => ({
    ruleId: finding.reason,
    level: finding.level,
    message: { text: `${finding.message} (${finding.hint})` },
    locations: [of === 'file' ? inFile(finding) : inObject(finding)],
  }));
  const driver = { name: 'braid', version, rules };
  const log = {
    version: '2.1.0',
    runs: [{ tool: { driver }, results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function inFile({ file, line, column }: LintFinding) {
  const region = { startLine: line, startColumn: column };
  return { physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region } };
}

/** An object of the cluster has no file. */
function inObject({ file, field }: LintFinding) {
  return { logicalLocations: [{ fullyQualifiedName: [file, field].filter(Boolean).join(', ') }] };
}
