/**
 * Writes docs/errors.md from the catalogue in src/error.ts and its pages in src/error-pages.ts, and the man page from the commands. Runs under Bun (scripts/bun scripts/docs.ts); with --check it
 * writes nothing, and its exit status is 1 when one is out of date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../src/bin/cli';
import { shapesOf } from '../src/bin/text/commands';
import { toManPage } from '../src/bin/text/man';
import { allPages, type KnownPage } from '../src/error-pages';

const docs = path.resolve(import.meta.dirname, '../docs');

const preface = `<!-- Every error of Braid. Made by scripts/docs.ts from src/error.ts and src/error-pages.ts: do not edit. -->
# Errors

A call that fails prints one CNI error object on stdout and ends with status 1:

\`\`\`json
{
  "cniVersion": "1.0.0",
  "code": 115,
  "msg": "pod default/web, network default/vlan-10: Cannot find NetworkAttachmentDefinition vlan-10 in namespace default",
  "details": "NetworkMissing: create the NetworkAttachmentDefinition, or fix its name in the annotation"
}
\`\`\`

\`msg\` names the pod, the network and the interface as far as they are known, what was tried with which value, and what
would be right. \`details\` begins with the reason. Reasons and codes stay the same; texts may change.
kubelet shows both in \`kubectl describe pod\`. A foreign delegate's own code and message pass through.

\`braid explain REASON\` tells on the node what this page tells.
`;

const groups: readonly { readonly title: string; readonly has: (code: number) => boolean }[] = [
  { title: 'Of the CNI specification', has: (code) => code < 50 },
  { title: 'Answers to STATUS', has: (code) => code >= 50 && code < 100 },
  { title: "Braid's own", has: (code) => code >= 100 },
];

/** The page as it should be. */
export function errorsPage(entries: readonly KnownPage[] = allPages()): string {
  const sections = groups.map(({ title, has }) => {
    const group = entries.filter(({ code }) => has(code));
    const table = ['| Code | Reason | What to do |', '| --- | --- | --- |', ...group.map(row)];
    return [`## ${title}`, '', ...table, '', ...group.map(section)].join('\n');
  });
  return `${[preface, ...sections].join('\n\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

function row({ code, reason, hint }: KnownPage): string {
  return `| ${code} | [${reason}](#${reason.toLowerCase()}) | ${hint.replaceAll('|', '\\|')} |`;
}

function section({ code, reason, causes, fixes }: KnownPage): string {
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}\n`).join('');
  return `### ${reason}\n\nCode ${code}. Why it comes:\n\n${list(causes)}\nWhat to do:\n\n${list(fixes)}`;
}

if (import.meta.main) {
  const made = { 'errors.md': errorsPage(), 'braid.1': toManPage(shapesOf(program())) };
  for (const [name, text] of Object.entries(made)) {
    const file = path.join(docs, name);
    if (!process.argv.includes('--check')) writeFileSync(file, text);
    else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      console.error(`docs/${name} is out of date: scripts/bun scripts/docs.ts`);
      process.exitCode = 1;
    }
  }
}
