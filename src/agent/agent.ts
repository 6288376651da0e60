/** The node agent as a whole: what runs beside the watches, and how it ends. Acts through the means it is given. */
import { gcAll } from '../attach/gc';
import type { Edges, LeaseOwner, Log, News } from '../attach/ports';
import { lostEvent, type PodEvent } from '../pod/event';
import { type ConfStore, isOwn, keepConf } from './conf-keeper';
import type { Trouble } from './dhcp/ports';
import type { RunningDhcp } from './dhcp/start';
import { follow, kindOf, SnapshotKeeper, unseen } from './follow';
import { Health, type HealthMeans, lookAtHealth } from './health';
import { type Listen, servePages } from './http';
import { type Gauges, Metrics } from './metrics';
import { Pending } from './pending';
import { measurePools } from './pools';
import type { SnapshotStore, Watcher } from './ports';
import type { CallReport, Question } from './protocol';
import { serveSocket } from './server';
import { type RunningTask, startTask, type Task } from './tasks';
import { View } from './view';

/** What the agent acts through. */
export interface Means {
  readonly watcher: Watcher;
  readonly store: SnapshotStore;
  /** Undefined: no configuration was installed, none is kept. */
  readonly conf: ConfStore | undefined;
  /** What of the installation the runtime does not find where it looks; nothing: it finds all. */
  misplaced(): readonly string[];
  /** This node's edges, new each time: they remember what they read. They tell the cluster nothing, which `publish` does. `close` frees what they opened. */
  edges(): Edges & { readonly publisher: undefined };
  close(edges: Edges): void;
  readonly health: HealthMeans;
  peerUser(fd: number): number | undefined;
  /** Users whose calls are answered. */
  readonly users: readonly number[];
  /** Publishes what is recorded and not published, of these records or all; what is left of them. */
  publish(told: readonly LeaseOwner[] | undefined): Promise<readonly LeaseOwner[]>;
  /** Writes an Event; never throws. */
  writeEvent(event: PodEvent): Promise<void>;
  /** Serves DHCP leases; undefined: somebody else does. */
  readonly startDhcp: ((tell: (trouble: Trouble) => void) => Promise<RunningDhcp>) | undefined;
  /** Gives back memory that is not in use just now. */
  saveMemory(): void;
  /** Says to the cluster that pods may come to this node. */
  announceReady(): Promise<void>;
  readonly log: Log;
}

/** What the administrator says. */
export interface Settings {
  readonly node: string | undefined;
  readonly socket: string;
  readonly listen: Listen | undefined;
  readonly version: string;
  /** Milliseconds between GCs. */
  readonly gcEvery: number;
}

/** Runs until the signal; everything is closed when it returns. */
export async function runUntil(signal: AbortSignal, means: Means, settings: Settings): Promise<void> {
  const { log } = means;
  const view = new View();
  const standing = unseen();
  const keeper = new SnapshotKeeper(view, standing, means.store, log);
  const metrics = new Metrics(settings.version);
  const health = new Health(() => lookAtHealth(means.health));
  const ends: (() => unknown)[] = [];
  const pending = new Pending();
  let queue = 0;
  let publishing: RunningTask | undefined;
  let dhcp: RunningDhcp | undefined;
  try {
    keeper.restore();
    const service = {
      answer: (question: Question) => view.answer(question, standing.problems[kindOf(question)] === undefined),
      version: settings.version,
      report(call: CallReport) {
        metrics.call(call);
        logCall(call, log);
      },
      take(news: News) {
        if (news.tell === 'event') return void means.writeEvent(news.event);
        pending.tell(news.of);
        publishing?.soon();
      },
      peerUser: means.peerUser,
      users: means.users,
    };
    ends.push(serveSocket(settings.socket, service, log).stop, keeper.start());
    if (means.conf !== undefined) ends.push(keepConf(means.conf, () => metrics.restored(), log));
    const ready = async (): Promise<string | undefined> => {
      const { networks } = standing.problems;
      if (networks !== undefined && view.networks.size === 0) return `no network is known: ${networks}`;
      const [misplaced] = means.misplaced();
      if (misplaced !== undefined) return misplaced;
      if (means.conf?.kept() !== undefined && !isOwn(means.conf.read() ?? ''))
        return `${means.conf.path} is not Braid's: another program removed or replaced it`;
      return await health.problem();
    };
    if (settings.listen !== undefined) {
      const pages = servePages(settings.listen, {
        healthy: () => health.problem(),
        ready,
        metrics: async () =>
          metrics.text(await gauges(means, view, standing.problems, { queue, leases: dhcp?.size() })),
      });
      ends.push(pages.stop);
      log.info({ url: pages.url }, 'health and metrics');
    }
    dhcp = await means.startDhcp?.(({ what, pod, error }) => {
      metrics.leaseTrouble(what);
      if (pod !== undefined) void means.writeEvent(lostEvent(pod, error));
    });
    if (dhcp !== undefined) ends.push(dhcp.stop);
    publishing = startTask(
      publishTask(means, pending, (left) => (queue = left)),
      metrics,
      log,
    );
    ends.push(publishing.stop);
    for (const task of [gcTask(means, metrics, settings.gcEvery), readyTask(means, ready), memoryTask(means)])
      ends.push(startTask(task, metrics, log).stop);
    log.info({ node: settings.node, socket: settings.socket, version: settings.version }, 'node agent runs');
    await follow(view, standing, { watcher: means.watcher, node: settings.node, log }, signal);
  } finally {
    await Promise.all(ends.map((end) => end()));
    log.info({}, 'node agent ends');
  }
}

