/** The agent's socket in a thread of its own, or one that misbehaves as it is told. Runs until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Question, socketPath } from '../../src/agent/protocol';
import { serveSocket } from '../../src/agent/server';
import { View } from '../../src/agent/view';
import { peerUser } from '../../src/kernel/unix';
import { fakeLog } from '../../src/model/log';

const { cniDir, reply, users, pods, networks, publishes } = workerData;
const path = socketPath(cniDir);
if (reply === 'own' || reply === 'behind') {
  const view = new View();
  view.pods.replace(pods);
  view.networks.replace(networks);
  const report = (call: unknown): void => parentPort?.postMessage(call);
  const take = publishes === true ? { take: (news: unknown): void => parentPort?.postMessage(news) } : {};
  const answer = (question: Question) => view.answer(question, reply === 'own');
  serveSocket(path, { answer, report, version: '1.2.3', peerUser, users, ...take }, fakeLog());
} else
  Bun.listen({
    unix: path,
    socket: {
      data(socket) {
        if (reply === 'older') socket.write('{"v":1,"says":"refused","why":"need ask"}\n');
        if (reply === 'newer') socket.write('{"v":2,"says":"known"}\n');
        if (reply === 'cut') socket.terminate();
      },
    },
  });
parentPort?.postMessage('ready');
