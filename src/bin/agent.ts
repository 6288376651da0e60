/** The node agent, put together and run until SIGTERM or SIGINT. Reads the node's configuration, opens the edges. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runUntil } from '../agent/agent';
import type { DhcpMeans, RunningDhcp } from '../agent/dhcp/start';
import { parseListen } from '../agent/http';
import { limited } from '../agent/limit';
import { socketPath } from '../agent/protocol';
import type { Edges, Log } from '../attach/ports';
import { publishPending } from '../attach/publish';
import { type NetConf, parseConfigForDel } from '../cni/config';
import { files, readText } from '../disk/files';
import { createConfStore, findInstalledConf } from '../disk/kept-conf';
import { findMisplaced, findUnseen, misplacedFix } from '../disk/misplaced';
import { createRecords } from '../disk/records';
import { confirmSnapshot, saveSnapshot } from '../disk/save-snapshot';
import { findSnapshot } from '../disk/snapshot';
import { fail, toCniError } from '../error';
import { releaseCode } from '../kernel/code-pages';
import { createNamespace } from '../kernel/fresh-namespace';
import { peerUser } from '../kernel/unix';
import { usualPatience } from '../kube/patience';
import { createPublisher } from '../kube/publisher';
import { removeTaint } from '../kube/taint';
import { createWatcher } from '../kube/watcher';
import { findPlace } from './cluster';
import type { AgentOptions } from './commands/agent';
import { openEdges } from './edges';
import { openLog } from './log';
import { defaults, ownPlugin } from './node';
import { version } from './version';

/** Directories of the configuration that the agent was started with; where it is kept, if it is. */
const defaultDir = '/var/lib/cni/braid';
const users = [0, process.getuid?.() ?? 0]; // root, and who runs the agent
const sameMessage = 60_000; // ms

/** Ends when a signal came and everything is closed. KubeconfigInvalid when there is no cluster to be found. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const log = limited(openLog({ level: options.logLevel, file: undefined, toStderr: true }), sameMessage);
  const path = options.conf ?? findInstalledConf(defaultDir);
  const conf = readConf(path, log);
  const { cniDir } = conf;
  const place =
    findPlace(conf, process.env) ??
    fail('KubeconfigInvalid', 'Cannot watch a cluster: need "kubeconfig" in the configuration, or to run in a pod');
  const ending = new AbortController();
  const patience = { ...usualPatience, ending: ending.signal };
  const publisher = createPublisher(place, files, log, { node: options.node ?? hostname(), patience });
  const end = (): void => ending.abort();
  process.on('SIGTERM', end).on('SIGINT', end);
  try {
    await runUntil(
      ending.signal,
      {
        watcher: createWatcher(place, files, log),
        store: {
          find: () => findSnapshot(cniDir, log)?.snapshot.all(),
          save: (content) => saveSnapshot(cniDir, content),
          confirm: (now) => confirmSnapshot(cniDir, now),
        },
        conf: path === undefined ? undefined : createConfStore(cniDir, path),
        misplaced: () => [...findUnseen(cniDir), ...findMisplaced(cniDir).map((each) => `${each}: ${misplacedFix}`)],
        edges: () => ({ ...openEdges(conf, []), log, publisher: undefined }),
        close,
        health: {
          edges: () => ({ ...openEdges({ ...conf, cniDir: join(cniDir, 'health') }, []), log }),
          namespace: createNamespace,
          close,
        },
        peerUser,
        users,
        startDhcp: options.dhcp === 'off' ? undefined : (tell) => serveLeases({ options, conf, log, tell }),
        publish: async (told) =>
          (await publishPending({ records: createRecords(cniDir, log), publisher, log }, told)).left,
        writeEvent: (event) =>
          publisher
            .writeEvent(event)
            .catch((cause) => log.warn({ problem: toCniError(cause).message }, 'could not write an Event')),
        saveMemory: releaseCode,
        announceReady: async () => {
          if (options.node !== undefined) await removeTaint(place, options.node, files, log);
        },
        log,
      },
      {
        node: options.node,
        socket: socketPath(cniDir),
        listen: parseListen(options.listen),
        version,
        gcEvery: options.gcEvery * 1000,
      },
    );
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
  }
}

interface Serving {
  readonly options: AgentOptions;
  readonly conf: NetConf;
  readonly log: Log;
  readonly tell: DhcpMeans['tell'];
}

/** The node's DHCP daemon: loaded when the agent starts, and no sooner. */
async function serveLeases({ options, conf, log, tell }: Serving): Promise<RunningDhcp> {
  const { startDhcp } = await import('../agent/dhcp/start');
  const edges = openEdges(conf, []);
  return await startDhcp({
    socket: options.dhcp,
    broadcast: options.dhcpBroadcast,
    directory: join(conf.cniDir, 'dhcp'),
    bootId: edges.bootId,
    files,
    links: async () => (await import('../kernel/dhcp-socket')).createPodLinks(edges.kernel),
    isThere: edges.dhcp.isThere,
    peerUser,
    users,
    log,
    tell,
  });
}

/**
 * The configuration in that file; when another program took it away, the copy that was kept. Without either one of
 * defaults: the agent runs and says that it is not ready.
 */
function readConf(path: string | undefined, log: Log): NetConf {
  if (path === undefined) return parseConfigForDel(defaults);
  try {
    return parseConfigForDel(ownPlugin(readText(path) ?? failMissing(path), path));
  } catch (error) {
    const kept = createConfStore(defaultDir, path).kept();
    if (kept !== undefined) {
      log.warn({ path }, 'another program removed or replaced the CNI configuration: its copy is used');
      return parseConfigForDel(ownPlugin(kept, path));
    }
    const unseen = findUnseen(defaultDir);
    if (unseen.length === 0) throw error;
    log.warn({ path, unseen }, 'cannot see the CNI configuration, which is neither read nor guarded');
    return parseConfigForDel(defaults);
  }
}

const failMissing = (path: string): never =>
  fail('ConfigInvalid', `Cannot read ${path}: there is no such file, run braid install`);

function close({ kernel }: Edges): void {
  kernel.host.close();
}