/** The container id is the request's: the runtime's and kubelet's logs have it, too. */
function logCall({ verb, pod, containerId, ms, reason, error, network, networks }: CallReport, log: Log): void {
  const failed = network ?? networks.find((each) => each.reason !== undefined)?.name;
  const fields = { verb, pod, containerId, network: failed, reason, error, ms: Math.round(ms) };
  if (reason === undefined) log.debug(fields, 'a call succeeded');
  else log.warn(fields, 'a call failed');
}

function gcTask(means: Means, metrics: Metrics, every: number): Task {
  return {
    name: 'gc',
    every,
    retry: 30_000,
    async run() {
      const edges = means.edges();
      try {
        const { freed, failed } = await gcAll({ valid: undefined, dryRun: false }, edges);
        metrics.freed(freed.length);
        for (const { what, containerId, subject, why } of freed)
          means.log.info({ what, containerId, subject, why }, 'freed what a sandbox that is gone had left');
        const [first] = failed;
        if (first !== undefined) throw first.error;
      } finally {
        means.close(edges);
      }
    },
  };
}

/** Publishes what is pending; `tellLeft` is told how much is left. */
export function publishTask(means: Pick<Means, 'publish'>, pending: Pending, tellLeft: (queue: number) => void): Task {
  return {
    name: 'publish',
    every: 5000,
    retry: 1000,
    async run() {
      try {
        const left = await means.publish(pending.take(performance.now()));
        for (const owner of left) pending.tell(owner);
        tellLeft(left.length);
      } catch (error) {
        pending.tell(undefined); // of all: what was taken is not known any more
        throw error;
      }
    },
  };
}

function memoryTask(means: Means): Task {
  return { name: 'memory', every: 60_000, retry: 60_000, run: async () => means.saveMemory() };
}

/** Once, when the node is ready for the first time; then there is nothing more to do. */
function readyTask(means: Means, ready: () => Promise<string | undefined>): Task {
  let announced = false;
  return {
    name: 'ready',
    every: 10_000,
    retry: 1000,
    async run() {
      if (announced || (await ready()) !== undefined) return;
      await means.announceReady();
      announced = true;
    },
  };
}

async function gauges(
  means: Means,
  view: View,
  problems: { readonly pods: string | undefined; readonly networks: string | undefined },
  own: Pick<Gauges, 'queue' | 'leases'>,
): Promise<Gauges> {
  const edges = means.edges();
  try {
    const { whole: attached, broken } = await edges.records.everything();
    return {
      known: [
        { kind: 'pods', count: view.pods.size, inStep: problems.pods === undefined },
        { kind: 'networks', count: view.networks.size, inStep: problems.networks === undefined },
      ],
      records: { attached: attached.length, broken: broken.length },
      pools: await measurePools(edges),
      ...own,
      memory: process.memoryUsage.rss(),
    };
  } finally {
    means.close(edges);
  }
}
