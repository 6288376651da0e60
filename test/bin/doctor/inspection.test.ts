/** How braid doctor asks programs and the agent for their versions. Starts scripts and an agent of the test's own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { toSnapshotText } from '../../../src/agent/snapshot';
import { openInspection } from '../../../src/bin/doctor/inspection';
import { temporaryDirectory } from '../../disk/temp';

it('asks a command, found by name or by path, for the first line that it prints', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'tool'), '#!/bin/sh\necho "$0 $1"\necho more\n', { mode: 0o755 });
  writeFileSync(join(root, 'broken'), '#!/bin/sh\necho x; exit 1\n', { mode: 0o755 });
  const { version } = openInspection({ PATH: `${root}:/usr/bin:/bin` });
  expect(await version('tool', ['--version'])).toBe(`${root}/tool --version`);
  expect(await version(`${root}/tool`, ['-v'])).toBe(`${root}/tool -v`);
  expect([await version('broken', []), await version('none', []), await version('/none', [])]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

/** An agent in a thread of its own: the question blocks this one. */
async function agent(reply: string): Promise<string> {
  const cniDir = temporaryDirectory();
  const worker = new Worker(new URL('../../agent/agent-worker.ts', import.meta.url), {
    workerData: { cniDir, reply, users: [process.getuid?.() ?? 0], pods: [], networks: [] },
  });
  onTestFinished(() => void worker.terminate());
  await new Promise((ready) => worker.once('message', ready));
  return cniDir;
}

it('asks the agent which Braid it is; an older one does not know that', async () => {
  const { agent: look } = openInspection({});
  expect(look(await agent('own'))).toEqual({ version: '1.2.3' });
  expect(look(await agent('older'))).toEqual({ version: undefined });
  expect(look(await agent('newer'))).toMatchObject({ problem: expect.stringContaining('version 2') });
  expect(look(temporaryDirectory())).toBe('none');
});

it('knows whether the snapshot can be read by this version', () => {
  const { snapshot } = openInspection({});
  const place = (text: string): string => {
    const cniDir = temporaryDirectory();
    mkdirSync(cniDir, { recursive: true });
    writeFileSync(join(cniDir, 'snapshot'), text);
    return cniDir;
  };
  expect(snapshot(place(toSnapshotText({ pods: [], networks: [] })))).toMatchObject({ problem: undefined });
  expect(snapshot(place('braid-snapshot 99 0\n'))).toMatchObject({ problem: 'its version is 99, need 2' });
  expect(snapshot(temporaryDirectory())).toBeUndefined();
});
