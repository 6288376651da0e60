/** What the agent repeats, and what its log leaves out. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { limited } from '../../src/agent/limit';
import { Metrics } from '../../src/agent/metrics';
import { startTask } from '../../src/agent/tasks';
import { fail } from '../../src/error';
import { fakeLog } from '../../src/model/log';

function task(run: () => Promise<void>, every = 3_600_000) {
  const log = fakeLog();
  const metrics = new Metrics('1');
  const running = startTask({ name: 'test', every, retry: 5, run }, metrics, log);
  onTestFinished(running.stop);
  const text = () =>
    metrics.text({ known: [], records: { attached: 0, broken: 0 }, pools: [], leases: 0, queue: 0, memory: 0 });
  return { ...running, log, text };
}

describe('a task', () => {
  it('runs at once, when it is wanted, and never twice at a time', async () => {
    let runs = 0;
    let open = 0;
    let end: () => void = () => undefined;
    const { now } = task(async () => {
      runs += 1;
      open += 1;
      expect(open).toBe(1);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      open -= 1;
    });
    expect(runs).toBe(1);
    now();
    now();
    end();
    await vi.waitFor(() => expect(runs).toBe(2)); // once more for both
    end();
  });

  it('runs once for all who want it soon, after they went on', async () => {
    let runs = 0;
    let end: (() => void) | undefined;
    const { soon } = task(async () => {
      runs += 1;
      if (runs === 2) await new Promise<void>((resolve) => (end = resolve));
    });
    await Promise.resolve();
    soon();
    soon();
    expect(runs).toBe(1);
    await vi.waitFor(() => expect(runs).toBe(2));
    soon(); // while it runs: once more
    soon();
    end?.();
    await vi.waitFor(() => expect(runs).toBe(3));
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(runs).toBe(3);
  });

  it('is tried again after a failure, which the log tells', async () => {
    let runs = 0;
    const { log } = task(async () => {
      runs += 1;
      if (runs < 3) fail('IoFailed', 'no');
    });
    await vi.waitFor(() => expect(runs).toBe(3));
    expect(log.entries.map(({ fields }) => fields.reason)).toEqual(['IoFailed', 'IoFailed']);
  });

  it('has an age from its start on, although it never succeeds', async () => {
    const { log, text } = task(async () => fail('IoFailed', 'no'));
    await vi.waitFor(() => expect(log.entries.length).toBeGreaterThan(0));
    const [, since] = /last_success_timestamp_seconds\{task="test"\} (\S+)/.exec(text()) ?? [];
    expect(Number(since)).toBeCloseTo(Date.now() / 1000, -2);
  });

  it('is over when it is stopped', async () => {
    let runs = 0;
    const { stop, now } = task(async () => {
      runs += 1;
    }, 1);
    await stop();
    const before = runs;
    now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).toBe(before);
  });
});

it('a log says the same thing about the same thing once in a while, then how often', () => {
  const behind = fakeLog();
  let time = 0;
  const log = limited(behind, 100, () => time);
  for (let tries = 1; tries <= 5; tries += 1) log.warn({ pod: 'a', tries }, 'no network');
  log.warn({ pod: 'b', tries: 1 }, 'no network');
  log.info({ pod: 'a' }, 'no network');
  time = 100;
  log.warn({ pod: 'a', tries: 6 }, 'no network');
  expect(behind.entries.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { pod: 'a', tries: 1 }],
    ['warn', { pod: 'b', tries: 1 }],
    ['info', { pod: 'a' }],
    ['warn', { pod: 'a', tries: 6, repeated: 4 }],
  ]);
});
