/** bridge: what a configuration may say, and what is refused by name. Pure. */
import { describe, expect, it } from 'vitest';
import { parse, parseExisting } from '../../plugins/bridge/config';
import { planVlans } from '../../plugins/bridge/vlans';

const config = { type: 'bridge' };
const problemOf = (keys: object): { reason?: string; problem?: string } => {
  try {
    parse({ ...config, ...keys });
    return {};
  } catch (error) {
    return error as { reason: string; problem: string };
  }
};

describe('bridge configuration', () => {
  it('has the defaults of the reference plugin', () => {
    expect(parse(config)).toEqual({
      bridge: 'cni0',
      missing: 'create',
      isGateway: false,
      isDefaultGateway: false,
      forceAddress: false,
      ipMasq: false,
      ipMasqBackend: undefined,
      mtu: undefined,
      hairpin: false,
      promisc: false,
      vlan: 0,
      trunk: [],
      vlanFiltering: false,
      preserveDefaultVlan: false,
      gatewayLink: undefined,
      macspoofchk: false,
      dad: false,
      probe: false,
      podLinkDown: false,
      isolated: false,
      mac: undefined,
      dns: undefined,
    });
  });

  it('never makes a bridge as cnv-bridge', () => {
    expect(parseExisting({ type: 'cnv-bridge', bridge: 'br1', ipam: {} })).toMatchObject({
      bridge: 'br1',
      missing: 'refuse',
    });
  });

  it('is a gateway when it is the default gateway', () => {
    expect(parse({ isDefaultGateway: true })).toMatchObject({ isGateway: true, isDefaultGateway: true });
  });

  it('names the link of a VLAN gateway after bridge and VLAN, where that fits', () => {
    expect(parse({ bridge: 'br1', isGateway: true, vlan: 100 }).gatewayLink).toBe('br1.100');
    expect(parse({ bridge: 'br1', vlan: 100 }).gatewayLink).toBeUndefined();
    expect(problemOf({ bridge: 'storage-bridge', isGateway: true, vlan: 100 }).problem).toBe(
      `Cannot use "storage-bridge.100" as name of the VLAN's gateway link: an interface name has at most 15 bytes`,
    );
  });

  it.each([
    [{ vlan: 4095 }, 'Cannot use 4095 as vlan: need an integer from 0 to 4094'],
    [{ vlan: -1 }, 'Cannot use -1 as vlan: need an integer from 0 to 4094'],
    [{ vlan: '100' }, 'Cannot use "100" as vlan: need an integer from 0 to 4094'],
    [{ mtu: 70000 }, 'Cannot use 70000 as mtu: need an integer from 0 to 65535'],
    [{ bridge: '' }, 'Cannot use "" as bridge: need an interface name'],
    [{ isGateway: 'yes' }, 'Cannot use "yes" as isGateway: need true or false'],
    [
      { hairpinMode: true, promiscMode: true },
      'Cannot set hairpin mode and promiscuous mode at the same time: drop hairpinMode or promiscMode',
    ],
    [
      { disableContainerInterface: true, ipam: { type: 'static' } },
      'Cannot use IPAM when disableContainerInterface is set: a link that is down has no addresses',
    ],
    [{ vlanProtocol: '802.1ad' }, 'Cannot use vlanProtocol without master: VLANs of a bridge port are 802.1Q'],
    [{ master: 'eth1', vlanProtocol: '802.1ad' }, 'Cannot use vlanProtocol alone: need vlan, too'],
    [{ master: 'eth1', vlan: 4095 }, 'Cannot use 4095 as vlan: need an integer from 1 to 4094'],
    [
      { master: 'eth1', vlan: 5, vlanTrunk: [{ id: 6 }] },
      'Cannot use vlanTrunk with master and vlan: such a bridge is one VLAN, without tags',
    ],
    [{ ipMasqBackend: '' }, 'Cannot use "" as ipMasqBackend: need one of nftables, iptables'],
    [{ ipMasqBackend: 'pf' }, 'Cannot use "pf" as ipMasqBackend: need one of nftables, iptables'],
    [
      { runtimeConfig: { mac: 'nonsense' } },
      'Cannot use "nonsense" as runtimeConfig.mac: need a MAC address of 6 bytes, like 02:00:00:00:00:01',
    ],
  ])('refuses %j', (keys, problem) => {
    expect(problemOf(keys)).toMatchObject({ reason: 'ConfigInvalid', problem });
  });

  it.each([
    [{ hostAccess: true }, 'hostAccess'],
    [{ master: { match: 'eth*' } }, 'master'],
  ])('refuses %j by name, as a thing to come', (keys, name) => {
    expect(problemOf(keys)).toMatchObject({
      reason: 'FieldUnsupported',
      problem: expect.stringContaining(name),
      code: 2,
    });
  });

  it('may leave the pod end down at layer 2', () => {
    expect(parse({ disableContainerInterface: true, ipam: {} }).podLinkDown).toBe(true);
    expect(parse({ disableContainerInterface: true, ipam: { type: '' } }).podLinkDown).toBe(true);
  });

  it('reads keys in any case, as Go does', () => {
    expect(parse({ BRIDGE: 'br7', IsGateway: true, RuntimeConfig: { MAC: '02:00:00:00:00:0C' } })).toMatchObject({
      bridge: 'br7',
      isGateway: true,
      mac: '02:00:00:00:00:0c',
    });
  });

  it('prefers the MAC of the runtime to that of args', () => {
    const args = { cni: { mac: '02:00:00:00:00:0a' } };
    expect(parse({ args }).mac).toBe('02:00:00:00:00:0a');
    expect(parse({ args, runtimeConfig: { mac: '02:00:00:00:00:0b' } }).mac).toBe('02:00:00:00:00:0b');
    expect(parse({ mac: '02:00:00:00:00:0d' }).mac).toBeUndefined(); // not a key of bridge
  });

  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ domain: '' }, undefined],
    [{ nameservers: [] }, {}],
    [{ domain: 'lab' }, { domain: 'lab' }],
  ])('dns %j stands in for that of IPAM as %j', (dns, expected) => {
    expect(parse({ dns }).dns).toEqual(expected);
  });
});

