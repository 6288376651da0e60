/** Metrics as Prometheus reads them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Counter } from '../../src/agent/exposition';
import { type Gauges, Metrics } from '../../src/agent/metrics';

const nobody = { pod: undefined, containerId: undefined, error: undefined, network: undefined };

const nothing: Gauges = {
  leases: undefined,
  known: [{ kind: 'networks', count: 3, inStep: false }],
  records: { attached: 2, broken: 1 },
  pools: [{ network: 'default/a', used: 5, free: 249 }],
  queue: 4,
  memory: 1024,
};
const lines = (metrics: Metrics, gauges = nothing) => metrics.text(gauges).split('\n');

it('counts calls and networks by verb and reason', () => {
  const metrics = new Metrics('1.2.3');
  const failed = { name: 'default/a', ms: 20, reason: 'MasterMissing' };
  metrics.call({
    verb: 'ADD',
    ...nobody,
    ms: 30,
    reason: 'MasterMissing',
    networks: [{ name: 'cluster', ms: 4, reason: undefined }, failed],
  });
  metrics.call({
    verb: 'ADD',
    ...nobody,
    ms: 3,
    reason: undefined,
    networks: [{ name: 'cluster', ms: 6, reason: undefined }],
  });
  expect(lines(metrics)).toEqual(
    expect.arrayContaining([
      'braid_calls_total{verb="ADD",reason="MasterMissing"} 1',
      'braid_calls_total{verb="ADD",reason=""} 1',
      'braid_call_seconds_bucket{verb="ADD",le="0.005"} 1',
      'braid_call_seconds_bucket{verb="ADD",le="0.05"} 2',
      'braid_call_seconds_bucket{verb="ADD",le="+Inf"} 2',
      'braid_call_seconds_count{verb="ADD"} 2',
      'braid_network_total{verb="ADD",network="cluster",reason=""} 2',
      'braid_network_total{verb="ADD",network="default/a",reason="MasterMissing"} 1',
      'braid_network_seconds_total{verb="ADD",network="cluster"} 0.01',
    ]),
  );
});

it('tells what the agent knows and does', () => {
  const metrics = new Metrics('1.2.3');
  metrics.ran({ task: 'gc', seconds: 0.5, failed: false }, 7000);
  metrics.ran({ task: 'gc', seconds: 0.25, failed: true }, 9000);
  metrics.freed(3);
  metrics.restored();
  expect(lines(metrics)).toEqual(
    expect.arrayContaining([
      'braid_task_runs_total{task="gc",outcome="done"} 1',
      'braid_task_runs_total{task="gc",outcome="failed"} 1',
      'braid_task_seconds_total{task="gc"} 0.75',
      'braid_task_last_success_timestamp_seconds{task="gc"} 7',
      'braid_gc_freed_total 3',
      'braid_config_restored_total 1',
      'braid_publish_queue 4',
      'braid_watch_in_step{kind="networks"} 0',
      'braid_known_objects{kind="networks"} 3',
      'braid_reservations{network="default/a",state="used"} 5',
      'braid_reservations{network="default/a",state="free"} 249',
      'braid_sandboxes{record="usable"} 2',
      'braid_sandboxes{record="broken"} 1',
      'process_resident_memory_bytes 1024',
      'braid_build_info{version="1.2.3"} 1',
    ]),
  );
});

it('has the age of a task that never succeeded: as old as the agent', () => {
  const metrics = new Metrics('1');
  metrics.begins('gc', 5000);
  metrics.ran({ task: 'gc', seconds: 1, failed: true }, 9000);
  expect(lines(metrics)).toContain('braid_task_last_success_timestamp_seconds{task="gc"} 5');
});

it('has all that the alerts of docs/operations.md ask for, by name and label', () => {
  const metrics = new Metrics('1');
  for (const verb of ['ADD', 'DEL']) metrics.call({ verb, ...nobody, ms: 1, reason: 'Internal', networks: [] });
  metrics.begins('gc', 0);
  const served = lines(metrics, { ...nothing, leases: 0 });
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, table = ''] = /\| Alert \|([\s\S]*?)\n\n/.exec(page) ?? [];
  const asked = [...table.matchAll(/(braid_\w+)(?:\{([^}]*)\})?/g)];
  expect(asked.length).toBeGreaterThan(7);
  for (const [whole, name = '', matchers = ''] of asked) {
    const equal = [...matchers.matchAll(/(\w+)(!?=)"([^"]*)"/g)].map(([, label, sign, value]) =>
      sign === '=' ? `${label}="${value}"` : `${label}="`,
    );
    const fits = (line: string): boolean =>
      /^\w+/.exec(line)?.[0] === name && equal.every((each) => line.includes(each));
    expect(served.some(fits), whole).toBe(true);
  }
});

it('has a help and a type before each family', () => {
  const text = new Metrics('1').text(nothing);
  for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) expect(text).toContain(`# HELP ${name} `);
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(families).size).toBe(families.length);
  expect(text.endsWith('\n')).toBe(true);
});

it('cannot be broken by a name, nor grow without end', () => {
  const metrics = new Metrics('1');
  const name = 'a"}\n\\evil 1';
  metrics.call({ verb: 'ADD', ...nobody, ms: 1, reason: undefined, networks: [{ name, ms: 1, reason: undefined }] });
  expect(metrics.text(nothing)).toContain('network="a\\"}\\n\\\\evil 1"');
  const counter = new Counter(3);
  for (const network of ['a', 'b', 'c', 'd', 'e', 'a']) counter.add({ network });
  expect(counter.samples().map(({ labels, value }) => [labels.network, value])).toEqual([
    ['a', 2],
    ['b', 1],
    ['c', 1],
    ['other', 2],
  ]);
});
