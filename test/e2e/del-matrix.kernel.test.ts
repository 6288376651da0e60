/** DEL of the compiled executable, whatever is gone, broken or hanging. Makes namespaces and files of its own, and removes them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Answer, braid, clusterNetwork, Node, type Pod, run } from './runtime';

const speaks = { cniVersion: '1.1.0' };
const printed = `echo '{"cniVersion":"1.0.0"}'`;

/** A node with a network that leases addresses, one of a foreign plugin, and a pod that has both. */
async function attached(): Promise<{ readonly node: Node; readonly pod: Pod }> {
  const node = new Node();
  node.uplink('eth1');
  const ipam = { type: 'host-local', dataDir: node.leases, subnet: '192.0.2.0/24' };
  node.network('leased', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam });
  node.network('far', { cniVersion: '1.0.0', type: 'far' });
  node.recorder('far', { ADD: printed });
  const pod = node.pod({ networks: 'leased,far', changes: speaks });
  await pod.add();
  expect(node.reservations()).toHaveLength(2);
  return { node, pod };
}

/** What a program prints, whatever its exit status. */
const tryRun = (program: string, ...args: readonly string[]): string =>
  spawnSync(program, args, { encoding: 'utf8' }).stdout;

const recordPath = (pod: Pod): string => join(pod.node.state, 'attachments', `${pod.containerId}_eth0.json`);

/** The pod's namespace goes, and what is done then finds it gone; afterwards there is one to clean up. */
async function withoutNamespace(pod: Pod, work: () => Promise<Answer>): Promise<Answer> {
  run('ip', 'netns', 'del', pod.name);
  try {
    return await work();
  } finally {
    run('ip', 'netns', 'add', pod.name);
  }
}

const rewrite = (pod: Pod, change: (text: string) => string): void =>
  writeFileSync(recordPath(pod), change(readFileSync(recordPath(pod), 'utf8')));

describe('DEL succeeds and leaves nothing', () => {
  it.each<[string, (pod: Pod) => Promise<Answer>]>([
    ['when the runtime names no namespace', (pod) => pod.call('DEL', {}, { CNI_NETNS: '' })],
    ['when the path of the namespace is gone', (pod) => withoutNamespace(pod, () => pod.call('DEL'))],
    [
      'when a file is at the path that is no namespace',
      (pod) =>
        withoutNamespace(pod, async () => {
          writeFileSync(pod.path, '');
          const answer = await pod.call('DEL');
          unlinkSync(pod.path);
          return answer;
        }),
    ],
    [
      'when the path is a directory',
      (pod) =>
        withoutNamespace(pod, async () => {
          mkdirSync(pod.path);
          const answer = await pod.call('DEL');
          rmSync(pod.path, { recursive: true });
          return answer;
        }),
    ],
    [
      'when the path is a device',
      (pod) => withoutNamespace(pod, () => pod.call('DEL', {}, { CNI_NETNS: '/dev/null' })),
    ],
    [
      'when the path is a namespace of another kind',
      (pod) => withoutNamespace(pod, () => pod.call('DEL', {}, { CNI_NETNS: '/proc/self/ns/mnt' })),
    ],
    [
      "when the path is the node's own namespace",
      (pod) => withoutNamespace(pod, () => pod.call('DEL', {}, { CNI_NETNS: '/proc/self/ns/net' })),
    ],
    ['when the path is relative', (pod) => withoutNamespace(pod, () => pod.call('DEL', {}, { CNI_NETNS: 'none' }))],
    [
      'when another namespace is at the path by now, which keeps what it has',
      async (pod) => {
        run('ip', 'netns', 'del', pod.name);
        run('ip', 'netns', 'add', pod.name);
        pod.ip('link add net1 type dummy');
        const answer = await pod.call('DEL');
        expect(pod.names()).toContain('net1');
        pod.ip('link del net1');
        await vi.waitFor(() => pod.node.expectNothingLeft(), { timeout: 30_000 }); // the old one goes in the background
        return answer;
      },
    ],
    [
      'when the links are gone',
      (pod) => {
        for (const name of ['eth0', 'net1']) pod.ip(`link del ${name}`);
        return pod.call('DEL');
      },
    ],
    [
      'when the definitions of the networks are gone',
      (pod) => {
        rmSync(pod.node.manifests, { recursive: true });
        return pod.call('DEL');
      },
    ],
    [
      'when the master is gone',
      (pod) => {
        pod.node.ip('link del eth1');
        return pod.call('DEL');
      },
    ],
    [
      'when every key of the configuration is broken but the directory',
      (pod) => {
        const { cniDir, binDir } = pod.conf() as { cniDir: string; binDir: string };
        const broken = { name: 7, cniVersion: '9.9.9', delegates: 'x', runtimeConfig: [], confDir: {}, strict: 'no' };
        return pod.node.call(pod.env('DEL'), { ...broken, cniDir, binDir });
      },
    ],
    ['when CNI_ARGS are garbage', (pod) => pod.call('DEL', {}, { CNI_ARGS: ';=;K8S_POD_NAME=../x;' })],
    ['when CNI_PATH is missing', (pod) => pod.call('DEL', {}, { CNI_PATH: '' })],
    [
      'when it is called twice',
      async (pod) => {
        await pod.del();
        return pod.call('DEL');
      },
    ],
  ])('%s', async (_, act) => {
    const { node, pod } = await attached();
    expect(await act(pod)).toMatchObject({ status: 0, stdout: '' });
    node.expectNothingLeft();
    pod.expectEmpty();
    expect(node.callList().slice(1, 2)).toEqual(['DEL far net2']);
  });

  it('of a container that was never added', async () => {
    const node = new Node();
    const pod = node.pod({ changes: speaks });
    await pod.del();
    expect(await pod.call('DEL', {}, { CNI_NETNS: '' })).toMatchObject({ status: 0, stdout: '' });
    node.expectNothingLeft();
  });
});

