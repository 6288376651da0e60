/** STATUS, and GC handed on to delegates, on a node of fakes. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { waitUntilReady } from '../../src/attach/readiness';
import { CniError } from '../../src/error';
import { world } from './world';

const delegates = (plugin: object, cniVersion = '1.1.0') => ({ delegates: [{ cniVersion, name: 'first', ...plugin }] });
const notReady = new CniError('DelegateFailed', 'not yet', { code: 51 });

describe('STATUS', () => {
  it('is success when a pod could be attached', async () => {
    await expect(world().status()).resolves.toBe('');
  });

  it.each([
    ['a master is missing', { type: 'macvlan', master: 'nope0' }, 'MasterMissing'],
    ['the uplink of a bridge is missing', { type: 'bridge', master: 'nope0', vlan: 7 }, 'MasterMissing'],
    ['the name of a bridge is taken', { type: 'bridge', bridge: 'eth0' }, 'LinkUnsuitable'],
    ['a bridge is missing that may not be made', { type: 'cnv-bridge', bridge: 'br1' }, 'MasterMissing'],
    ['the default network is missing', undefined, 'NetworkMissing'],
    [
      'the pool is exhausted',
      {
        type: 'bridge',
        ipam: { type: 'host-local', subnet: '10.0.0.0/30', rangeStart: '10.0.0.1', rangeEnd: '10.0.0.1' },
      },
      'PoolExhausted',
    ],
  ])('answers 50 when %s', async (_, plugin, reason) => {
    const conf = plugin === undefined ? { delegates: undefined, clusterNetwork: 'gone' } : delegates(plugin);
    await expect(world().status(conf)).rejects.toMatchObject({ reason: 'NotReady', code: 50, cause: { reason } });
  });

  it('asks the foreign IPAM of a built-in delegate, with the whole configuration, and hands it GC', async () => {
    const answers = { pool: ({ command }: { command: string }) => (command === 'STATUS' ? notReady : '') };
    const { status, gc, edges } = world({ foreign: answers });
    const conf = delegates({ type: 'macvlan', master: 'eth0', ipam: { type: 'pool' } });
    await expect(status(conf)).rejects.toMatchObject({ code: 51 });
    await gc({ ...conf, 'cni.dev/valid-attachments': [] });
    expect(edges.foreign.calls.map(({ type, command, stdin }) => [type, command, stdin.type])).toEqual([
      ['pool', 'STATUS', 'macvlan'],
      ['pool', 'GC', 'macvlan'],
    ]);
  });

  it('passes a delegate’s own code on, from version 1.1.0', async () => {
    const { status, edges } = world({
      foreign: { fancy: ({ command }) => (command === 'STATUS' ? notReady : undefined) },
    });
    await expect(status(delegates({ type: 'fancy' }))).rejects.toMatchObject({ code: 51 });
    await expect(status(delegates({ type: 'fancy' }, '1.0.0'))).resolves.toBe('');
    expect(edges.foreign.calls.map(({ command }) => command)).toEqual(['STATUS']);
  });
});

describe('GC', () => {
  it('gives each foreign delegate of version 1.1.0 the attachments of its own network', async () => {
    const answer = { cniVersion: '1.1.0', interfaces: [{ name: 'net1', sandbox: '/x' }] };
    const { add, gc, edges } = world({
      networks: {
        'default/f': { cniVersion: '1.1.0', name: 'fnet', type: 'fancy' },
        'default/old': { cniVersion: '1.0.0', type: 'older' },
      },
      foreign: { fancy: answer, older: { ...answer, cniVersion: '1.0.0' } },
    });
    await add('f,old');
    await gc({ 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] });
    expect(
      edges.foreign.calls
        .filter(({ command }) => command === 'GC')
        .map(({ type, stdin }) => [type, stdin['cni.dev/valid-attachments']]),
    ).toEqual([['fancy', [{ containerID: 'c1', ifname: 'net1' }]]]);
  });

  it('does nothing when the runtime lists nothing, and takes an empty list for "none"', async () => {
    const { add, gc, reserved } = world();
    await add();
    await gc({});
    expect(reserved()).toHaveLength(1);
    await gc({ 'cni.dev/valid-attachments': null });
    expect(reserved()).toEqual([]);
  });

  it('fails after having tried everything', async () => {
    const { gc, edges } = world({ foreign: { one: new CniError('DelegateFailed', 'no'), two: {} } });
    const plugins = [{ type: 'one' }, { type: 'two' }];
    await expect(gc({ ...delegates({ plugins }), 'cni.dev/valid-attachments': [] })).rejects.toMatchObject({
      reason: 'DelegateFailed',
    });
    expect(edges.foreign.calls.map(({ type }) => type)).toEqual(['one', 'two']);
  });
});

describe('the readiness file', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps STATUS at 50 while it is missing', async () => {
    await expect(world().status({ readinessindicatorfile: '/run/ready' })).rejects.toMatchObject({
      reason: 'NotReady',
      code: 50,
    });
  });

  it('lets ADD go on as soon as it is there, and gives up after 45 seconds', async () => {
    vi.useFakeTimers();
    let looks = 0;
    const files = { readText: async () => undefined, exists: async () => ++looks > 3 };
    const waiting = waitUntilReady('/run/ready', { files });
    await vi.advanceTimersByTimeAsync(1500);
    await expect(waiting).resolves.toBeUndefined();
    const never = waitUntilReady('/run/ready', { files: { ...files, exists: async () => false } });
    const refused = expect(never).rejects.toMatchObject({ reason: 'NotReady' });
    await vi.advanceTimersByTimeAsync(45_000);
    await refused;
  });
});
