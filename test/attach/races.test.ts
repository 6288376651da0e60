/** The engine called for many pods at once in one process, as the agent does: on fakes, and over real records and leases. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { handleAdd, handleDel } from '../../src/attach/handle';
import type { Edges } from '../../src/attach/ports';
import { parseConfig } from '../../src/cni/config';
import { type AddRequest, type DelRequest, parseRequest } from '../../src/cni/request';
import { createHostLinks } from '../../src/disk/host-links';
import { createLeaseStore } from '../../src/disk/leases';
import { createRecords } from '../../src/disk/records';
import { temporaryDirectory } from '../disk/temp';
import { cluster, world } from './world';

const lease = (net: string) => ({ type: 'host-local', subnet: `10.${net}.0.0/22` });
const networks = {
  'default/shared': { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: lease('20') },
  'default/own': { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', vlan: 7, ipam: lease('30') },
};

/** A node with that many sandboxes. */
function node(disk: boolean) {
  const { kernel, edges: fakes, host } = world({ networks });
  const root = temporaryDirectory();
  const [cniDir, leases] = [join(root, 'braid'), join(root, 'leases')];
  mkdirSync(leases);
  const store = createLeaseStore({ roots: [leases], cniDir });
  const real: Partial<Edges> = {
    records: createRecords(cniDir, fakes.log),
    hostLinks: createHostLinks(cniDir),
    leases: { ...store, locked: (dataDir, network, work) => store.locked(dataDir ?? leases, network, work) },
  };
  const edges: Edges = { ...fakes, ...(disk ? real : {}) };
  const conf = parseConfig(
    JSON.stringify({
      cniVersion: '1.0.0',
      name: 'braid',
      type: 'braid',
      delegates: [{ ...cluster, plugins: [{ ...cluster.plugins[0], ipam: lease('10') }] }],
      runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'k8s.v1.cni.cncf.io/networks': 'shared,own' } },
    }),
  );
  const env = (command: string, number: number) => ({
    CNI_COMMAND: command,
    CNI_CONTAINERID: `c${number}`,
    CNI_NETNS: `/var/run/netns/p${number}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=p${number}`,
  });
  return {
    host,
    sandbox: (number: number) => kernel.addNamespace(`/var/run/netns/p${number}`),
    add: (number: number) => handleAdd(parseRequest(env('ADD', number)) as AddRequest, conf, edges),
    del: (number: number) => handleDel(parseRequest(env('DEL', number)) as DelRequest, edges),
    records: () => edges.records.all(),
    locks: () => (existsSync(join(cniDir, 'locks')) ? readdirSync(join(cniDir, 'locks')) : []),
  };
}

const addressesOf = (result: string): readonly string[] =>
  (JSON.parse(result) as { ips: { address: string }[] }).ips.map(({ address }) => address);

describe.each([
  ['on fakes', false],
  ['over real records and leases', true],
])('%s', (_, disk) => {
  const numbers = Array.from({ length: 50 }, (_, at) => at);

  it('50 pods come at once, then go at once: each has its own addresses, and nothing is left', async () => {
    const { sandbox, add, del, records, locks, host } = node(disk);
    const spaces = numbers.map(sandbox);
    const given = (await Promise.all(numbers.map(add))).flatMap(addressesOf);
    expect(given).toHaveLength(150);
    expect(new Set(given).size).toBe(150);
    expect(spaces.map((space) => space.names().join(' '))).toEqual(numbers.map(() => 'eth0 net1 net2'));
    expect(host.names().filter((name) => name === 'cni-t0' || name === 'eth1.7')).toHaveLength(2);
    expect(await records()).toHaveLength(50);
    await Promise.all(numbers.map(del));
    expect(spaces.flatMap((space) => space.names())).toEqual([]);
    expect(host.names()).toEqual(['eth0', 'eth1', 'cni-t0']);
    expect(await records()).toEqual([]);
    expect(locks()).toEqual([]);
  });

  it('ADD and DEL of one container, all at once: what is left is a whole attachment or nothing', async () => {
    const { sandbox, add, del, records, locks } = node(disk);
    const space = sandbox(1);
    for (let round = 0; round < 10; round++) {
      await Promise.all([add(1), del(1), add(1), add(1), del(1), ...(round % 2 === 0 ? [add(1)] : [])]);
      const links = space.names();
      expect(links).toEqual(links.length === 0 ? [] : ['eth0', 'net1', 'net2']);
      expect(await records()).toHaveLength(links.length === 0 ? 0 : 1);
      await del(1);
      expect(space.names()).toEqual([]);
    }
    expect(locks()).toEqual([]);
  });

  it('pods come and go, so that the shared VLAN link is made and removed all the time', async () => {
    const { sandbox, add, del, records, host, locks } = node(disk);
    const spaces = [1, 2, 3, 4].map(sandbox);
    await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        for (let round = 0; round < 10; round++) {
          await add(number);
          await del(number);
        }
      }),
    );
    expect(spaces.flatMap((space) => space.names())).toEqual([]);
    expect(host.names()).toEqual(['eth0', 'eth1', 'cni-t0']);
    expect(await records()).toEqual([]);
    expect(locks()).toEqual([]);
  });
});
