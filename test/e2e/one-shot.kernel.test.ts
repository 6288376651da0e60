/** What one call asks of the system, counted exactly: each further request is time, in each call of each pod. By strace around the compiled executable. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { saveSnapshot } from '../../src/disk/save-snapshot';
import { followed, parseTrace, traced } from '../faults/calls';
import { braid, Node, type Pod } from './runtime';

/** A macvlan with an address of host-local. */
const lan = (number: number) => ({
  cniVersion: '1.0.0',
  type: 'macvlan',
  master: 'eth1',
  ipam: { type: 'host-local', subnet: `192.168.${number}.0/24` },
});

/** Requests to the kernel by message, and calls on files by name. */
type Counts = Readonly<Record<string, number>>;

async function countedCall(node: Node, pod: Pod, command: 'ADD' | 'DEL'): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), 'one-shot-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const log = join(directory, 'trace');
  const strace = [
    'strace',
    ...followed,
    '-y',
    '-qq',
    '-e',
    'signal=none',
    '-s',
    '64',
    '-o',
    log,
    '-e',
    `trace=${traced.join(',')}`,
  ];
  const answer = await node.call(pod.env(command), pod.conf(), [...strace, braid]);
  expect(answer.status, answer.stdout).toBe(0);
  const counts: Record<string, number> = {};
  for (const { name, label, path } of parseTrace(readFileSync(log, 'utf8'))) {
    if (path !== undefined && isRuntimes(path)) continue;
    if (label.includes('anon_inode')) continue; // tells the thread that sends: once for each request
    const kind = name.startsWith('send') ? (/RTM_\w+|message \w+/.exec(label)?.[0] ?? label) : name;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** What Bun itself opens as it starts. */
const isRuntimes = (path: string): boolean => /^\/(proc\/self|sys|etc|usr|lib|dev|proc\/meminfo)\b/.test(path);

/** How many more calls `more` has than `less`. */
function difference(more: Counts, less: Counts): Counts {
  const kinds = [...new Set([...Object.keys(more), ...Object.keys(less)])].sort();
  return Object.fromEntries(
    kinds.map((kind) => [kind, (more[kind] ?? 0) - (less[kind] ?? 0)] as const).filter(([, count]) => count !== 0),
  );
}

describe('system calls', { timeout: 240_000 }, () => {
  it('of one more macvlan network are these, in ADD and in DEL: change the numbers when one more is worth its time', async () => {
    const node = new Node();
    node.uplink('eth1');
    for (const number of [1, 2, 3]) node.network(`lan${number}`, lan(number));
    await node.pod({ networks: 'lan1,lan2,lan3' }).add(); // makes bridges and directories
    const [two, three] = [node.pod({ networks: 'lan1,lan2' }), node.pod({ networks: 'lan1,lan2,lan3' })];
    const add = [await countedCall(node, two, 'ADD'), await countedCall(node, three, 'ADD')] as const;
    const del = [await countedCall(node, two, 'DEL'), await countedCall(node, three, 'DEL')] as const;
    expect(difference(add[1], add[0])).toEqual({
      RTM_GETLINK: 1, // the link when it was made; all links together at the end
      RTM_NEWLINK: 1,
      RTM_SETLINK: 1, // announce when up, the address, up: one datagram; isolation is one for all
      flock: 2,
      openat: 4, // of host-local, and the metric of a router's default route
      pwrite64: 2,
      write: 1,
    });
    expect(difference(del[1], del[0])).toEqual({
      flock: 2,
      openat: 2, // the store's lock, and the reservation, whose owner is looked at before it goes
      unlink: 1,
    });
  });

  it('do not grow with what is there already: reservations, records, links of the node, definitions', async () => {
    const node = new Node();
    node.uplink('eth1');
    node.network('wide', { ...lan(0), ipam: { type: 'host-local', subnet: '10.77.0.0/16' } });
    const told = { namespace: 'default', source: 'api', resourceName: undefined, config: JSON.stringify(lan(1)) };
    saveSnapshot(node.state, { pods: [], networks: [{ ...told, name: 'told' }] });
    await node.pod({ networks: 'wide,told' }).add(); // makes their stores
    const before = await both(node);
    const store = '/var/lib/cni/networks/wide';
    for (let n = 0; n < 500; n++) writeFileSync(`${store}/10.77.${1 + (n >> 8)}.${n & 255}`, `other${n}\r\nnet1`);
    for (let n = 0; n < 50; n++) node.ip(`link add d${n} type dummy`);
    for (let n = 0; n < 10; n++) await node.pod({ networks: 'wide' }).add();
    const others = Array.from({ length: 5000 }, (_, n) => ({ ...told, name: `other-${n}` }));
    saveSnapshot(node.state, { pods: [], networks: [...others, { ...told, name: 'told' }] });
    expect(await both(node)).toEqual(before);
    for (let n = 0; n < 500; n++) rmSync(`${store}/10.77.${1 + (n >> 8)}.${n & 255}`);
  });
});

async function both(node: Node): Promise<readonly [Counts, Counts]> {
  const pod = node.pod({ networks: 'wide,told' });
  return [await countedCall(node, pod, 'ADD'), await countedCall(node, pod, 'DEL')];
}
