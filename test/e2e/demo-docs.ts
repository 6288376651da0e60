/** The fenced blocks of README.md and docs/, for the tests that parse or run them. Reads those files only. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** A fenced block: `sh`, `json` or `yaml`. */
export interface Block {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The pages in order, README.md first. */
export const pages: readonly string[] = ['README.md', ...globSync('docs/{,schema/}*.md', { cwd: root }).sort()];

/** Every fenced block of every page, without the indent of the list it stands in. */
export function blocks(): readonly Block[] {
  return pages.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(
      ([, indent = '', language = '', body = ''], at) => ({
        file,
        line: text.slice(0, [...text.matchAll(/^ *```\w+$/gm)][at]?.index).split('\n').length,
        language,
        text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      }),
    );
  });
}

/** Commands that prepare the machine itself: their targets are in the Makefile, and CI runs them. */
export function isMake({ text }: Block): boolean {
  return text
    .trim()
    .split('\n')
    .every((line) => line.startsWith('make '));
}
