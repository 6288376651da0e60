/** The commands of README.md and docs/, run as they stand there, one page after the other. Works in namespaces of its own. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Block, blocks, isMake, pages, root } from './demo-docs';
import { braid } from './runtime';

/** A machine as a reader has it: a link eth1, no network of pods yet, and the executable at dist/braid. */
const machine = `
set -e
for place in /etc/cni /opt/cni /var/lib/cni /run/netns /tmp; do mkdir -p $place; mount -t tmpfs tmpfs $place; done
mkdir -p /opt/cni/bin /etc/cni/net.d
[ "$BRAID" = "$PWD/dist/braid" ] || mount --bind "$BRAID" dist/braid
ip link set lo up
ip link add eth1 type veth peer name outside
ip link set eth1 up
ip link set outside up
`;

function commandsOf(page: string): readonly Block[] {
  return blocks().filter((block) => block.file === page && block.language === 'sh' && !isMake(block));
}

/** The page's commands in one shell, each shown before it runs. */
function runPage(page: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const setUp = page === 'README.md' ? '' : 'install -D -m 0755 dist/braid /opt/cni/bin/braid\n';
  const script = `${machine}${setUp}${commandsOf(page)
    .map(({ text }) => text)
    .join('\n')}`;
  const namespaces = ['--net', '--mount', '--propagation', 'private'];
  const env = { PATH: process.env.PATH, LC_ALL: 'C', BRAID: braid } as unknown as NodeJS.ProcessEnv;
  return spawnSync('unshare', [...namespaces, 'sh', '-c', script], { cwd: root, env, encoding: 'utf8' });
}

describe('README.md', () => {
  it('gives a first network: every command works, the pod has eth0 and net1, and nothing stays', () => {
    const { status, stdout, stderr } = runPage('README.md');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('"address": "192.168.100.10/24"');
    expect(stdout).toMatch(/inet 10\.244\.1\.2\/24 .*eth0/);
    expect(stdout).toMatch(/inet 192\.168\.100\.10\/24 .*net1/);
    expect(stdout).toContain('Nothing to free.');
  }, 120_000);
});

describe('docs', () => {
  const others = pages.slice(1).filter((page) => commandsOf(page).length > 0);

  it.each(others.map((page) => [page]))(
    '%s: every command works',
    (page) => {
      const { status, stderr } = runPage(page);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
    120_000,
  );
});
