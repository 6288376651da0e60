/** Files by the C library: what it does and refuses is what node:fs does and refuses. Touches a directory of its own. */
import * as node from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as own from '../../src/kernel/fs';
import type { Stats } from '../../src/kernel/fs-structs';

let directory: string;
beforeEach(() => {
  directory = node.mkdtempSync(join(tmpdir(), 'braid-fs-'));
  node.writeFileSync(join(directory, 'file'), 'some text, ü');
  node.mkdirSync(join(directory, 'sub'));
  node.symlinkSync('file', join(directory, 'link'));
  node.symlinkSync('nowhere', join(directory, 'broken'));
});
afterEach(() => node.rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

/** What a call gives, or the `code` and `path` of what it throws. */
function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return { code, path };
  }
}

describe('the calls of node:fs', () => {
  it.each(['file', 'link', 'broken', 'sub', 'missing', 'file/below'])('give the same for %s', (name) => {
    const path = at(name);
    expect(outcome(() => own.readFileSync(path))).toEqual(outcome(() => node.readFileSync(path, 'utf8')));
    expect(own.existsSync(path)).toBe(node.existsSync(path));
    expect(outcome(() => own.realpathSync(path))).toEqual(outcome(() => node.realpathSync.native(path)));
    expect(outcome(() => own.readdirSync(path).sort())).toEqual(outcome(() => node.readdirSync(path).sort()));
    const shown = (of: Stats): unknown => [of.dev, of.ino, of.size, of.isFile(), of.isDirectory()];
    for (const [ours, theirs] of [
      [own.statSync, node.statSync],
      [own.lstatSync, node.lstatSync],
    ] as const)
      expect(outcome(() => shown(ours(path)))).toEqual(outcome(() => shown(theirs(path))));
  });

  it('find the real path', () => {
    node.symlinkSync('..', at('sub/above'));
    expect(own.realpathSync(at('sub/above/link'))).toBe(node.realpathSync.native(at('file')));
  });

  it('write a file whole: a longer one is cut, a new one has the mode asked for', () => {
    own.writeFileSync(at('file'), 'short');
    expect(node.readFileSync(at('file'), 'utf8')).toBe('short');
    own.writeFileSync(at('new'), 'ü'.repeat(100_000), { mode: 0o600 });
    expect(node.readFileSync(at('new'), 'utf8')).toBe('ü'.repeat(100_000));
    expect(node.statSync(at('new')).mode & 0o777).toBe(0o600);
    expect(own.readFileSync(at('new'))).toBe('ü'.repeat(100_000));
    expect(own.readFileSync('/proc/self/maps')).toContain('[stack]'); // says it has 0 bytes
    own.writeFileSync(at('new'), '');
    expect(own.readFileSync(at('new'))).toBe('');
  });

  it('write without making the file when told so', () => {
    const call = (): void => own.writeFileSync(at('missing'), 'x', { flag: 'r+' });
    expect(outcome(call)).toMatchObject({ code: 'ENOENT', path: at('missing') });
    expect(node.existsSync(at('missing'))).toBe(false);
  });

  it('make a file once, closed on exec', () => {
    const flags = own.constants.O_CREAT | own.constants.O_EXCL | own.constants.O_RDWR;
    const fd = own.openSync(at('once'), flags, 0o640);
    expect(own.writeSync(fd, 'abc')).toBe(3);
    expect(own.writeSync(fd, 'X', 1)).toBe(1);
    const into = Buffer.alloc(8);
    expect([own.readSync(fd, into, 2, 6, 0), into.toString('utf8', 2, 5)]).toEqual([3, 'aXc']);
    expect(node.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(/flags:\s*02\d+/); // O_CLOEXEC
    expect(own.fstatSync(fd).size).toBe(3);
    own.closeSync(fd);
    expect(outcome(() => own.openSync(at('once'), flags))).toMatchObject({ code: 'EEXIST', path: at('once') });
  });

  it('make directories, and those above, with their mode', () => {
    own.mkdirSync(at('a/b/c'), { recursive: true, mode: 0o700 });
    own.mkdirSync(at('a/b/c'), { recursive: true });
    expect(['a', 'a/b', 'a/b/c'].map((name) => node.statSync(at(name)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
    expect(outcome(() => own.mkdirSync(at('a')))).toMatchObject({ code: 'EEXIST' });
    expect(outcome(() => own.mkdirSync(at('file'), { recursive: true }))).toMatchObject({ code: 'EEXIST' });
    expect(outcome(() => own.mkdirSync(at('file/x'), { recursive: true }))).toMatchObject({ code: 'ENOTDIR' });
    expect(outcome(() => own.mkdirSync(at('x/y')))).toMatchObject({ code: 'ENOENT' });
  });

  it('rename and delete', () => {
    own.renameSync(at('file'), at('other'));
    expect(node.readFileSync(at('other'), 'utf8')).toContain('some text');
    own.unlinkSync(at('other'));
    own.rmdirSync(at('sub'));
    expect(node.readdirSync(directory).sort()).toEqual(['broken', 'link']);
    for (const call of [own.unlinkSync, own.rmdirSync, (path: string) => own.renameSync(path, at('z'))])
      expect(outcome(() => call(at('gone')))).toMatchObject({ code: 'ENOENT', path: at('gone') });
  });

  it('open and delete what is there, and say so when nothing is', () => {
    for (const name of ['missing', 'broken', 'file/below']) expect(own.openIfThere(at(name), 0)).toBeUndefined();
    const fd = own.openIfThere(at('link'), own.constants.O_RDONLY);
    expect(fd).toBeTypeOf('number');
    own.closeSync(fd as number);
    expect(outcome(() => own.openIfThere(at('sub'), own.constants.O_WRONLY))).toMatchObject({ code: 'EISDIR' });
    expect(outcome(() => own.unlinkIfThere(at('sub')))).toMatchObject({ code: 'EISDIR', path: at('sub') });
    expect(['link', 'link', 'file/below'].map((name) => own.unlinkIfThere(at(name)))).toEqual([true, false, false]);
  });

  it('list more than one answer of the kernel holds', () => {
    const names = Array.from({ length: 3000 }, (_, at) => `entry-with-a-long-name-${at}`);
    for (const name of names) node.writeFileSync(join(at('sub'), name), '');
    expect(own.readdirSync(at('sub')).sort()).toEqual(names.sort());
  });

  it('tell the kind of file system', () => {
    expect(own.statfsSync('/proc').type).toBe(node.statfsSync('/proc').type);
    expect(outcome(() => own.statfsSync(at('gone')))).toMatchObject({ code: 'ENOENT' });
  });
});

it('refuses a zero byte, where the C library would see the end of the path', () => {
  node.writeFileSync(at('victim'), 'x');
  const path = `${at('victim')}\0.json`;
  expect(own.existsSync(path)).toBe(false);
  const open = (name: string): unknown => own.openIfThere(name, own.constants.O_RDONLY);
  const { unlinkSync, unlinkIfThere, readFileSync, statSync, mkdirSync, readdirSync } = own;
  for (const call of [unlinkSync, unlinkIfThere, readFileSync, statSync, mkdirSync, readdirSync, open])
    expect(outcome(() => call(path))).toMatchObject({ code: 'EINVAL' });
  expect(node.existsSync(at('victim'))).toBe(true);
});
