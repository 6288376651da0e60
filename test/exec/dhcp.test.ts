/** Asking a DHCP daemon over its socket: one that speaks, and several that do not. Touches sockets in a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseArgs } from '../../src/cni/args';
import { emptyResult, type Result } from '../../src/cni/result';
import { GobWriter } from '../../src/dhcp/gob';
import { GobReader } from '../../src/dhcp/gob-reader';
import { type Call, CallReader, encodeReply, greeting, type Reply, welcome } from '../../src/dhcp/rpc';
import { openDhcp } from '../../src/exec/dhcp';
import { cidr } from '../../src/net/ip';
import { containerId, ifName, netnsPath } from '../../src/net/names';

const dir = mkdtempSync(join(tmpdir(), 'braid-dhcp-'));
const socket = join(dir, 'dhcp.sock');
let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

/** Listens with a server that does that with each connection. */
async function listening(serve: (connection: Socket) => void): Promise<void> {
  server = createServer(serve);
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
}

/** A daemon as Go's, whose answers come in single bytes. */
async function daemon(answer: (call: Call) => Reply['outcome']): Promise<Call[]> {
  const heard: Call[] = [];
  await listening((connection) => {
    const values = new GobReader();
    const calls = new CallReader(values);
    let head = '';
    connection.on('data', (bytes: Buffer) => {
      if (head.length < greeting.length) {
        head += bytes.subarray(0, greeting.length).toString();
        expect(head).toBe(greeting);
        connection.write(welcome);
        // What comes with the greeting is lost, as in Go: its server has read too far, and throws that away.
      } else values.push(bytes);
      const call = calls.next();
      if (call === undefined) return;
      heard.push(call);
      for (const byte of encodeReply({ ...call, outcome: answer(call) }, new GobWriter()))
        connection.write(Buffer.from([byte]));
    });
    connection.on('error', () => undefined);
  });
  return heard;
}

const call = {
  socket,
  containerId: containerId('c1'),
  ifName: ifName('net1', 'test'),
  netns: netnsPath('/run/netns/pod'),
  args: parseArgs('K8S_POD_NAME=web'),
  config: '{"name":"n"}',
};
const result: Result = { ...emptyResult, ips: [{ address: cidr('10.9.0.57/24', 'test') }] };
const client = openDhcp(5, ['/opt/cni/bin', '/usr/lib/cni']);

describe('a daemon', () => {
  it('is told what a plugin is told, and its lease is the result', async () => {
    const heard = await daemon(() => ({ result }));
    expect(await client.allocate(call)).toEqual(result);
    await client.release({ ...call, netns: undefined });
    expect(heard.map(({ method }) => method)).toEqual(['DHCP.Allocate', 'DHCP.Release']);
    expect(heard[0]?.args).toEqual({
      containerId: 'c1',
      netns: '/run/netns/pod',
      ifName: 'net1',
      args: 'K8S_POD_NAME=web',
      path: '/opt/cni/bin:/usr/lib/cni',
      stdin: '{"name":"n"}',
    });
    expect(heard[1]?.args.netns).toBe('');
  });

  it('is told a configuration of any size', async () => {
    const heard = await daemon(() => ({ result }));
    const config = JSON.stringify({ name: 'n', long: 'x'.repeat(900_000) });
    await client.allocate({ ...call, config });
    expect(heard[0]?.args.stdin).toBe(config);
  });

  it('that has no lease is quoted', async () => {
    await daemon(() => ({ error: 'no more tries' }));
    await expect(client.allocate(call)).rejects.toMatchObject({
      reason: 'LeaseUnavailable',
      problem: 'Cannot lease an address for net1 by DHCP: no more tries',
    });
  });

  it('is there when it listens', async () => {
    expect(await client.isThere(socket)).toBe(false);
    await daemon(() => ({ result }));
    expect(await client.isThere(socket)).toBe(true);
  });
});

describe('it is DhcpUnavailable', () => {
  it('where nobody listens, and the message says who should', async () => {
    await expect(client.allocate(call)).rejects.toMatchObject({
      reason: 'DhcpUnavailable',
      problem: expect.stringContaining('`braid agent`'),
    });
  });

  it.each<[string, (connection: Socket) => void, string]>([
    ['hangs up', (connection) => connection.destroy(), 'hung up'],
    [
      'speaks another language',
      (connection) => connection.resume().write('HTTP/1.1 404 Not Found\r\n\r\n'),
      'no DHCP daemon',
    ],
    [
      'answers nonsense',
      (connection) => connection.resume().write(`${welcome}\u0003\u0001\u0001\u0001`),
      'cannot be understood',
    ],
    ['is silent', (connection) => void connection.resume(), 'no answer in 1 s'],
  ])('where who listens %s', async (_, serve, words) => {
    await listening((connection) => {
      connection.on('error', () => undefined);
      serve(connection);
    });
    await expect(openDhcp(1, []).allocate(call)).rejects.toMatchObject({
      reason: 'DhcpUnavailable',
      problem: expect.stringContaining(words),
    });
  });
});

process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
