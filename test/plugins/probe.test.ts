/** `probe`: the network is asked before an address is used, against the fake kernel. */
import { describe, expect, it } from 'vitest';
import { bridge } from '../../plugins/bridge';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { vlan } from '../../plugins/vlan';
import { ip } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { fixedIpam, lab } from './lab';

const them = mac('0a:00:00:00:00:99', 'test');
const ipam = () => fixedIpam(['10.1.0.5/24', 'fd00:1::5/64']);

describe.each([
  ['macvlan', macvlan, { master: 'eth0' }],
  ['ipvlan', ipvlan, { master: 'eth0' }],
  ['vlan', vlan, { master: 'eth0', vlanId: 7 }],
  ['bridge', bridge, { bridge: 'br0' }],
])('%s with probe', (type, delegate, keys) => {
  const config = { type, probe: true, ...keys };

  it.each(['10.1.0.5', 'fd00:1::5'])('says who holds %s, and leaves nothing', async (address) => {
    const { kernel, pod, add } = lab({ ipam: ipam() });
    kernel.holders.set(ip(address, 'test'), them);
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: `Cannot use ${address} on net1: ${them} on the network has it`,
    });
    expect(pod.names()).toEqual([]);
  });

  it('asks for all addresses at once, before they are there, and announces them', async () => {
    const { kernel, pod, add } = lab({ ipam: ipam(), record: true });
    await add(delegate, config);
    const acts = kernel.calls.filter((call) => /^(probe|addAddress|announce)/.test(call));
    expect(acts).toEqual([
      'probe 10.1.0.5 fd00:1::5',
      'addAddress 10.1.0.5/24',
      'addAddress fd00:1::5/64',
      ...(type === 'ipvlan' ? [] : ['announce 10.1.0.5']), // it asks from its master, and goes up with its addresses
    ]);
    expect(pod.link('net1').up).toBe(true);
  });

  it('asks nobody without it', async () => {
    const { kernel, add } = lab({ ipam: ipam() });
    kernel.holders.set(ip('10.1.0.5', 'test'), them);
    await add(delegate, { ...config, probe: false });
  });
});

it.each(['l3', 'l3s'])('is impossible with ipvlan in mode %s', (mode) => {
  expect(() => ipvlan.bind({ type: 'ipvlan', master: 'eth0', mode, probe: true })).toThrow(
    expect.objectContaining({
      reason: 'ConfigInvalid',
      problem: `Cannot use probe in mode ${mode}: nobody asks for addresses there, need mode l2`,
    }),
  );
});
