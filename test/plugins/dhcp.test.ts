/** dhcp on a fake node, with a daemon that has a lease, another one, or is not there. Touches the fakes. */
import { describe, expect, it } from 'vitest';
import { dhcp } from '../../plugins/dhcp';
import type { DhcpCall, DhcpDaemon } from '../../src/attach/ports';
import { CniError } from '../../src/error';
import { fakeDhcp } from '../../src/model/dhcp';
import { networkName } from '../../src/net/names';
import { lab, thenFails } from './lab';

const config = { name: 'lan', type: 'macvlan', ipam: { type: 'dhcp', daemonSocketPath: '/run/x.sock' } };
const unavailable = async (): Promise<never> => {
  throw new CniError('DhcpUnavailable', 'nobody listens');
};
const nobody: DhcpDaemon = { allocate: unavailable, release: unavailable, isThere: async () => false };

describe('ADD', () => {
  it('hands the whole configuration to the daemon of the socket that it names', async () => {
    const calls: DhcpCall[] = [];
    const { pod, add } = lab({ args: 'K8S_POD_NAME=web' });
    const daemon: DhcpDaemon = {
      ...fakeDhcp(),
      allocate(call) {
        calls.push(call);
        return fakeDhcp().allocate(call);
      },
    };
    expect(await add(dhcp, config, { dhcp: daemon })).toMatchObject({ ips: [{ address: '192.0.2.10/24' }] });
    expect(calls).toMatchObject([{ socket: '/run/x.sock', netns: pod.path, args: [['K8S_POD_NAME', 'web']] }]);
    expect(JSON.parse(calls[0]?.config ?? '')).toEqual(config);
  });

  it('fails without a daemon, and nothing is left to undo', async () => {
    await expect(lab().add(dhcp, config, { dhcp: nobody })).rejects.toMatchObject({ reason: 'DhcpUnavailable' });
  });

  it('gives the lease back when a later step fails', async () => {
    const daemon = fakeDhcp();
    await expect(lab().add(thenFails(dhcp), config, { dhcp: daemon })).rejects.toMatchObject({
      reason: 'DelegateFailed',
    });
    expect(daemon.held()).toEqual([]);
  });

  it('refuses what the daemon would refuse, before it is asked', async () => {
    const wrong = { ...config, ipam: { type: 'dhcp', request: [{ option: 'color' }] } };
    await expect(lab().add(dhcp, wrong, { dhcp: nobody })).rejects.toMatchObject({ reason: 'ConfigInvalid' });
  });
});

it.each([
  ['without a daemon', config],
  ['with a socket that is none', { ...config, ipam: { type: 'dhcp', daemonSocketPath: 7 } }],
  ['without an ipam section', { name: 'lan' }],
])('DEL succeeds %s', async (_, input) => {
  await lab().del(dhcp, input, { dhcp: nobody, pod: undefined });
});

describe('CHECK', () => {
  it('refuses a link that is gone without asking for a new lease', async () => {
    const daemon = fakeDhcp();
    const { add, check, ctx } = lab();
    const result = await add(dhcp, config, { dhcp: daemon });
    await daemon.release({ ...ctx, socket: '', netns: undefined, config: JSON.stringify(config) });
    await expect(check(dhcp, config, result, { dhcp: daemon })).rejects.toMatchObject({ reason: 'CheckFailed' });
    expect(daemon.held()).toEqual([]);
  });

  it('refuses another lease than the recorded one', async () => {
    const daemon = fakeDhcp();
    const { add, check, pod, ctx } = lab();
    await pod.createLink({ kind: 'dummy', name: ctx.ifName });
    const result = await add(dhcp, config, { dhcp: daemon });
    await check(dhcp, config, result, { dhcp: daemon });
    const other = { ...result, ips: [] };
    await expect(check(dhcp, config, other, { dhcp: daemon })).rejects.toThrow('192.0.2.10/24');
  });
});

it('STATUS is NotReady without a daemon', async () => {
  const { host, leases } = lab();
  const status = (daemon: DhcpDaemon) =>
    dhcp.bind(config).status({ host, leases, dhcp: daemon, network: networkName('lan') });
  await status(fakeDhcp());
  await expect(status(nobody)).rejects.toMatchObject({ reason: 'NotReady' });
});