describe('vlanTrunk', () => {
  it.each([
    [[], []],
    [[{ id: 42 }], [42]],
    [
      [{ id: 42 }, { id: 7 }, { id: 42 }],
      [7, 42],
    ],
    [[{ minID: 100, maxID: 103 }], [100, 101, 102, 103]],
    [[{ minID: 100, maxID: 100 }], [100]],
    [[{ minID: 10, maxID: 12, id: 5 }], [5, 10, 11, 12]],
    [
      [
        { minID: 10, maxID: 12 },
        { minID: 11, maxID: 13 },
      ],
      [10, 11, 12, 13],
    ],
    [
      [{ id: 1 }, { id: 4094 }],
      [1, 4094],
    ],
    [[{}], []],
    [[{ ID: 9, MINid: 3, MaxID: 4 }], [3, 4, 9]],
  ])('%j is the VLANs %j', (vlanTrunk, expected) => {
    expect(parse({ vlanTrunk })).toMatchObject({ trunk: expected, vlanFiltering: true });
  });

  it('as null is no trunk', () => {
    expect(parse({ vlanTrunk: null })).toMatchObject({ trunk: [], vlanFiltering: false });
  });

  it.each([
    [[{ minID: 0, maxID: 4 }], 'Cannot use 0 as vlanTrunk[0].minID: need an integer from 1 to 4094'],
    [[{ id: 3 }, { minID: 1, maxID: 4095 }], 'Cannot use 4095 as vlanTrunk[1].maxID: need an integer from 1 to 4094'],
    [[{ id: 0 }], 'Cannot use 0 as vlanTrunk[0].id: need an integer from 1 to 4094'],
    [[{ minID: 20, maxID: 10 }], 'Cannot use vlanTrunk[0]: minID 20 is greater than maxID 10'],
    [[{ maxID: 10 }], 'Cannot use vlanTrunk[0]: minID and maxID should be configured simultaneously, minID is missing'],
    [[{ minID: 10 }], 'Cannot use vlanTrunk[0]: minID and maxID should be configured simultaneously, maxID is missing'],
    [[7], 'Cannot use 7 as vlanTrunk[0]: need a JSON object'],
    [{ id: 7 }, 'Cannot use {"id":7} as vlanTrunk: need a list'],
  ])('refuses %j', (vlanTrunk, problem) => {
    expect(problemOf({ vlanTrunk })).toMatchObject({ reason: 'ConfigInvalid', problem });
  });

  const native = (id: number) => ({ id, pvid: true, untagged: true });
  const tagged = (id: number) => ({ id, pvid: false, untagged: false });
  it.each([
    ['nothing', {}, []],
    ['an access VLAN', { vlan: 100 }, [native(100)]],
    ['a trunk with native VLAN 1', { vlanTrunk: [{ id: 7 }] }, [native(1), tagged(7)]],
    ['a trunk with its own native VLAN', { vlan: 100, vlanTrunk: [{ id: 7 }] }, [native(100), tagged(7)]],
    ['a native VLAN that the trunk names, too', { vlan: 7, vlanTrunk: [{ id: 7 }, { id: 8 }] }, [native(7), tagged(8)]],
    ['an empty trunk', { vlanTrunk: [] }, []],
  ])('makes the port a member of %s', (_, keys, expected) => {
    expect(planVlans(parse(keys))).toEqual(expected);
  });
});
