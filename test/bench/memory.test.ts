/** Memory of processes: what they started counts, and who is gone does not. */
import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { childrenOf, residentOf, statusOf, treeOf } from './memory';

it('is that of a process and of all that it started', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const shell = child.pid ?? 0;
  const gone = new Promise((resolve) => child.once('close', resolve));
  const end = () => process.kill(-shell, 'SIGKILL');
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && end()));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const [sleeping] = childrenOf(shell);
  expect(treeOf(shell)).toEqual([shell, sleeping]);
  expect(childrenOf(process.pid)).toContain(shell);
  const own = residentOf([shell]);
  expect(own).toBeGreaterThan(0);
  expect(residentOf([shell, shell]), 'added up').toBeGreaterThan(1.5 * own);
  expect(statusOf(shell, 'VmHWM')).toBeGreaterThanOrEqual(statusOf(shell, 'RssAnon'));
  end();
  await gone;
  expect([childrenOf(shell), residentOf([shell]), statusOf(shell, 'VmHWM')]).toEqual([[], 0, 0]);
});
