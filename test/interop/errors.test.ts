/** What a call itself can have wrong: each delegate on its own answers with the reference plugin's code. Runs both on a node of its own. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, braid, type Json, Node, Space } from '../e2e/runtime';
import { table } from './table';
import { goTool } from './tools';

/** What is wrong: of the environment, or of stdin in the place of the configuration. */
interface Wrong {
  readonly env?: Json;
  readonly stdin?: (conf: Json) => string;
  /** Braid's code, where it differs on purpose. */
  readonly own?: number;
}

const keys = (more: Json): Wrong => ({ stdin: (conf) => JSON.stringify({ ...conf, ...more }) });
const text = (all: string): Wrong => ({ stdin: () => all });

const wrongs: Readonly<Record<string, Wrong>> = {
  'no such verb': { env: { CNI_COMMAND: 'JUMP' } },
  'no container': { env: { CNI_CONTAINERID: '' } },
  'no namespace': { env: { CNI_NETNS: '' } },
  'no interface': { env: { CNI_IFNAME: '' } },
  'no path': { env: { CNI_PATH: '' } },
  'a container with a slash': { env: { CNI_CONTAINERID: 'a/b' } },
  'an interface with a slash': { env: { CNI_IFNAME: 'a/b' } },
  'an interface of 16 characters': { env: { CNI_IFNAME: 'abcdefghijklmnop' } },
  'an interface called ..': { env: { CNI_IFNAME: '..' } },
  'CHECK without a container': { env: { CNI_COMMAND: 'CHECK', CNI_CONTAINERID: '' } },
  'DEL without an interface': { env: { CNI_COMMAND: 'DEL', CNI_IFNAME: '' } },
  'nothing on stdin': text(''),
  'no JSON': text('{"cniVersion"'),
  'a list': text('[]'),
  'an empty object': text('{}'),
  'no name': keys({ name: undefined }),
  'a name with a slash': keys({ name: 'a/b' }),
  // Decoding a value of another kind fails in Go (6); to Braid the configuration is wrong: docs/compatibility.md.
  'a name that is a number': { ...keys({ name: 7 }), own: 7 },
  'a version from the future': keys({ cniVersion: '9.9.9' }),
  'a version that is none': { ...keys({ cniVersion: 'new' }), own: 6 }, // 1 of the reference, but 6 when it is asked for CHECK
  'CHECK in a version that is none': { env: { CNI_COMMAND: 'CHECK' }, ...keys({ cniVersion: 'new' }) },
  'a version that is a number': keys({ cniVersion: 1 }),
  'CHECK before 0.4.0': { env: { CNI_COMMAND: 'CHECK' }, ...keys({ cniVersion: '0.3.1' }) },
  'STATUS in 1.0.0': { env: { CNI_COMMAND: 'STATUS' } },
  'GC in 1.0.0': { env: { CNI_COMMAND: 'GC' } },
};

/** Where DEL of the reference fails without a namespace: for want of it, of the master, or of the daemon. */
const helpless: Readonly<Record<string, readonly ('none' | 'gone')[]>> = {
  dhcp: ['none', 'gone'],
  'host-device': ['gone'],
  sbr: ['none', 'gone'],
  vlan: ['none', 'gone'],
};

/** A configuration of each delegate, with its place in it. */
const confs: Readonly<Record<string, Json>> = {
  ...Object.fromEntries(Object.entries(table).map(([type, [row]]) => [type, row?.plugins.at(-1) ?? {}])),
  dhcp: { type: 'macvlan', ipam: { type: 'dhcp' } },
};

describe.each(Object.entries(confs))('%s', (type, plugin) => {
  it('answers as the reference plugin does', async () => {
    const node = new Node();
    const pod = new Space(`${node.name}-pod`);
    mkdirSync(node.binDir, { recursive: true });
    symlinkSync(braid, join(node.binDir, type));
    const call = (program: string, { env = {}, stdin = JSON.stringify }: Wrong): Promise<Answer> => {
      const attachment = { CNI_CONTAINERID: 'c1', CNI_NETNS: pod.path, CNI_IFNAME: 'net0' };
      const all = { CNI_COMMAND: 'ADD', CNI_PATH: node.binDir, ...attachment, ...env };
      return node.call(all, stdin({ cniVersion: '1.0.0', name: 'twin', ...plugin }), [program]);
    };
    for (const [name, wrong] of Object.entries(wrongs)) {
      const reference = await call(goTool(type), wrong);
      const own = await call(join(node.binDir, type), wrong);
      expect([reference.status, reference.json.code], `${name}: ${reference.stdout}`).toEqual([1, expect.any(Number)]);
      // The reference has 999 for what it gives no name to.
      const code = wrong.own ?? (reference.json.code === 999 ? expect.any(Number) : reference.json.code);
      expect
        .soft([own.status, own.json.code], `${name}: ${own.stdout}\nreference: ${reference.stdout}`)
        .toEqual([1, code]);
      expect(pod.names()).toEqual(['lo']);
    }
    for (const [place, netns] of [
      ['none', ''],
      ['gone', join(node.dir, 'gone')],
    ] as const) {
      const env = { CNI_COMMAND: 'DEL', CNI_NETNS: netns, CNI_PATH: join(goTool(type), '..') };
      const [own, reference] = [await call(join(node.binDir, type), { env }), await call(goTool(type), { env })];
      expect(own, `DEL, the namespace is ${place}`).toMatchObject({ status: 0, stdout: '' });
      const text = `DEL of the reference, the namespace is ${place}: ${reference.stdout}`;
      expect(reference.status === 0, text).toBe(helpless[type]?.includes(place) !== true);
    }
    const pathless = { env: { CNI_COMMAND: 'DEL', CNI_PATH: '' } };
    expect(await call(goTool(type), pathless)).toMatchObject({ status: 1, json: { code: 4 } });
    expect(await call(join(node.binDir, type), pathless)).toMatchObject({ status: 0, stdout: '' });
    const version = { env: { CNI_COMMAND: 'VERSION' } };
    const [{ json: own }, { json: reference }] = [
      await call(join(node.binDir, type), version),
      await call(goTool(type), version),
    ];
    // vrf of the reference speaks 0.3.1 and newer; Braid's takes 0.3.0, too.
    const spoken = own.supportedVersions?.filter((one) => type !== 'vrf' || one >= '0.3.1');
    expect({ ...own, supportedVersions: spoken }).toEqual(reference);
  });
});

it('a prevResult of another version than the configuration has: Braid passes it on, the reference refuses it', async () => {
  const node = new Node();
  const pod = new Space(`${node.name}-pod`);
  mkdirSync(node.binDir, { recursive: true });
  symlinkSync(braid, join(node.binDir, 'loopback'));
  const prevResult = { cniVersion: '0.4.0', ips: [{ version: '4', address: '10.1.0.5/24' }] };
  const conf = { cniVersion: '1.0.0', name: 'twin', type: 'loopback', prevResult };
  const attachment = { CNI_CONTAINERID: 'c1', CNI_NETNS: pod.path, CNI_IFNAME: 'lo' };
  const env = { CNI_COMMAND: 'ADD', CNI_PATH: node.binDir, ...attachment };
  expect(await node.call(env, conf, [goTool('loopback')])).toMatchObject({ status: 1, json: { code: 999 } });
  const own = await node.call(env, conf, [join(node.binDir, 'loopback')]);
  expect(own).toMatchObject({ status: 0, json: { cniVersion: '1.0.0', ips: [{ address: '10.1.0.5/24' }] } });
});
