/** Sandboxes that Multus attached become Braid's. Files in directories of its own, as Multus 4 and libcni write them. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMultusSandboxes, saveMultusSandboxes } from '../../src/disk/multus-records';
import { createRecords } from '../../src/disk/records';
import { fakeLog } from '../../src/model/log';
import { containerId, ifName } from '../../src/net/names';
import { temporaryDirectory } from './temp';

const sandbox = 'a'.repeat(64);
const cluster = { cniVersion: '0.3.1', name: 'cbr0', plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }] };
const vlan = { cniVersion: '0.4.0', name: 'vlan10', type: 'macvlan', master: 'eth1' };

/** libcni's cache file of one network. */
const cached = (config: { name: string; cniVersion: string }, link: string, address: string, more = {}) => ({
  kind: 'cniCacheV1',
  containerId: sandbox,
  config: Buffer.from(JSON.stringify(config)).toString('base64'),
  ifName: link,
  networkName: config.name,
  netns: '/var/run/netns/cni-1',
  cniArgs: [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAMESPACE', 'shop'],
    ['K8S_POD_NAME', 'web'],
    ['K8S_POD_UID', 'u-1'],
  ],
  capabilityArgs: { portMappings: [] },
  result: {
    cniVersion: config.cniVersion,
    interfaces: [{ name: link, mac: '02:00:00:00:00:01', sandbox: '/var/run/netns/cni-1' }],
    ips: [{ version: '4', address, interface: 0 }],
  },
  ...more,
});

const delegates = [
  { Conf: { name: 'cbr0' }, Name: '', ifnameRequest: '' },
  {
    Conf: { name: 'vlan10' },
    Name: 'nets/vlan10',
    ifnameRequest: 'lan0',
    deviceID: '0000:01:00.0',
    resourceName: 'a/b',
  },
];
const both = [cached(cluster, 'eth0', '10.1.0.5/24'), cached(vlan, 'lan0', '10.2.0.5/24')];

const cniDir = '/var/lib/cni/multus';
const findIn = (root: string) => findMultusSandboxes(root, cniDir);

/** A host with what Multus wrote. */
function host(list: unknown = delegates, cache: readonly unknown[] = both): string {
  const root = temporaryDirectory();
  const results = join(root, cniDir, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(root, cniDir, sandbox), typeof list === 'string' ? list : JSON.stringify(list));
  for (const [at, each] of cache.entries()) writeFileSync(join(results, `file-${at}`), JSON.stringify(each));
  writeFileSync(join(results, 'torn'), '{');
  return root;
}

describe('a sandbox of Multus', () => {
  it('has the pod, each network with its configuration and result, and the order of Multus', () => {
    const [found, ...more] = findIn(host());
    expect(more).toEqual([]);
    const record = found?.record;
    expect(record).toMatchObject({
      containerId: sandbox,
      ifName: 'eth0',
      netns: '/var/run/netns/cni-1',
      pod: { namespace: 'shop', name: 'web', uid: 'u-1' },
    });
    expect(
      record?.attachments.map(({ network, ifName, isDefault, plugins }) => [network, ifName, isDefault, plugins]),
    ).toEqual([
      ['cbr0', 'eth0', true, cluster.plugins],
      ['nets/vlan10', 'lan0', false, [vlan]],
    ]);
    expect(record?.attachments[1]).toMatchObject({
      cniVersion: '0.4.0',
      capabilities: { portMappings: [] },
      device: { id: '0000:01:00.0', resourceName: 'a/b' },
    });
    expect(record?.result.ips.map(({ address }) => address)).toEqual(['10.1.0.5/24', '10.2.0.5/24']);
  });

  it('counts its interfaces as Multus does where none is asked for', () => {
    const unnamed = delegates.map((each) => ({ ...each, ifnameRequest: '' }));
    const [found] = findIn(host(unnamed, [cached(vlan, 'net1', '10.2.0.5/24'), both[0]]));
    expect(found?.record?.attachments.map(({ ifName }) => ifName)).toEqual(['eth0', 'net1']);
  });

  it.each<[string, unknown, readonly unknown[], RegExp]>([
    ['has no cache of a network', delegates, both.slice(0, 1), /Cannot find libcni's cache of lan0/],
    ['has no cache of the default network', delegates, both.slice(1), /Cannot tell the default network/],
    ['has a file that is cut off', '[{', both, /is not JSON|Cannot read/],
    ['has a file that holds something else', '{}', both, /Cannot use/],
    ['leaves a directory by an interface name', [delegates[0], { ifnameRequest: '../x' }], both, /ifnameRequest/],
    [
      'would start a program elsewhere',
      delegates,
      [both[0], cached({ ...vlan, type: '../x' } as never, 'lan0', '10.2.0.5/24')],
      /type/,
    ],
    [
      'has a namespace that is no path',
      delegates,
      [cached(cluster, 'eth0', '10.1.0.5/24', { netns: 'x' }), both[1]],
      /netns|namespace/i,
    ],
  ])('that %s gets no record, and it says why', (_, list, cache, why) => {
    const [found] = findIn(host(list, cache));
    expect(found).toMatchObject({ containerId: sandbox, record: undefined });
    expect((found as { why: string }).why).toMatch(why);
  });
});

it('is saved as a record that is read again, once', async () => {
  const own = temporaryDirectory();
  const found = findIn(host());
  saveMultusSandboxes(found, own);
  const records = createRecords(own, fakeLog());
  const owner = [containerId(sandbox), ifName('eth0', 'ifName')] as const;
  const saved = await records.find(...owner);
  expect(saved).toEqual(JSON.parse(JSON.stringify(found[0]?.record)));
  const known = { ...(saved ?? expect.fail('no record')), createdAt: '2020-01-01T00:00:00Z' };
  await records.save(known);
  saveMultusSandboxes(found, own);
  expect((await records.find(...owner))?.createdAt).toBe('2020-01-01T00:00:00Z');
  expect(readdirSync(join(own, 'attachments'))).toHaveLength(1);
});

it('is nobody where there was no Multus', () => {
  expect(findIn(temporaryDirectory())).toEqual([]);
});
