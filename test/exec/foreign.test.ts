/** Foreign delegates as real processes: what they see, what they may print, how they fail, and that none outlives its time. */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ForeignCall } from '../../src/attach/ports';
import { createForeign } from '../../src/exec/foreign';
import { atOnce } from '../../src/exec/slots';
import { fakeLog } from '../../src/model/log';
import { netnsPath } from '../../src/net/names';
import { id, link } from '../disk/sample';
import { temporaryDirectory } from '../disk/temp';

const call: ForeignCall = {
  command: 'ADD',
  type: 'thing',
  config: '{"name":"blue","type":"thing"}',
  containerId: id('cid1'),
  netns: netnsPath('/run/netns/x'),
  ifName: link('net1'),
  args: [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAME', 'web'],
  ],
};

/** A directory with the shell script as plugin `thing`. */
function place(script: string | undefined, timeout = 10) {
  const root = temporaryDirectory();
  const directory = join(root, 'bin');
  mkdirSync(directory);
  const path = join(directory, 'thing');
  if (script !== undefined) writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const log = fakeLog();
  const env = { PATH: '/usr/bin:/bin', ROOT: root, CNI_COMMAND: 'old', CNI_IFNAME: 'old', UNSET: undefined };
  const foreign = createForeign(
    { directories: [join(root, 'none'), directory], timeout, locks: join(root, 'locks'), env, builtIn: ['macvlan'] },
    log,
  );
  return { root, path, log, foreign, run: (more: Partial<ForeignCall> = {}) => foreign.run({ ...call, ...more }) };
}

describe('a foreign delegate', () => {
  it('works while its caller does something else, which ends first', async () => {
    const { root, foreign } = place('until [ -e $ROOT/done ]; do sleep 0.01; done; echo "{}"');
    let ended = false;
    const running = foreign.run(call, async () => {
      expect(ended).toBe(false);
      writeFileSync(join(root, 'done'), '');
    });
    expect(await running.finally(() => (ended = true))).toBe('{}\n');
  });

  it('waits while as many run on this node as may at once, and leaves no lock behind', async () => {
    const { root, run } = place(
      'mkdir $ROOT/$$.run; ls -d $ROOT/*.run | wc -l >>$ROOT/seen; sleep 0.3; rmdir $ROOT/$$.run; echo "{}"',
    );
    await Promise.all(Array.from({ length: atOnce() + 5 }, () => run()));
    const seen = readFileSync(join(root, 'seen'), 'utf8').trim().split('\n').map(Number);
    expect(seen).toHaveLength(atOnce() + 5);
    expect(Math.max(...seen)).toBeLessThanOrEqual(atOnce());
    expect(readdirSync(join(root, 'locks'))).toEqual([]);
  });

  it('sees the name that Tungsten Fabric’s looks for in its parent, and no other delegate does', async () => {
    const tells = 'cat /proc/$PPID/comm; echo "{}"';
    const { root, run } = place(tells);
    writeFileSync(join(root, 'bin/contrail-k8s-cni'), `#!/bin/sh\n${tells}\n`, { mode: 0o755 });
    const own = readFileSync('/proc/self/comm', 'utf8');
    expect(await run({ type: 'contrail-k8s-cni' })).toBe('multus\n{}\n');
    expect(await run()).toBe(`${own}{}\n`);
    await expect(run({ type: 'contrail-k8s-cni', command: 'DEL' })).resolves.toContain('multus');
    expect(readFileSync('/proc/self/comm', 'utf8')).toBe(own);
  });

  it('takes away the lock that a killed call left', async () => {
    const { root, run } = place('echo "{}"');
    mkdirSync(join(root, 'locks'));
    writeFileSync(join(root, 'locks/.foreign-5.lock'), '');
    await run();
    expect(readdirSync(join(root, 'locks'))).toEqual([]);
  });

  it('runs where no lock can be taken', async () => {
    const { root, run } = place('echo "{}"');
    writeFileSync(join(root, 'locks'), 'a file');
    expect(await run()).toBe('{}\n');
  });

  it('gets its configuration on stdin and the CNI variables over Braid’s own environment', async () => {
    const { root, run } = place('cat >$ROOT/stdin; env >$ROOT/env; echo "{}"');
    expect(await run()).toBe('{}\n');
    expect(readFileSync(join(root, 'stdin'), 'utf8')).toBe(call.config);
    const env = readFileSync(join(root, 'env'), 'utf8').split('\n');
    expect(env).toEqual(
      expect.arrayContaining([
        'CNI_COMMAND=ADD',
        'CNI_CONTAINERID=cid1',
        'CNI_NETNS=/run/netns/x',
        'CNI_IFNAME=net1',
        'CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web',
        `CNI_PATH=${root}/none:${root}/bin`,
        'PATH=/usr/bin:/bin',
      ]),
    );
    expect(env.join()).not.toContain('UNSET');
  });

  it('sees empty variables when there is nothing to say', async () => {
    const { run } = place('env | grep -c "^CNI_[A-Z]*=$" >&2; env | sort | grep ^CNI_');
    const text = await run({ command: 'GC', containerId: '', netns: '', ifName: '', args: [] });
    for (const name of ['ARGS', 'CONTAINERID', 'IFNAME', 'NETNS']) expect(text).toContain(`CNI_${name}=\n`);
  });

  it('may leave its stdin unread, and may print much', async () => {
    const { run } = place('head -c 3000000 /dev/zero | tr "\\0" x');
    expect(await run({ config: 'y'.repeat(4_000_000) })).toHaveLength(3_000_000);
  });

  it('that prints null gives an empty result, and nothing at all is a mistake for ADD only', async () => {
    expect(await place('echo null').run()).toBe('{}');
    expect(await place('true').run({ command: 'DEL' })).toBe('');
    await expect(place('true').run()).rejects.toMatchObject({
      reason: 'ResultInvalid',
      problem: expect.stringContaining('"thing"'),
    });
  });

  it('has its stderr kept for the log, the tail of much', async () => {
    const { run, log } = place('seq 1 200000 >&2; echo "{}"');
    await run();
    expect(log.entries).toMatchObject([{ level: 'debug', fields: { type: 'thing', command: 'ADD' } }]);
    const stderr = String(log.entries[0]?.fields.stderr);
    expect(stderr.endsWith('199999\n200000\n')).toBe(true);
    expect(stderr.length).toBeLessThan(5000);
  });

  it('is not waited for when what it started keeps its stdout', async () => {
    const { root, run } = place('sleep 100 & echo $! >$ROOT/child; echo "{}"');
    expect(await run()).toBe('{}\n');
    const child = readFileSync(join(root, 'child'), 'utf8').trim();
    expect(isAlive(child)).toBe(true);
    process.kill(Number(child));
  });

  it('runs beside others', async () => {
    const { root, run } = place('touch $ROOT/$$.here; until [ -e $ROOT/all ]; do sleep 0.05; done; echo "{}"', 30);
    const all = Promise.all(Array.from({ length: 8 }, () => run()));
    const here = (): number => readdirSync(root).filter((name) => name.endsWith('.here')).length;
    await expect.poll(here, { timeout: 20_000 }).toBe(8); // none ends before all have begun
    writeFileSync(join(root, 'all'), '');
    expect(await all).toEqual(Array.from({ length: 8 }, () => '{}\n'));
  });
});

