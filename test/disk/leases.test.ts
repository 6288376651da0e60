/** host-local's store on a real disk: the reference plugin's bytes, hostile directories, several processes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LeaseOwner } from '../../src/attach/ports';
import { createLeaseStore, defaultLeaseRoots } from '../../src/disk/leases';
import { addr, id, link, net } from './sample';
import { temporaryDirectory } from './temp';

const web: LeaseOwner = { containerId: id('cid1'), ifName: link('net1') };
const blue = net('blue');

function place() {
  const root = temporaryDirectory();
  const store = createLeaseStore({ roots: [root], cniDir: join(root, 'braid') });
  return {
    root,
    store,
    directory: join(root, 'blue'),
    mode: (file: string) => statSync(join(root, 'blue', file)).mode & 0o7777,
  };
}

describe('the store on disk', () => {
  it('has the bytes, names and modes of the reference plugin', async () => {
    const { root, store, directory, mode } = place();
    await store.locked(root, blue, (leases) => {
      leases.reserve(addr('10.5.0.2'), web);
      leases.reserve(addr('FD05:0:0::0002'), web);
      leases.reserve(addr('::ffff:10.5.0.3'), web);
      leases.setLast(0, addr('10.5.0.2'));
      leases.setLast(1, addr('fd05::2'));
    });
    expect(readdirSync(directory).sort()).toEqual([
      '10.5.0.2',
      '10.5.0.3',
      'fd05::2',
      'last_reserved_ip.0',
      'last_reserved_ip.1',
      'lock',
    ]);
    expect(readFileSync(join(directory, '10.5.0.2')).toString('hex')).toBe('636964310d0a6e657431');
    expect(readFileSync(join(directory, 'last_reserved_ip.0'), 'utf8')).toBe('10.5.0.2');
    expect(readFileSync(join(directory, 'last_reserved_ip.1'), 'utf8')).toBe('fd05::2');
    expect(readFileSync(join(directory, 'lock'))).toHaveLength(0);
    expect([mode('.'), mode('10.5.0.2'), mode('last_reserved_ip.0'), mode('lock')]).toEqual([
      0o755, 0o600, 0o600, 0o750,
    ]);
  });

  it('reads what the reference plugin wrote, and what its first versions wrote', async () => {
    const { root, store, directory } = place();
    mkdirSync(join(directory, 'sub'), { recursive: true });
    writeFileSync(join(directory, '10.5.0.2'), 'cid1\r\nnet1');
    writeFileSync(join(directory, '10.5.0.3'), ' old\n');
    writeFileSync(join(directory, '10.5.0.4'), 'cid1');
    writeFileSync(join(directory, 'sub', '10.5.0.5'), 'cid1\r\nnet1\n');
    writeFileSync(join(directory, 'last_reserved_ip.0'), '10.5.0.4\n');
    writeFileSync(join(directory, 'notes'), 'cid1\r\nnet1');
    const old = { containerId: id('old'), ifName: link('net1') };
    const seen = await store.locked(root, blue, (leases) => ({
      exact: leases.ownedBy(web),
      old: leases.ownedBy(old),
      last: leases.last(0),
      all: leases.all(),
      released: [leases.release(web), leases.release(web), leases.release(old)],
    }));
    expect(seen).toEqual({
      exact: ['10.5.0.2', '10.5.0.5'],
      old: ['10.5.0.3'],
      last: undefined,
      all: [
        { address: '10.5.0.2', ...web },
        { address: '10.5.0.3', containerId: 'old', ifName: undefined },
        { address: '10.5.0.4', containerId: 'cid1', ifName: undefined },
        { address: '10.5.0.5', ...web },
      ],
      released: [['10.5.0.2', '10.5.0.5'], ['10.5.0.4'], ['10.5.0.3']],
    });
    expect(readdirSync(directory).sort()).toEqual(['last_reserved_ip.0', 'lock', 'notes', 'sub']);
  });

  it('takes over or clears the empty file of a process killed between making and writing it', async () => {
    const { root, store, directory } = place();
    mkdirSync(directory);
    for (const name of ['10.5.0.2', '10.5.0.3']) writeFileSync(join(directory, name), '');
    const got = await store.locked(root, blue, (leases) => [leases.all(), leases.reserve(addr('10.5.0.2'), web)]);
    expect(got).toEqual([[], true]);
    expect(readFileSync(join(directory, '10.5.0.2'), 'utf8')).toBe('cid1\r\nnet1');
    await store.locked(root, blue, (leases) => leases.release(web));
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  it('is remembered, also after a killed process left that half done, so that a container frees all it holds', async () => {
    const { root, store, directory } = place();
    mkdirSync(join(root, 'braid', 'stores'), { recursive: true });
    await store.locked(root, blue, (leases) => leases.release(web));
    expect(readdirSync(join(root, 'braid', 'stores'))).toEqual([]); // nothing to be found there
    await store.locked(root, blue, (leases) => leases.reserve(addr('10.5.0.9'), { ...web, ifName: link('net9') }));
    const [remembered = ''] = readdirSync(join(root, 'braid', 'stores'));
    writeFileSync(join(root, 'braid', 'stores', remembered), '');
    await store.locked(root, blue, (leases) => leases.reserve(addr('10.5.0.2'), web));
    await store.locked(root, net('red'), (leases) =>
      leases.reserve(addr('10.6.0.2'), { ...web, ifName: link('net2') }),
    );
    const freed = await store.releaseContainer(web.containerId);
    expect([...freed].sort()).toEqual(['10.5.0.2', '10.5.0.9', '10.6.0.2']);
    expect([...readdirSync(directory), ...readdirSync(join(root, 'red'))]).toEqual(['lock', 'lock']);
  });

  it('tells which file could not be freed, after it tried the others', async () => {
    const { root, store, directory } = place();
    await store.locked(root, blue, (leases) => ['10.5.0.2', '10.5.0.3'].map((each) => leases.reserve(addr(each), web)));
    execFileSync('chattr', ['+i', join(directory, '10.5.0.2')]);
    try {
      const releasing = store.locked(root, blue, (leases) => leases.release(web));
      await expect(releasing).rejects.toMatchObject({
        reason: 'IoFailed',
        errno: 'EPERM',
        problem: expect.stringContaining('10.5.0.2'),
      });
    } finally {
      execFileSync('chattr', ['-i', join(directory, '10.5.0.2')]);
    }
    expect(existsSync(join(directory, '10.5.0.3'))).toBe(false);
  });

  it('gives 4 processes 60 different addresses', async () => {
    const { root, directory } = place();
    const worker = join(import.meta.dirname, 'lease-worker.ts');
    const workers = ['a', 'b', 'c', 'd'].map((name) =>
      Bun.spawn([process.execPath, worker, root, '15', name], { stdout: 'pipe' }),
    );
    const outputs = await Promise.all(workers.map(({ stdout }) => new Response(stdout).text()));
    const got = outputs.flatMap((output) => output.trim().split('\n'));
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    expect(new Set(got).size).toBe(60);
    expect(readdirSync(join(root, 'pool')).filter((name) => name.startsWith('10.'))).toHaveLength(60);
    expect(existsSync(directory)).toBe(false);
  });

  it('waits while the lock is held elsewhere', async () => {
    const { root, store, directory } = place();
    mkdirSync(directory);
    const script = `echo held; sleep 0.3; touch ${join(root, 'let-go')}`;
    const holder = Bun.spawn(['flock', join(directory, 'lock'), 'sh', '-c', script]);
    await holder.stdout.getReader().read();
    expect(await store.locked(root, blue, () => existsSync(join(root, 'let-go')))).toBe(true);
    await holder.exited;
  });
});

describe('dataDir', () => {
  const refused = async (dataDir: string, network = blue) => {
    const { root, store } = place();
    mkdirSync(join(root, 'braid'));
    mkdirSync(`${root}-evil`, { recursive: true });
    symlinkSync('/etc', join(root, 'etc'));
    symlinkSync('/nowhere', join(root, 'dangling'));
    symlinkSync(join(root, 'braid'), join(root, 'mine'));
    const before = readdirSync('/etc').length;
    try {
      await store.locked(dataDir.replace('ROOT', root), network, () => {});
      return undefined;
    } catch (error) {
      return error;
    } finally {
      expect(readdirSync('/etc')).toHaveLength(before);
      expect(readdirSync(`${root}-evil`)).toEqual([]);
      expect(readdirSync(join(root, 'braid'))).toEqual([]);
      execFileSync('rmdir', [`${root}-evil`]);
    }
  };

  it.each([
    ['networks', 'it is not absolute'],
    ['/etc', 'it lies elsewhere'],
    ['/', 'it lies elsewhere'],
    ['ROOT/../x', 'it has ".." in it'],
    ['ROOT/x/..', 'it has ".." in it'],
    ['ROOT-evil', 'it lies elsewhere'],
    ['ROOT/x\0y', 'it has a zero byte in it'],
    ['ROOT/etc', 'a symbolic link leads to /etc'],
    ['ROOT/etc/cni', 'a symbolic link leads to /etc'],
    ['ROOT/braid', "braid is Braid's own"],
    ['ROOT/braid/attachments', "braid is Braid's own"],
    ['ROOT/mine', "braid is Braid's own"],
  ])('%j is refused: %s', async (dataDir, why) => {
    expect(await refused(dataDir)).toMatchObject({ reason: 'ConfigInvalid', problem: expect.stringContaining(why) });
  });

  it("is refused when the network's name leads into Braid's own directory", async () => {
    expect(await refused('ROOT', net('braid'))).toMatchObject({ reason: 'ConfigInvalid' });
  });

  it('is not made at the end of a link that leads nowhere', async () => {
    expect(await refused('ROOT/dangling')).toMatchObject({
      reason: 'IoFailed',
      problem: expect.stringContaining('dangling'),
    });
    expect(existsSync('/nowhere')).toBe(false);
  });

  it('is named with the allowed directories when it is refused', async () => {
    const store = createLeaseStore({ roots: defaultLeaseRoots, cniDir: '/var/lib/cni/braid' });
    await expect(store.locked('/home/me', blue, () => {})).rejects.toThrow(
      'Cannot use "/home/me" as ipam.dataDir: it lies elsewhere; need a directory below /var/lib/cni, /run/cni, /var/run/cni',
    );
  });

  it('may be reached by a link, be deep, end in a slash, and not exist yet', async () => {
    const { root } = place();
    mkdirSync(join(root, 'real'));
    symlinkSync(join(root, 'real'), join(root, 'alias'));
    const roots = [join(root, 'alias'), join(root, 'later')];
    const store = createLeaseStore({ roots, cniDir: join(root, 'braid') });
    for (const dataDir of [`${root}/alias`, `${root}/alias/a//b/`, `${root}/later/x`])
      await store.locked(dataDir, blue, (leases) => leases.reserve(addr('10.5.0.2'), web));
    for (const path of ['real/blue/10.5.0.2', 'real/a/b/blue/10.5.0.2', 'later/x/blue/10.5.0.2'])
      expect(existsSync(join(root, path))).toBe(true);
  });
});
