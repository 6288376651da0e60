/**
 * Many processes of the executable at once on one node: no address twice, nothing lost, no dead lock, no lock file left.
 * RACES: how many pods. Makes namespaces and files of its own, and removes them.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Answer, addressesOf, Node, type Pod } from './runtime';

const races = Number(process.env.RACES ?? 12);
const limit = 60_000 + 10_000 * races; // ms; in emulation a call takes half a second

const speaks = { cniVersion: '1.1.0' };

/** A node whose pods share a bridge, a master, the VLAN link on it, and two ranges of addresses. */
function sharedNode(): Node {
  const node = new Node();
  node.uplink('eth1');
  const ipam = (net: string) => ({ type: 'host-local', dataDir: node.leases, subnet: `10.${net}.0.0/22` });
  node.network('shared', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: ipam('20') });
  node.network('own', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', vlan: 7, ipam: ipam('30') });
  return node;
}

const podsOf = (node: Node, count: number): readonly Pod[] =>
  Array.from({ length: count }, () => node.pod({ networks: 'shared,own', changes: speaks }));

/** GC as the runtime asks for it, and as people do, again and again until the work is done. */
async function besideGc<T>(node: Node, alive: readonly Pod[], work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  const valid = alive.map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
  const conf = node.conf(undefined, { ...speaks, 'cni.dev/valid-attachments': valid });
  for (let round = 0; !done; round++) {
    const answer = await node.call({ CNI_COMMAND: 'GC', CNI_PATH: node.binDir }, conf);
    expect(answer.status, `GC ${round}: ${answer.stdout}${answer.stderr}`).toBe(0);
  }
  return await ended;
}

/** Every living pod has its addresses, no address has two pods, and nothing else is held. */
function expectOwnAddresses(node: Node, answers: ReadonlyMap<Pod, Answer>): void {
  const given = [...answers.values()].flatMap(({ json }) =>
    ['eth0', 'net1', 'net2'].flatMap((link) => addressesOf(json, link)),
  );
  expect(given).toHaveLength(3 * answers.size);
  expect(new Set(given).size).toBe(given.length);
  const held = node.reservations().map((path) => path.slice(path.lastIndexOf('/') + 1));
  expect([...held].sort()).toEqual(given.map((address) => address.replace(/\/.*/, '')).sort());
  for (const pod of answers.keys()) expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1', 'net2']);
}

function expectNoLocks(node: Node): void {
  expect(readdirSync(join(node.state, 'locks'))).toEqual([]);
}

function expectSuccess(answers: readonly Answer[]): void {
  expect(answers.filter(({ status }) => status !== 0).map(({ stdout, stderr }) => stdout + stderr)).toEqual([]);
}

it(
  `${races} pods come, half of them go while as many others come, all go, and GC runs beside`,
  async () => {
    const node = sharedNode();
    const [early, late] = [podsOf(node, races), podsOf(node, Math.ceil(races / 2))];
    const all = [...early, ...late];
    const added = await besideGc(node, all, Promise.all(early.map((pod) => pod.call('ADD'))));
    expectSuccess(added);
    expectOwnAddresses(node, new Map(early.map((pod, at) => [pod, added[at] as Answer])));
    expect(node.names().filter((name) => name === 'cni-t0' || name === 'eth1.7')).toHaveLength(2);
    expectNoLocks(node);

    const leaving = early.filter((_, at) => at % 2 === 0);
    const [, came] = await besideGc(
      node,
      all,
      Promise.all([
        Promise.all(leaving.map((pod) => pod.call('DEL'))).then(expectSuccess),
        Promise.all(late.map((pod) => pod.call('ADD'))),
      ]),
    );
    expectSuccess(came);
    const now = new Map<Pod, Answer>(late.map((pod, at) => [pod, came[at] as Answer]));
    for (const [at, pod] of early.entries()) if (at % 2 === 1) now.set(pod, added[at] as Answer);
    expectOwnAddresses(node, now);
    for (const pod of leaving) pod.expectEmpty();

    expectSuccess(await besideGc(node, all, Promise.all([...now.keys()].map((pod) => pod.call('DEL')))));
    for (const pod of all) pod.expectEmpty();
    node.expectNothingLeft();
    expectNoLocks(node);
  },
  limit,
);

it(
  'ADD and DEL of one container race: what is left is a whole attachment or nothing',
  async () => {
    const node = sharedNode();
    const [pod] = podsOf(node, 1);
    if (pod === undefined) expect.fail('no pod');
    for (let round = 0; round < Math.ceil(races / 4); round++) {
      const answers = await Promise.all(['ADD', 'DEL', 'ADD', 'DEL', 'ADD'].map((command) => pod.call(command)));
      expectSuccess(answers);
      const held = node.reservations().length;
      expect([
        [0, ['lo']],
        [3, ['eth0', 'lo', 'net1', 'net2']],
      ]).toContainEqual([held, [...pod.names()].sort()]);
      expectNoLocks(node);
    }
    await node.end({ changes: speaks });
  },
  limit,
);

it(
  'ADD of one container, asked for several times at once, gives one answer',
  async () => {
    const node = sharedNode();
    const [pod] = podsOf(node, 1);
    if (pod === undefined) expect.fail('no pod');
    const answers = await Promise.all([1, 2, 3, 4].map(() => pod.call('ADD')));
    expectSuccess(answers);
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(node.reservations()).toHaveLength(3);
    await node.end({ changes: speaks });
  },
  limit,
);

it(
  'pods come and go, so that the VLAN link and the bridge are made and removed all the time',
  async () => {
    const node = sharedNode();
    await Promise.all(
      podsOf(node, 4).map(async (pod) => {
        for (let round = 0; round < Math.ceil(races / 4); round++) {
          await pod.add();
          await pod.del();
        }
      }),
    );
    expect(node.names()).not.toContain('eth1.7');
    await node.end({ changes: speaks });
    expectNoLocks(node);
  },
  limit,
);
