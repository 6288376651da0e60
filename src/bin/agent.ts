/** The node agent, put together and run until SIGTERM or SIGINT. Opens the edges, the cluster and the socket. */
import { follow, SnapshotKeeper, unseen } from '../agent/follow';
import { socketPath } from '../agent/protocol';
import { serveSocket } from '../agent/server';
import { View } from '../agent/view';
import { parseConfigForDel } from '../cni/config';
import { files } from '../disk/files';
import { confirmSnapshot, findSnapshot, saveSnapshot } from '../disk/snapshot';
import { fail } from '../error';
import { peerUser } from '../kernel/unix';
import { createWatcher } from '../kube/watcher';
import { findPlace } from './cluster';
import type { AgentOptions } from './commands/agent';
import { openLog } from './log';
import { readNodeConfig } from './node';

/** Ends when a signal came and everything is closed. ConfigInvalid when there is no cluster to be found. */
export async function runAgent({ conf: file, node }: AgentOptions): Promise<void> {
  const conf = parseConfigForDel(readNodeConfig(file));
  const log = openLog({ level: 'info', file: undefined, toStderr: true });
  const place =
    findPlace(conf, process.env) ??
    fail('KubeconfigInvalid', 'Cannot watch a cluster: need "kubeconfig" in the configuration, or to run in a pod');
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const view = new View();
  const standing = unseen();
  const { cniDir } = conf;
  const store = {
    find: () => findSnapshot(cniDir, log)?.snapshot.all(),
    save: (content: Parameters<typeof saveSnapshot>[1]) => saveSnapshot(cniDir, content),
    confirm: (now: Date) => confirmSnapshot(cniDir, now),
  };
  const keeper = new SnapshotKeeper(view, standing, store, log);
  const closing: (() => void)[] = [];
  process.on('SIGTERM', end).on('SIGINT', end);
  try {
    keeper.restore();
    const service = { answer: view.answer.bind(view), report: () => undefined, peerUser, users: [0] };
    const socket = serveSocket(socketPath(cniDir), service, log);
    closing.push(() => socket.stop(), keeper.start());
    log.info({ node, cniDir }, 'node agent runs');
    await follow(view, standing, { watcher: createWatcher(place, files, log), node, log }, ending.signal);
  } finally {
    for (const close of closing) close();
    process.off('SIGTERM', end).off('SIGINT', end);
    log.info({}, 'node agent ends');
  }
}