describe('a foreign delegate that fails', () => {
  const failing = async (script: string, more: Partial<ForeignCall> = {}) =>
    place(script)
      .run(more)
      .catch((error: unknown) => error);

  it('passes on its own code, message and details', async () => {
    const error = await failing(
      'echo "{\\"code\\": 11, \\"msg\\": \\"no link eth7\\", \\"details\\": \\"try later\\"}"; exit 1',
    );
    expect(error).toMatchObject({
      reason: 'DelegateFailed',
      code: 11,
      problem: 'Delegate "thing" failed (ADD): no link eth7',
      details: 'try later',
    });
  });

  it.each([
    ['no code', 'echo \'{"msg": "x"}\'; exit 1', 111, 'failed (ADD): x'],
    ['code 0', 'echo \'{"code": 0, "msg": "x"}\'; exit 1', 111, 'failed (ADD): x'],
    ['no message', 'echo \'{"code": 7}\'; exit 3', 7, 'no message, exit status 3'],
    ['nothing', 'exit 4', 111, 'exit status 4, without a word'],
    ['only stderr', 'echo panic: oh no >&2; exit 2', 111, 'exit status 2: panic: oh no'],
    ['garbage', 'echo "<html>"; exit 1', 111, 'its stdout is no CNI error: "<html>"'],
    ['a list', 'echo "[1]"; exit 1', 111, 'its stdout is no CNI error: "[1]"'],
    ['a result', 'echo "{\\"ips\\":[]}"; exit 1', 111, 'its stdout is no CNI error'],
    ['a signal', 'kill -SEGV $$', 111, 'ended by SIGSEGV'],
  ])('with %s says so', async (_, script, code, why) => {
    expect(await failing(script)).toMatchObject({
      reason: 'DelegateFailed',
      code,
      problem: expect.stringContaining(why),
    });
  });

  it('has its stderr in the log as a warning, and in the details beside garbage', async () => {
    const { run, log } = place('echo "<html>"; echo proxy says no >&2; exit 1');
    await expect(run()).rejects.toMatchObject({ details: 'proxy says no' });
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { stderr: 'proxy says no\n' } }]);
  });

  it('by its output is stopped', async () => {
    const { run } = place('yes');
    await expect(run()).rejects.toMatchObject({ reason: 'ResultInvalid', problem: expect.stringContaining('8388608') });
  });
});

