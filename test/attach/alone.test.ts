/** One delegate on its own, where its caller has something wrong. Touches the fakes. */
import { expect, it } from 'vitest';
import { findDelegate } from '../../plugins';
import { handleAlone, parseAlone } from '../../src/attach/alone';
import type { Edges } from '../../src/attach/ports';
import { parseRequest } from '../../src/cni/request';
import { fail } from '../../src/error';
import type { Json } from '../../src/json';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeKernel } from '../../src/model/kernel';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import { netnsPath } from '../../src/net/names';

const podPath = '/var/run/netns/pod';
const network = { cniVersion: '1.1.0', name: 'n1', type: 'macvlan', master: 'eth0' };
const pool = { ipam: { type: 'host-local', subnet: '10.1.0.0/24' } };

function node() {
  const kernel = fakeKernel({ hostLinks: ['eth0'], podPath });
  const leases = fakeLeases();
  const foreign = { run: async ({ type }: Json) => fail('DelegateMissing', `Cannot find ${type}`) };
  const own = { kernel, leases, hostLinks: fakeHostLinks(), log: fakeLog(), findDelegate, foreign };
  const edges = own as unknown as Edges; // macvlan on its own touches no other
  const call = (verb: string, keys: Json, type = 'macvlan'): Promise<string> => {
    const env = { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'net1', CNI_PATH: '/opt/cni/bin', CNI_NETNS: podPath };
    const request = parseRequest({ ...env, CNI_COMMAND: verb });
    const delegate = findDelegate(type);
    if (delegate === undefined) return expect.fail(`no ${type}`);
    return handleAlone(delegate, request, parseAlone(JSON.stringify({ ...network, ...keys })), edges);
  };
  const links = async () => (await (await kernel.find(netnsPath(podPath)))?.links())?.map(({ name }) => name);
  return { call, links, leases };
}

it('takes back an ADD whose result the version has no words for', async () => {
  const { call, links } = node();
  await expect(call('ADD', { cniVersion: '0.2.0' })).rejects.toMatchObject({ reason: 'ResultInvalid' });
  expect(await links()).toEqual(['lo']);
});

it.each(['new', 1, true])('cannot decode a configuration of version %s, whatever the verb', (cniVersion) => {
  expect(() => parseAlone(JSON.stringify({ ...network, cniVersion }))).toThrow(
    expect.objectContaining({ reason: 'DecodeFailed', code: 6 }),
  );
});

it('DEL of what ADD refuses succeeds when nothing is attached', async () => {
  const { call } = node();
  await expect(call('ADD', { mode: 'loud' })).rejects.toMatchObject({ reason: 'ConfigInvalid' });
  expect(await call('DEL', { mode: 'loud' })).toBe('');
});

it('DEL with a configuration that went bad gives the address back, and fails while the link is there', async () => {
  const { call, links, leases } = node();
  await call('ADD', pool);
  await expect(call('DEL', { ...pool, mode: 'loud' })).rejects.toMatchObject({ reason: 'ConfigInvalid' });
  expect(leases.held('n1')).toEqual({});
  expect(await links()).toEqual(['lo', 'net1']);
  expect(await call('DEL', pool)).toBe('');
  expect(await links()).toEqual(['lo']);
});

it.each([
  ['tuning', { mac: '02:00' }],
  ['sbr', { table: -1 }],
  ['vrf', {}],
])('DEL of %s that ADD refused succeeds while the link of the plugin before is there', async (type, keys) => {
  const { call, links } = node();
  const prevResult = JSON.parse(await call('ADD', pool));
  await expect(call('ADD', { type, ...keys, prevResult }, type)).rejects.toMatchObject({ reason: 'ConfigInvalid' });
  expect(await call('DEL', { type, ...keys, prevResult }, type)).toBe('');
  expect(await links()).toEqual(['lo', 'net1']);
});

it.each([
  ['its master is not there', 'macvlan', { master: 'nope' }, { reason: 'NotReady', code: 50 }],
  ['ptp has no ipam', 'ptp', {}, { reason: 'ConfigInvalid', code: 7 }],
  ['dummy has no ipam', 'dummy', {}, { reason: 'ConfigInvalid', code: 7 }],
])('is not ready when %s', async (_, type, keys, problem) => {
  const { call } = node();
  await expect(call('STATUS', { type, ...keys }, type)).rejects.toMatchObject(problem);
  expect(await call('STATUS', { type, ...pool }, type)).toBe('');
});

it('is not ready when its IPAM has no address left', async () => {
  const { call } = node();
  const narrow = { ipam: { ...pool.ipam, rangeStart: '10.1.0.2', rangeEnd: '10.1.0.2' } };
  await call('ADD', narrow);
  await expect(call('STATUS', narrow)).rejects.toMatchObject({ reason: 'NotReady', code: 50 });
});

it('is not ready when its IPAM is not there', async () => {
  const { call } = node();
  expect(await call('STATUS', pool)).toBe('');
  await expect(call('STATUS', { ipam: { type: 'nope' } })).rejects.toMatchObject({ reason: 'NotReady', code: 50 });
});