describe('a record', () => {
  it.each<[string, (pod: Pod) => void]>([
    ['that is empty', (pod) => rewrite(pod, () => '')],
    ['that is cut in half', (pod) => rewrite(pod, (text) => text.slice(0, text.length / 2))],
    ['of somebody else', (pod) => rewrite(pod, (text) => text.replace(pod.containerId, 'somebody-else'))],
  ])('%s does not stop DEL: the addresses come back, the file goes', async (_, act) => {
    const { node, pod } = await attached();
    act(pod);
    expect(await withoutNamespace(pod, () => pod.call('DEL'))).toMatchObject({ status: 0, stdout: '' });
    // The kernel takes a namespace apart in the background, and the pod's link with it.
    await vi.waitFor(() => node.expectNothingLeft(), { timeout: 30_000 });
  });

  it.each<[string, (pod: Pod) => void]>([
    ['of a newer version', (pod) => rewrite(pod, (text) => text.replace('"version": 1', '"version": 99'))],
    ['cut behind its attachments', (pod) => rewrite(pod, (text) => text.slice(0, text.lastIndexOf('"result": {')))],
  ])('%s: DEL takes back all that it tells, the foreign delegate’s part, too', async (_, act) => {
    const { node, pod } = await attached();
    act(pod);
    await pod.del();
    pod.expectEmpty();
    node.expectNothingLeft();
    expect(node.callList()).toEqual(['ADD far net2', 'DEL far net2']);
  });

  it('of a newer version with an attachment of another shape stays for a newer Braid, is listed, and fails GC', async () => {
    const { node, pod } = await attached();
    const odd = '"attachments": [{ "kind": "tunnel" },';
    rewrite(pod, (text) => text.replace('"version": 1', '"version": 99').replace('"attachments": [', odd));
    const newer = readFileSync(recordPath(pod), 'utf8');
    await pod.del();
    pod.expectEmpty();
    expect([node.reservations(), node.callList().slice(1)]).toEqual([[], ['DEL far net2']]);
    expect(readFileSync(recordPath(pod), 'utf8')).toBe(newer);
    const conf = join(node.dir, 'braid.conf');
    writeFileSync(conf, JSON.stringify(pod.conf()));
    expect(run(braid, 'list', '--conf', conf)).toMatch(/ eth0 .* version 99, written by a newer Braid/);
    const gc = await node.call(
      { CNI_COMMAND: 'GC', CNI_PATH: node.binDir },
      { ...pod.conf(), ...speaks, 'cni.dev/valid-attachments': [] },
    );
    expect(gc).toMatchObject({ status: 1, json: { code: 124, msg: expect.stringContaining('a newer Braid') } });
    unlinkSync(recordPath(pod));
    await node.end({ changes: speaks });
  });

  it('that is missing is no error', async () => {
    const { pod } = await attached();
    const text = readFileSync(recordPath(pod), 'utf8');
    unlinkSync(recordPath(pod));
    await pod.del();
    writeFileSync(recordPath(pod), text);
    await pod.end();
  });

  it('stays when the configuration is no JSON, and the next DEL takes it', async () => {
    const { node, pod } = await attached();
    const answer = await node.call(pod.env('DEL'), '{"cniVersion": "1.0.0",');
    expect(answer).toMatchObject({ status: 1, json: { code: 6 } });
    expect(node.reservations()).toHaveLength(2);
    await node.end({ changes: speaks });
  });
});

