/** The nft edge against scripts that stand for the nft command; the real one runs in the kernel tests. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createNft } from '../../src/exec/nft';
import { temporaryDirectory } from '../disk/temp';

function place(script: string) {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'bin'));
  writeFileSync(
    join(root, 'bin', 'nft'),
    `#!/bin/sh\necho "$LC_ALL $*" >${root}/args\ncat >${root}/stdin\n${script}\n`,
    { mode: 0o755 },
  );
  const seen = (file: string) => readFileSync(join(root, file), 'utf8');
  return { nft: createNft({ PATH: `${join(root, 'bin')}:/usr/bin:/bin` }), seen };
}

it('hands nft the whole transaction', async () => {
  const { nft, seen } = place('true');
  await nft.run('add table bridge x\n');
  expect([seen('args'), seen('stdin')]).toEqual(['C -f -\n', 'add table bridge x\n']);
});

it('tells what nft said', async () => {
  const said = '/dev/stdin:1:1-3: Error: Could not process rule: Operation not supported\nadd table bridge x\n^^^';
  const { nft } = place(`printf '${said}' >&2; exit 1`);
  await expect(nft.run('x')).rejects.toMatchObject({
    reason: 'FirewallFailed',
    problem:
      'Cannot change the firewall: /dev/stdin:1:1-3: Error: Could not process rule: Operation not supported: add table bridge x',
  });
  await expect(nft.list(['tables'])).rejects.toMatchObject({
    reason: 'FirewallFailed',
    problem: expect.stringContaining('Cannot list tables'),
  });
});

it('lists what there is, without the version of nft', async () => {
  const answer = {
    nftables: [{ metainfo: { version: '1.0.6' } }, { chain: { name: 'c', handle: 1 } }, { rule: { handle: 2 } }],
  };
  const { nft, seen } = place(`echo '${JSON.stringify(answer)}'`);
  expect(await nft.list(['chain', 'bridge', 'nat', 'PREROUTING'])).toEqual(answer.nftables.slice(1));
  expect(seen('args')).toBe('C --json --handle list chain bridge nat PREROUTING\n');
});

it('lists nothing of what does not exist', async () => {
  const { nft } = place("printf 'Error: No such file or directory\\nlist chain x\\n' >&2; exit 1");
  expect(await nft.list(['chain', 'x'])).toBeUndefined();
});

it.each(['{"nftables": 1}', 'no json', ''])('refuses the answer %j', async (answer) => {
  const { nft } = place(`printf '%s' '${answer}'`);
  await expect(nft.list(['tables'])).rejects.toMatchObject({ reason: 'FirewallFailed' });
});

it('checks a transaction without doing it, and knows what needs root', async () => {
  const { nft, seen } = place('true');
  await nft.check('add table bridge x\n');
  expect([seen('args'), seen('stdin')]).toEqual(['C --check -f -\n', 'add table bridge x\n']);
  const denied = place("printf 'netlink: Error: cache initialization failed: Operation not permitted\\n' >&2; exit 1");
  await expect(denied.nft.check('x')).rejects.toMatchObject({ reason: 'FirewallFailed', errno: 'EPERM' });
  const refused = place('exit 1');
  await expect(refused.nft.check('x')).rejects.toMatchObject({ reason: 'FirewallFailed', errno: undefined });
});
