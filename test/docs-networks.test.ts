/** The pages on VLANs and on access from the node name the link group that Braid uses. Reads files only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { braidGroup } from '../src/net/vlan';

const pages = ['vlan.md', 'host-access.md'].map(
  (page) => [page, readFileSync(join(import.meta.dirname, '../docs', page), 'utf8')] as const,
);

it.each(pages)('%s: looks for the link group that Braid uses', (_, text) => {
  expect(new Set([...text.matchAll(/group (\d+)/g)].map(([, group]) => Number(group)))).toEqual(new Set([braidGroup]));
});