describe('a foreign delegate', () => {
  it.each<[string, string, (node: Node) => void]>([
    ['is missing', 'DelegateMissing', (node) => unlinkSync(join(node.binDir, 'far'))],
    [
      'fails',
      'DelegateFailed',
      (node) => node.recorder('far', { DEL: `echo '{"code":7,"msg":"no such pool"}'; exit 1` }),
    ],
    ['hangs', 'DelegateTimeout', (node) => node.recorder('far', { DEL: 'sleep 1000' })],
    ['dies', 'DelegateFailed', (node) => node.recorder('far', { DEL: 'kill -9 $$' })],
  ])(
    'that %s at DEL stays recorded with the reason, is listed, and goes when it works again',
    async (_, reason, act) => {
      const { node, pod } = await attached();
      act(node);
      await pod.del(reason === 'DelegateTimeout' ? { delegateTimeout: 2 } : {});
      pod.expectEmpty();
      expect(node.reservations()).toEqual([]);
      expect(pod.record().attachments).toMatchObject([
        { network: 'default/far', failure: expect.stringMatching(new RegExp(`^${reason}: `)) },
      ]);
      const conf = join(node.dir, 'braid.conf');
      writeFileSync(conf, JSON.stringify(pod.conf()));
      const [heading, line] = run(braid, 'list', '--conf', conf).split('\n');
      expect(heading).toMatch(/^POD +CONTAINER +NETWORK +INTERFACE +MASTER +ADDRESSES +SINCE +NOT FREED$/);
      expect(line).toMatch(new RegExp(`^default/${pod.name} .* default/far +net2 .* ${reason}: `));
      expect(JSON.parse(run(braid, 'list', '-o', 'json', '--conf', conf))).toMatchObject([
        {
          version: 1,
          containerId: pod.containerId,
          attachments: [{ ifName: 'net2' }],
          networkStatus: [{ interface: 'net2' }],
        },
      ]);
      node.recorder('far', { ADD: printed });
      await node.end({ changes: speaks });
    },
  );

  it('that is gone for good is forgotten by hand, and nothing else', async () => {
    const { node, pod } = await attached();
    unlinkSync(join(node.binDir, 'far'));
    await pod.del();
    const conf = join(node.dir, 'braid.conf');
    writeFileSync(conf, JSON.stringify(pod.conf()));
    const gc = (...more: readonly string[]) => tryRun(braid, 'gc', '--conf', conf, ...more);
    run('ip', 'netns', 'del', pod.name);
    expect(gc()).toMatch(/^FAILED +attachment .* "far" in .*\nInstall the missing plugin again/m);
    expect(gc('--forget', 'near')).toContain('FAILED');
    expect(gc('--forget', 'far')).toMatch(/^freed +attachment .* default\/far +its namespace .* is gone$/m);
    run('ip', 'netns', 'add', pod.name); // for the end of the test
    await node.end({ changes: speaks });
  });

  it('that fails for the default network keeps no other from its DEL', async () => {
    const node = new Node();
    node.uplink('eth1');
    const ipam = { type: 'host-local', dataDir: node.leases, subnet: '192.0.2.0/24' };
    node.network('leased', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam });
    node.recorder('first', { ADD: printed, DEL: 'exit 1' });
    const delegates = [{ cniVersion: '1.0.0', name: 'first', type: 'first' }, clusterNetwork(node)];
    const pod = node.pod({ networks: 'leased', changes: { ...speaks, delegates } });
    await pod.add();
    await pod.del();
    pod.expectEmpty();
    expect(node.reservations()).toEqual([]);
    expect(pod.record().attachments.map(({ network }) => network)).toEqual(['first']);
    node.recorder('first');
    await node.end({ changes: speaks });
  });
});

it('what is attached is listed as a table and as JSON', async () => {
  const { node, pod } = await attached();
  const conf = join(node.dir, 'braid.conf');
  writeFileSync(conf, JSON.stringify({ name: 'list', plugins: [pod.conf()] }));
  const [, ...rows] = run(braid, 'list', '--conf', conf).trimEnd().split('\n');
  expect(rows.map((row) => row.split(/ {2,}/).slice(2, 6))).toEqual([
    ['cluster', 'eth0', '-', '10.244.1.2'],
    ['default/leased', 'net1', 'eth1', '192.0.2.2'],
    ['default/far', 'net2', '-', 'layer 2'],
  ]);
  expect(JSON.parse(run(braid, 'list', '-o', 'json', '--conf', conf))).toMatchObject([
    {
      version: 1,
      containerId: pod.containerId,
      ifName: 'eth0',
      netns: pod.path,
      networkStatus: [{ default: true }, {}, {}],
    },
  ]);
  await node.end({ changes: speaks });
});