describe('a foreign delegate that hangs', () => {
  it('is killed with everything it started, and named with the limit', async () => {
    const { root, run } = place('sleep 61 & echo $! >$ROOT/child; echo $$ >$ROOT/self; sleep 61', 0.3);
    await expect(run()).rejects.toMatchObject({
      reason: 'DelegateTimeout',
      problem: expect.stringMatching(/"thing": ADD took more than 0.3 s/),
    });
    // The orphan is buried by whoever adopts it, in its own time.
    for (const each of ['self', 'child'])
      await expect.poll(() => isAlive(readFileSync(join(root, each), 'utf8').trim())).toBe(false);
  });

  it('is killed for certain when it does not listen', async () => {
    const { root, run } = place(
      'trap "" TERM; echo $$ >$ROOT/self; (trap "" TERM; echo $$ >$ROOT/sub; while :; do sleep 0.1; done) & while :; do sleep 0.1; done',
      0.2,
    );
    await expect(run()).rejects.toMatchObject({ reason: 'DelegateTimeout' });
    expect(isAlive(readFileSync(join(root, 'self'), 'utf8').trim())).toBe(false);
  });

  it('may clean up when it is asked to go', async () => {
    const { root, run } = place('trap "echo bye >$ROOT/bye; exit 1" TERM; sleep 61 & wait', 0.2);
    await expect(run()).rejects.toMatchObject({ reason: 'DelegateTimeout' });
    expect(existsSync(join(root, 'bye'))).toBe(true);
  });
});

describe('the executable', () => {
  it('that is nowhere is named with the directories searched', async () => {
    const { root, run } = place(undefined);
    await expect(run()).rejects.toMatchObject({
      reason: 'DelegateMissing',
      problem: `Cannot find plugin "thing" in ${root}/none, ${root}/bin`,
    });
  });

  it.each([
    ['macvaln', ' (did you mean "macvlan"?)'],
    ['MacVLAN', ' (did you mean "macvlan"?)'],
    ['whereabout', ' (did you mean "whereabouts"?)'],
    ['macvlan', ' (it is built in, but "externalDelegates" wants a program)'],
    ['macvtap', ''],
    ['my-own', ''],
  ])('%s that is nowhere may mean another one', async (type, hint) => {
    const { root, run } = place(undefined);
    await expect(run({ type })).rejects.toMatchObject({
      problem: `Cannot find plugin "${type}"${hint} in ${root}/none, ${root}/bin`,
    });
  });

  it('names a directory once that binDir and CNI_PATH both have', async () => {
    const options = { directories: ['/no/such', '/no/such'], timeout: 1, locks: '/no/such', env: {}, builtIn: [] };
    await expect(createForeign(options, fakeLog()).run(call)).rejects.toMatchObject({
      problem: 'Cannot find plugin "thing" in /no/such',
    });
  });

  it('runs whatever its name is close to', async () => {
    const { path, run } = place('echo "{}"');
    renameSync(path, path.replace(/thing$/, 'macvaln'));
    expect(await run({ type: 'macvaln' })).toBe('{}\n');
  });

  it.each(['', '.', '..', '../bin/thing', '/bin/true', 'a/b', 'x\0y'])('%j is refused as a type', async (type) => {
    await expect(place('echo "{}"').run({ type })).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining('as type'),
    });
  });

  it('is no directory, and the first of several', async () => {
    const { root, foreign } = place('echo "{}"');
    mkdirSync(join(root, 'none', 'thing'), { recursive: true });
    expect(await foreign.run(call)).toBe('{}\n');
    expect(() => chmodSync(join(root, 'none', 'thing'), 0o755)).not.toThrow();
  });

  it.each([
    ['not executable', (path: string) => chmodSync(path, 0o644), 'EACCES'],
    ['of another machine', (path: string) => writeFileSync(path, 'garbage', { mode: 0o755 }), 'ENOEXEC'],
    ['without its interpreter', (path: string) => writeFileSync(path, '#!/no/such\n', { mode: 0o755 }), 'ENOENT'],
  ])('that is %s cannot be started, and says why', async (_, change, errno) => {
    const { path, run } = place('echo "{}"');
    change(path);
    await expect(run()).rejects.toMatchObject({
      reason: 'DelegateFailed',
      errno,
      problem: expect.stringContaining(path),
    });
  });

  it('that is being installed is tried again', async () => {
    const { path, run } = place('echo "{}"');
    const writer = openSync(path, 'r+');
    const running = run();
    setTimeout(() => closeSync(writer), 100);
    expect(await running).toBe('{}\n');
  });

  it('that stays busy fails after some seconds', async () => {
    const { path, run } = place('echo "{}"');
    const writer = openSync(path, 'r+');
    await expect(run()).rejects.toMatchObject({ reason: 'DelegateFailed', errno: 'ETXTBSY' });
    closeSync(writer);
  }, 10_000);
});

function isAlive(pid: string): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
