/** The demo as people see it, from the script that `make demo` runs in the guest. Works in namespaces of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { braid } from './runtime';

const root = resolve(import.meta.dirname, '../..');
const guestBun = resolve(root, 'scripts/bun');

/** Runs scripts/demo.ts as scripts/demo.sh does, on this executable. */
function demo(
  executable: string,
  color: '0' | '1',
): { readonly status: number | null; readonly lines: readonly string[] } {
  const namespaces = ['--net', '--mount', '--propagation', 'private'];
  const env = { ...process.env, BRAID_GUEST: '1', DEMO_COLOR: color, BRAID_BIN: executable };
  const args = [...namespaces, guestBun, 'scripts/demo.ts'];
  const { status, stdout, stderr } = spawnSync('unshare', args, { cwd: root, env, encoding: 'utf8' });
  expect(stderr).toBe('');
  return { status, lines: stdout.trimEnd().split('\n') };
}

describe('make demo', () => {
  let shown: ReturnType<typeof demo>;
  beforeAll(() => {
    shown = demo(braid, '0');
  }, 240_000);

  it('ends well, and says so', () => {
    expect(shown.lines.filter((line) => line.includes('NOT SO'))).toEqual([]);
    expect([shown.status, shown.lines.at(-1)]).toEqual([0, 'Everything is as said.']);
    expect(shown.lines.filter((line) => line.startsWith('   ok  ')).length).toBeGreaterThanOrEqual(24);
  });

  it('fits a terminal of 80 columns, without escape sequences or tabs', () => {
    expect(shown.lines.filter((line) => line.length > 80)).toEqual([]);
    expect(shown.lines.filter((line) => [...line].some((character) => character < ' '))).toEqual([]);
  });

  it('shows each part: the request, the result, interfaces, routes, rules, independence, CHECK, DEL', () => {
    const headings = shown.lines.filter((line) => /^\d/.test(line)).map((line) => line.slice(3));
    expect(headings).toEqual([
      'A node',
      'What the pod asks for',
      'ADD: one call, one process, all networks or none',
      'What the pod has',
      'Where its traffic goes',
      'A second pod',
      'Independent networks',
      'A slip of the pen',
      'CHECK: the kernel against what was recorded',
      'DEL, twice',
    ]);
    for (const line of [
      '   default via 10.244.1.1 dev eth0',
      '   default via 192.168.1.1 dev net1 metric 1001',
      '   32765:  from 10.20.0.20 lookup 100 proto boot',
      '   net2       macvlan   bridge  1500',
      '   (nothing)',
    ])
      expect(shown.lines).toContain(line);
  });

  it('calls every time software-emulated', () => {
    const timed = shown.lines.filter((line) => /\b\d+\.\d s\b/.test(line));
    expect(timed.length).toBe(5);
    expect(timed.filter((line) => !line.includes('software-emulated'))).toEqual([]);
  });

  it('leaves the namespaces of the caller alone', () => {
    expect(execFileSync('ip', ['netns'], { encoding: 'utf8' })).not.toMatch(/\b(web|db|typo|outside)\b/);
  });
});

/** The demo with an executable of the test's own: shell text that may go on to the real one. */
function demoWith(text: string, color: '0' | '1'): ReturnType<typeof demo> {
  const dir = mkdtempSync(join(tmpdir(), 'demo-'));
  try {
    writeFileSync(join(dir, 'braid'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return demo(join(dir, 'braid'), color);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('make demo with an executable that does not do its work', () => {
  it('ends badly, in colour where colour is asked for', () => {
    const { status, lines } = demoWith(`[ $CNI_COMMAND = CHECK ] && exit 0\nexec ${braid}`, '1');
    expect(status).toBe(1);
    expect(lines.join('\n')).toContain('\u001b[1;31mNOT SO\u001b[0m  CHECK finds it');
    expect(lines.at(-1)).toContain('1 of the statements above is not so.');
  }, 240_000);

  it('stops at an ADD that fails, with its message', () => {
    const { status, lines } = demoWith(`echo '{"code":101,"msg":"Cannot find master"}'\nexit 1`, '0');
    expect(status).toBe(1);
    expect(lines.at(-3)).toBe('   NOT SO  every step can be taken: ADD: Cannot find master');
  }, 120_000);
});
