/** Records on a real disk: whole or refused, private, locked across processes, nothing left over. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRecords } from '../../src/disk/records';
import { fakeLog } from '../../src/model/log';
import { id, link, sampleRecord } from './sample';
import { temporaryDirectory } from './temp';

async function saved() {
  const cniDir = join(temporaryDirectory(), 'braid');
  const log = fakeLog();
  const records = createRecords(cniDir, log);
  await records.save(sampleRecord());
  const path = join(cniDir, 'attachments', 'cid1_eth0.json');
  return {
    cniDir,
    log,
    records,
    path,
    text: readFileSync(path, 'utf8'),
    find: () => records.find(id('cid1'), link('eth0')),
  };
}

describe('a record file', () => {
  it('is readable by people, and by root only', async () => {
    const { cniDir, records, path, text } = await saved();
    await records.save(sampleRecord()); // the first one made the directory on its way
    expect(text).toMatch(/^\{\n {2}"version": 1,\n {2}"containerId": "cid1",\n/);
    expect(text).toMatch(/\n\}\n$/);
    expect([path, join(cniDir, 'attachments'), cniDir].map((each) => statSync(each).mode & 0o777)).toEqual([
      0o600, 0o700, 0o700,
    ]);
  });

  it('cut at any byte is RecordInvalid with its path, never another record', async () => {
    const { path, text, find } = await saved();
    const bytes = Buffer.from(text);
    expect(bytes.length).toBeGreaterThan(2000);
    for (let length = 0; length < bytes.length - 1; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const outcome = await find().catch((error: unknown) => error);
      expect(outcome, `cut at ${length}`).toMatchObject({
        reason: 'RecordInvalid',
        problem: expect.stringContaining(path),
      });
    }
    writeFileSync(path, bytes.subarray(0, -1)); // the last line's end
    expect(await find()).toEqual(sampleRecord());
  });

  it('with any one part taken out is RecordInvalid, or the record without that optional part', async () => {
    const { path, text, find } = await saved();
    for (const keys of pathsOf(JSON.parse(text))) {
      const changed = JSON.stringify(without(JSON.parse(text), keys));
      writeFileSync(path, changed);
      const outcome = await find().catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ reason: 'RecordInvalid' });
      else expect(outcome, keys.join('.')).toEqual(JSON.parse(changed));
    }
  });

  it.each([
    ['garbage', '\0\0\0\0'],
    ['no object', '[]'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a newer version', JSON.stringify({ ...sampleRecord(), version: 2 }), 'written by a newer Braid'],
    ['an unknown version', JSON.stringify({ ...sampleRecord(), version: '1' }), 'version'],
    ['another container', JSON.stringify(sampleRecord('cid2')), 'it belongs to container cid2'],
    ['another interface', JSON.stringify(sampleRecord('cid1', 'eth7')), 'interface eth7'],
    ['a bad address', JSON.stringify(sampleRecord()).replaceAll('10.5.0.2/24', '10.5.0.999/24'), 'ips[0].address'],
    [
      'a path for a name',
      JSON.stringify(sampleRecord()).replace('"name":"blue"', '"name":"../../etc"'),
      'attachments[0].name',
    ],
    [
      'a path for a plugin',
      JSON.stringify(sampleRecord()).replace('"type":"macvlan"', '"type":"../../bin/sh"'),
      'attachments[0].plugins[0].type',
    ],
    ['a plugin without a type', JSON.stringify(sampleRecord()).replace('"type":"macvlan",', ''), 'plugins[0].type'],
  ])('with %s is RecordInvalid', async (_, text, why = '') => {
    const { path, find } = await saved();
    writeFileSync(path, text);
    await expect(find()).rejects.toMatchObject({ reason: 'RecordInvalid', problem: expect.stringContaining(why) });
    await expect(find()).rejects.toThrow(path);
  });

  it('of version 1, as the first Braid wrote it, is understood', async () => {
    const { cniDir, records } = await saved();
    const text = readFileSync(join(import.meta.dirname, '../fixtures/record-version-1.json'), 'utf8');
    writeFileSync(join(cniDir, 'attachments', 'c1_eth0.json'), text);
    const record = await records.find(id('c1'), link('eth0'));
    expect(record).toEqual(JSON.parse(text));
    expect(record?.attachments.map(({ ifName, failure }) => [ifName, failure])).toEqual([
      ['eth0', undefined],
      ['net1', undefined],
    ]);
  });

  it('keeps why an attachment could not be taken back', async () => {
    const { records, find } = await saved();
    const [one, ...others] = sampleRecord().attachments;
    if (one === undefined) expect.fail('the sample has no attachment');
    const failed = { ...sampleRecord(), attachments: [{ ...one, failure: 'DelegateMissing: no plugin' }, ...others] };
    await records.save(failed);
    expect(await find()).toEqual(failed);
  });

  it('of a result of megabytes can be read again; one that could not is not written', async () => {
    const { records, find } = await saved();
    const [one] = sampleRecord().attachments;
    if (one === undefined) expect.fail('the sample has no attachment');
    const withPlugin = (text: string) => ({
      ...sampleRecord(),
      attachments: [{ ...one, plugins: [{ type: 'macvlan', text }] }],
    });
    const big = withPlugin('x'.repeat(9 * 1024 * 1024));
    await records.save(big);
    expect(await find()).toEqual(big);
    await expect(records.save(withPlugin('x'.repeat(64 * 1024 * 1024)))).rejects.toMatchObject({ reason: 'IoFailed' });
    expect(await find()).toEqual(big);
  });

  it('that is broken does not hide the others, and is told', async () => {
    const { cniDir, log, records } = await saved();
    const bad = join(cniDir, 'attachments', 'cid0_eth0.json');
    writeFileSync(bad, '{"version": 1,');
    writeFileSync(join(cniDir, 'attachments', 'README'), 'not ours');
    expect(await records.all()).toEqual([sampleRecord()]);
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { path: bad } }]);
    expect(await records.broken()).toMatchObject([
      { containerId: 'cid0', ifName: 'eth0', error: { reason: 'RecordInvalid' } },
    ]);
  });

  it('that is no regular file is refused without waiting on it', async () => {
    const { path, find } = await saved();
    rmSync(path);
    Bun.spawnSync(['mkfifo', path]);
    await expect(find()).rejects.toMatchObject({
      reason: 'IoFailed',
      problem: expect.stringContaining('need a regular file'),
    });
  });

  it('never lies outside the directory', async () => {
    const { cniDir, records } = await saved();
    const evil = '../../evil' as ReturnType<typeof id>;
    await expect(records.save({ ...sampleRecord(), containerId: evil })).rejects.toMatchObject({ reason: 'Internal' });
    await expect(records.delete({ containerId: evil, ifName: link('eth0') }, undefined)).rejects.toMatchObject({
      reason: 'Internal',
    });
    await expect(records.locked(evil, async () => {})).rejects.toMatchObject({ reason: 'EnvironmentInvalid' });
    expect(readdirSync(join(cniDir, '..'))).toEqual(['braid']);
  });
});

describe('saving', () => {
  it('keeps the old record when the new one cannot be written, and names path and errno', async () => {
    const { cniDir, records, path, find } = await saved();
    mkdirSync(`${path}.tmp`);
    const saving = records.save({ ...sampleRecord(), bootId: 'new' });
    await expect(saving).rejects.toMatchObject({
      reason: 'IoFailed',
      errno: 'EISDIR',
      problem: expect.stringContaining(path),
    });
    expect(await find()).toEqual(sampleRecord());
    rmSync(`${path}.tmp`, { recursive: true });
    expect(readdirSync(join(cniDir, 'attachments'))).toEqual(['cid1_eth0.json']);
  });

  it('leaves nothing when it fails, and deleting takes a killed writer’s rest along', async () => {
    const { records, path } = await saved();
    rmSync(path);
    mkdirSync(path); // the rename fails
    await expect(records.save(sampleRecord())).rejects.toMatchObject({ reason: 'IoFailed' });
    expect(existsSync(`${path}.tmp`)).toBe(false);
    rmSync(path, { recursive: true });
    writeFileSync(`${path}.tmp`, 'half');
    await records.delete({ containerId: id('cid1'), ifName: link('eth0') }, undefined);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });
});

describe('the lock of a container', () => {
  it('leaves no file', async () => {
    const { cniDir, records } = await saved();
    await Promise.all(Array.from({ length: 20 }, (_, i) => records.locked(id(`c${i % 3}`), async () => {})));
    expect(readdirSync(join(cniDir, 'locks'))).toEqual([]);
  });

  it('excludes other processes, however often its file comes and goes', async () => {
    const { cniDir } = await saved();
    const counter = join(cniDir, 'counter');
    writeFileSync(counter, '0');
    const worker = join(import.meta.dirname, 'lock-worker.ts');
    const workers = [1, 2, 3, 4].map(() => Bun.spawn([process.execPath, worker, cniDir, '50']));
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('200');
    expect(readdirSync(join(cniDir, 'locks'))).toEqual([]);
  });

  it('goes with its process', async () => {
    const { cniDir, records } = await saved();
    const worker = join(import.meta.dirname, 'lock-worker.ts');
    const holder = Bun.spawn([process.execPath, worker, cniDir, 'hold'], { stdout: 'pipe' });
    await holder.stdout.getReader().read();
    const order: string[] = [];
    const working = records.locked(id('c'), async () => void order.push('worked'));
    await Bun.sleep(50);
    order.push('killed');
    holder.kill('SIGKILL');
    await working;
    expect(order).toEqual(['killed', 'worked']);
    expect(readdirSync(join(cniDir, 'locks'))).toEqual([]);
  });

  it('does not hold up work on other containers', async () => {
    const { cniDir, records } = await saved();
    mkdirSync(join(cniDir, 'locks'));
    const holder = Bun.spawn(['flock', join(cniDir, 'locks', 'c.lock'), 'sh', '-c', 'echo held; sleep 0.2']);
    await holder.stdout.getReader().read();
    const order: string[] = [];
    const waiting = records.locked(id('c'), async () => void order.push('c'));
    await records.locked(id('d'), async () => void order.push('d'));
    await waiting;
    expect(order).toEqual(['d', 'c']);
  });
});

describe('leftovers', () => {
  it('are deleted unless somebody works on that container', async () => {
    const { cniDir, records, path } = await saved();
    const temporary = (container: string) => join(cniDir, 'attachments', `${container}_eth0.json.tmp`);
    mkdirSync(join(cniDir, 'locks'));
    for (const file of [temporary('dead'), temporary('busy'), join(cniDir, 'locks', 'old.lock')])
      writeFileSync(file, '');
    const deleted = await records.locked(id('busy'), () => records.deleteLeftovers());
    expect(deleted).toEqual([temporary('dead'), join(cniDir, 'locks', 'old.lock')]);
    expect(readdirSync(join(cniDir, 'attachments')).sort()).toEqual(['busy_eth0.json.tmp', 'cid1_eth0.json']);
    expect(existsSync(path)).toBe(true);
    expect(readdirSync(join(cniDir, 'locks'))).toEqual([]);
  });

  it('are none where nothing was ever written', async () => {
    const records = createRecords(join(temporaryDirectory(), 'braid'), fakeLog());
    expect(await records.deleteLeftovers()).toEqual([]);
  });
});

/** Every path of keys in a JSON value. */
function pathsOf(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inside = Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...at, key]));
  return at.length === 0 ? inside : [at, ...inside];
}

function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = without(copy[key], rest);
  else delete copy[key];
  return copy;
}
