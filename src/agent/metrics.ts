/** What the agent counts, and what it measures when it is asked. Touches nothing itself. */
import { type Trouble, troubles } from './dhcp/ports';
import { Counter, type Family, Histogram, type Sample, toExposition } from './exposition';
import type { CallReport } from './protocol';

/** What is measured at the time of asking. */
export interface Gauges {
  /** Pods and networks that are known, and whether their watches are in step. */
  readonly known: readonly { readonly kind: string; readonly count: number; readonly inStep: boolean }[];
  /** Sandboxes that are recorded, and records that cannot be read. */
  readonly records: { readonly attached: number; readonly broken: number };
  readonly pools: readonly Pool[];
  /** DHCP leases that are held or asked for; undefined: somebody else serves them. */
  readonly leases: number | undefined;
  /** What is still to be published. */
  readonly queue: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
}

/** host-local's reservations of one network on this node. */
export interface Pool {
  readonly network: string;
  readonly used: number;
  readonly free: number;
}

/** One run of a task that the agent repeats. */
export interface TaskRun {
  readonly task: string;
  readonly seconds: number;
  readonly failed: boolean;
}

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Metrics {
  readonly #calls = new Counter();
  readonly #seconds = new Histogram(bounds);
  readonly #networks = new Counter();
  readonly #networkSeconds = new Counter();
  readonly #runs = new Counter();
  readonly #runSeconds = new Counter();
  readonly #lastSuccess = new Map<string, number>();
  readonly #freed = new Counter();
  readonly #restored = new Counter();
  readonly #leaseTroubles = new Counter();

  constructor(readonly version: string) {
    this.#restored.add({}, 0); // there from the start: a rate needs a first value
    this.#freed.add({}, 0);
    for (const what of troubles) this.#leaseTroubles.add({ what }, 0);
  }

  /** A call of the runtime, as the executable told it. */
  call({ verb, ms, reason, networks }: CallReport): void {
    this.#calls.add({ verb, reason: reason ?? '' });
    this.#seconds.observe({ verb }, ms / 1000);
    for (const network of networks) {
      this.#networks.add({ verb, network: network.name, reason: network.reason ?? '' });
      this.#networkSeconds.add({ verb, network: network.name }, network.ms / 1000);
    }
  }

  /** Tasks that never succeed are as if they had succeeded now: an alert on their age needs a first value. */
  begins(task: string, now: number): void {
    this.#lastSuccess.set(task, now);
  }

  ran({ task, seconds, failed }: TaskRun, now: number): void {
    this.#runs.add({ task, outcome: failed ? 'failed' : 'done' });
    this.#runSeconds.add({ task }, seconds);
    if (!failed) this.#lastSuccess.set(task, now);
  }

  freed(count: number): void {
    this.#freed.add({}, count);
  }

  restored(): void {
    this.#restored.add({});
  }

  leaseTrouble(what: Trouble['what']): void {
    this.#leaseTroubles.add({ what });
  }

  text({ known, records, pools, leases, queue, memory }: Gauges): string {
    const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
      name,
      help,
      type: 'gauge',
      samples,
    });
    const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
      name,
      help,
      type: 'counter',
      samples,
    });
    return toExposition([
      counter(
        'braid_calls_total',
        'Calls of the container runtime; reason is empty for success.',
        this.#calls.samples(),
      ),
      {
        name: 'braid_call_seconds',
        help: 'How long calls of the container runtime took.',
        type: 'histogram',
        samples: this.#seconds.samples(),
      },
      counter(
        'braid_network_total',
        'Networks attached, detached or checked; reason is empty for success.',
        this.#networks.samples(),
      ),
      counter('braid_network_seconds_total', 'Seconds that the work on networks took.', this.#networkSeconds.samples()),
      gauge('braid_sandboxes', 'Pod sandboxes that are recorded on this node.', [
        { labels: { record: 'usable' }, value: records.attached },
        { labels: { record: 'broken' }, value: records.broken },
      ]),
      gauge(
        'braid_reservations',
        'Addresses of host-local on this node, of networks that are attached here.',
        pools.flatMap(({ network, used, free }) => [
          { labels: { network, state: 'used' }, value: used },
          { labels: { network, state: 'free' }, value: free },
        ]),
      ),
      ...(leases === undefined
        ? []
        : [
            gauge('braid_dhcp_leases', 'DHCP leases that are held or asked for.', [{ labels: {}, value: leases }]),
            counter(
              'braid_dhcp_leases_lost_total',
              'Leases of running pods that ended, were refused, or whose address is missing on the interface.',
              this.#leaseTroubles.samples(),
            ),
          ]),
      counter(
        'braid_task_runs_total',
        'Runs of what the agent repeats: gc, publish, ready, memory.',
        this.#runs.samples(),
      ),
      counter('braid_task_seconds_total', 'Seconds that these runs took.', this.#runSeconds.samples()),
      gauge(
        'braid_task_last_success_timestamp_seconds',
        'When each last succeeded; before that, when the agent began with it.',
        [...this.#lastSuccess].map(([task, at]) => ({ labels: { task }, value: at / 1000 })),
      ),
      counter('braid_gc_freed_total', 'Things that GC freed.', this.#freed.samples()),
      gauge('braid_publish_queue', 'Sandboxes whose status is still to be published.', [{ labels: {}, value: queue }]),
      counter(
        'braid_config_restored_total',
        'Times that the CNI configuration was put back after another program had removed or replaced it.',
        this.#restored.samples(),
      ),
      gauge(
        'braid_watch_in_step',
        '1 while changes of the API server arrive.',
        known.map(({ kind, inStep }) => ({ labels: { kind }, value: inStep ? 1 : 0 })),
      ),
      gauge(
        'braid_known_objects',
        'Objects of the cluster that the agent knows.',
        known.map(({ kind, count }) => ({ labels: { kind }, value: count })),
      ),
      gauge('process_resident_memory_bytes', 'Resident memory of the agent.', [{ labels: {}, value: memory }]),
      gauge('braid_build_info', 'Version of the agent.', [{ labels: { version: this.version }, value: 1 }]),
    ]);
  }
}
