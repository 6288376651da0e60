/** What the fault sweep (test/faults) found, each in a node of fakes. */
import { describe, expect, it } from 'vitest';
import { CniError } from '../../src/error';
import { world } from './world';

const guarded = {
  cniVersion: '1.0.0',
  type: 'bridge',
  bridge: 'br0',
  macspoofchk: true,
  ipMasq: true,
  ipam: { type: 'host-local', subnet: '192.168.1.0/24' },
};

describe('a killed or failed call', () => {
  it('leaves half a record file to the DEL that finds no record', async () => {
    const { del, edges } = world();
    const deleted: string[] = [];
    const { delete: original } = edges.records;
    edges.records.delete = async (owner, pod) => {
      deleted.push(`${owner.containerId} ${owner.ifName}`);
      await original(owner, pod);
    };
    await del();
    expect(deleted).toEqual(['c1 eth0']);
  });

  it('leaves no record when it fails while the first one is written', async () => {
    const { add, edges, record } = world();
    const { save } = edges.records;
    edges.records.save = async (what) => {
      await save(what);
      throw new CniError('IoFailed', 'Cannot write the hint of the pod: ENOSPC: no space left on device');
    };
    await expect(add()).rejects.toMatchObject({ reason: 'IoFailed' });
    expect(await record()).toBeUndefined();
  });

  it('takes back what nft did before it failed', async () => {
    const { add, edges } = world({ networks: { 'default/guarded': guarded } });
    const asked: string[] = [];
    edges.nft.run = async () => {
      throw new CniError('FirewallFailed', 'Cannot change the firewall: nft took more than 30 s');
    };
    edges.nft.list = async (what) => {
      asked.push(what.join(' '));
      return [];
    };
    await expect(add('guarded')).rejects.toMatchObject({ reason: 'FirewallFailed' });
    expect(asked).toEqual(['chain bridge nat PREROUTING']);
  });
});

it('takes everything back when the kernel said yes to a route, and did not add it', async () => {
  const lan = {
    ...{ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' },
    ipam: {
      type: 'static',
      addresses: [{ address: '192.168.1.5/24' }],
      routes: [{ dst: '10.9.0.0/16', gw: '192.168.1.1' }],
    },
  };
  const { add, kernel, record } = world({ networks: { 'default/lan': lan } });
  const { addRoute } = kernel.pod;
  kernel.pod.addRoute = async (route, mode) =>
    route.dst === '10.9.0.0/16' ? undefined : addRoute.call(kernel.pod, route, mode);
  await expect(add('lan')).rejects.toMatchObject({
    reason: 'KernelRefused',
    problem: 'Cannot add route 10.9.0.0/16 via 192.168.1.1: the kernel said yes, and has none',
    where: { pod: 'default/thor', ifName: 'net1' },
  });
  expect(kernel.pod.names()).toEqual([]);
  expect(await record()).toBeUndefined();
});
