/** `braid explain`: one reason for people. Pure. */
import type { KnownPage } from '../../error-pages';
import { toTable } from './table';

/** The page of one reason. */
export function toExplainText({ reason, code, hint, causes, fixes }: KnownPage): string {
  const list = (items: readonly string[]): string => items.map((item) => `  - ${item}\n`).join('');
  return `${reason} (code ${code})\n${hint}\n\nWhy:\n${list(causes)}\nWhat to do:\n${list(fixes)}`;
}

/** Every reason, a line each. */
export function toReasonsText(pages: readonly KnownPage[]): string {
  return toTable(
    ['CODE', 'REASON', 'WHAT TO DO'],
    pages.map(({ code, reason, hint }) => [String(code), reason, hint]),
  );
}
