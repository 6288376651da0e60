/** `braid gc`: what GC found and did, for people. Pure. */
import type { Finding, GcReport } from '../../attach/gc';
import { toTable } from './table';

/** One line for each thing: what, whose, why it goes; then what could not be freed, with its error. */
export function toGcText({ freed, failed }: GcReport, dryRun: boolean): string {
  if (freed.length + failed.length === 0) return 'Nothing to free.\n';
  const verb = dryRun ? 'would free' : 'freed';
  const rows = [
    ...freed.map((one) => toRow(verb, one, one.why)),
    ...failed.map((one) => toRow('FAILED', one, one.error.message)),
  ];
  const missing = failed.some(({ error }) => error.reason === 'DelegateMissing');
  return `${toTable(['', 'WHAT', 'CONTAINER', 'SUBJECT', 'WHY'], rows)}${missing ? advice : ''}`;
}

const advice = 'Install the missing plugin again; if it is gone for good: braid gc --forget <its type>\n';

/** The same as JSON. */
export function toGcJson({ freed, failed }: GcReport): string {
  const failures = failed.map(({ error, ...one }) => ({ ...one, reason: error.reason, error: error.message }));
  return `${JSON.stringify({ freed, failed: failures }, undefined, 2)}\n`;
}

function toRow(verb: string, { what, containerId, subject }: Finding, why: string): readonly string[] {
  return [verb, what, containerId?.slice(0, 12) ?? '-', subject, why];
}
