/** How full host-local's ranges are, of the networks that pods have here. */
import { expect, it } from 'vitest';
import { measurePools } from '../../src/agent/pools';
import { world } from '../attach/world';

const macvlan = (ipam: object) => ({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam });
const leased = macvlan({ type: 'host-local', subnet: '192.168.7.0/28', rangeStart: '192.168.7.4' });

it('counts what is taken and left of each network once, whoever holds it', async () => {
  const { add, edges } = world({ networks: { 'default/a': leased } });
  await add('a', 'c1');
  await edges.leases.locked(undefined, 'a' as never, (held) =>
    held.reserve('192.168.7.9' as never, { containerId: 'other' as never, ifName: 'eth0' as never }),
  );
  const pools = await measurePools(edges);
  expect(pools.find(({ network }) => network === 'default/a')).toEqual({ network: 'default/a', used: 2, free: 9 });
  expect(pools.map(({ network }) => network)).toEqual([...new Set(pools.map(({ network }) => network))]);
});

it('leaves out networks without host-local, and those whose ranges the runtime hands over', async () => {
  const networks = {
    'default/fixed': macvlan({ type: 'static', addresses: [{ address: '10.9.0.5/24' }] }),
    'default/bare': macvlan({}),
  };
  const { add, edges } = world({ networks });
  await add('fixed,bare');
  expect((await measurePools(edges)).map(({ network }) => network)).toEqual(['cluster']);
});
