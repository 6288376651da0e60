/** The agent's DHCP daemon on its socket: who may use it, and whose it is. Touches sockets in a directory of its own. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type DhcpMeans, type RunningDhcp, startDhcp } from '../../src/agent/dhcp/start';
import { openDhcp } from '../../src/exec/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeLog } from '../../src/model/log';
import { containerId, ifName, netnsPath } from '../../src/net/names';

let dir = '';
let running: RunningDhcp | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'braid-dhcp-'));
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const client = openDhcp(5, []);
const socketPath = (): string => join(dir, 'run', 'dhcp.sock');
const call = () => ({
  socket: socketPath(),
  containerId: containerId('c1'),
  ifName: ifName('net1', 'test'),
  netns: netnsPath('/run/netns/pod'),
  args: [],
  config: '{"name":"n","ipam":{"type":"dhcp"}}',
});

/** A daemon on a node without any pod. */
async function start(changes: Partial<DhcpMeans> = {}) {
  const log = fakeLog();
  const links = vi.fn(async () => ({ open: async () => undefined, addresses: async () => undefined }));
  const means = {
    socket: socketPath(),
    broadcast: false,
    directory: '/state/dhcp',
    bootId: 'boot-1',
    files: fakeFiles(),
    isThere: client.isThere,
    peerUser: () => 0,
    users: [0],
    tell: () => undefined,
  };
  running = await startDhcp({ ...means, links, log, ...changes });
  return { log, links };
}

it('answers the plugin on a socket that is for root alone, and loads its work at the first call', async () => {
  const { links } = await start();
  expect((statSync(socketPath()).mode & 0o777).toString(8)).toBe('600');
  expect(links).not.toHaveBeenCalled();
  await expect(client.allocate(call())).rejects.toMatchObject({
    reason: 'LeaseUnavailable',
    problem: expect.stringContaining('there is no net1 in /run/netns/pod'),
  });
  await client.release(call());
  expect(links).toHaveBeenCalledTimes(1);
});

it.each([
  ['another user', 1000],
  ['nobody knows who', undefined],
])('cuts off %s', async (_, user) => {
  await start({ peerUser: () => user });
  await expect(client.allocate(call())).rejects.toMatchObject({ reason: 'DhcpUnavailable' });
});

it('leaves the socket to another daemon that lives', async () => {
  await start();
  const first = running;
  const { log } = await start();
  expect(log.entries).toMatchObject([{ message: 'another DHCP daemon serves this node' }]);
  await running?.stop();
  expect(await client.isThere(socketPath())).toBe(true);
  running = first;
});

it('takes the socket of one that died', async () => {
  await start();
  await running?.stop();
  writeFileSync(socketPath(), ''); // what a killed daemon left
  await start();
  expect(await client.isThere(socketPath())).toBe(true);
});

it('takes its socket along', async () => {
  await start();
  await running?.stop();
  expect(existsSync(socketPath())).toBe(false);
});

it('goes on serving when the leases cannot be read', async () => {
  const list = async (): Promise<never> => {
    throw new Error('EACCES');
  };
  const { log } = await start({ files: { ...fakeFiles(), list } });
  expect(log.entries[0]).toMatchObject({ level: 'error', message: 'cannot go on with the DHCP leases' });
  expect(await client.isThere(socketPath())).toBe(true);
});
