/** braid doctor: which links and VLANs the networks are on, whom to ask there, and what the answers mean. */
import { describe, expect, it } from 'vitest';
import { judgeDuplicates, judgeGateways, judgeVlans, judgeWays, type Local } from '../../../src/bin/doctor/judge-wires';
import { judgeLimits } from '../../../src/bin/doctor/limits';
import type { MasterFacts } from '../../../src/bin/doctor/master-facts';
import { largestPassing } from '../../../src/bin/doctor/passing';
import { type Answer, type Use, usesOf } from '../../../src/bin/doctor/wires';
import { parseNetwork } from '../../../src/cni/network';
import { CniError } from '../../../src/error';
import { fakeKernel } from '../../../src/model/kernel';
import { ip } from '../../../src/net/ip';
import { mac } from '../../../src/net/mac';
import { shown } from './node';

const address = (text: string) => ip(text, 'test');
const [one, two] = [mac('02:00:00:00:00:01', 'test'), mac('02:00:00:00:00:02', 'test')];
const eth1 = fakeKernel({ hostLinks: ['eth1'] }).host.link('eth1');

const used = (plugin: object): Use | undefined =>
  usesOf([{ display: 'default/n', network: parseNetwork(JSON.stringify({ cniVersion: '1.0.0', ...plugin }), 'n') }])[0];

const tagged = { id: 100, protocol: '802.1Q' } as const;
const use: Use = {
  display: 'default/n',
  type: 'macvlan',
  master: 'eth1',
  tag: undefined,
  mode: undefined,
  mtu: undefined,
  gateways: [],
  addresses: [],
  guesses: [],
};

const answer = (changes: Partial<Answer> = {}, uses: Partial<Use> = {}): Answer => ({
  master: eth1,
  tag: undefined,
  uses: [{ ...use, ...uses }],
  problem: undefined,
  mtu: 1500,
  held: [],
  own: [],
  way: undefined,
  trials: [],
  ...changes,
});

describe('a network', () => {
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.0.0.0/24', gateway: '10.0.0.254' }]] };

  it.each<[string, object, Partial<Use> | undefined]>([
    ['has its gateways from ranges', { type: 'macvlan', master: 'eth1', ipam }, { gateways: [address('10.0.0.254')] }],
    [
      'has them from routes, and of both families',
      { type: 'ipvlan', master: 'eth1', ipam: { gateway: 'fd00::1', routes: [{ dst: '10.0.0.0/8', gw: '10.0.0.9' }] } },
      { gateways: [address('fd00::1'), address('10.0.0.9')] },
    ],
    [
      'without any has the first address of its subnet for a guess',
      { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '10.0.0.0/24' } },
      { gateways: [], guesses: [address('10.0.0.1')] },
    ],
    [
      'has its static addresses',
      { type: 'macvlan', master: 'eth1', ipam: { type: 'static', addresses: [{ address: '10.0.0.7/24' }] } },
      { addresses: [address('10.0.0.7')] },
    ],
    ['of type vlan has its id', { type: 'vlan', master: 'eth1', vlanId: 100 }, { tag: tagged }],
    ['of another type has its vlan', { type: 'macvlan', vlan: 100 }, { tag: tagged, master: undefined }],
    ['with VLAN 0 has none', { type: 'vlan', master: 'eth1', vlanId: 0 }, { tag: undefined }],
    [
      'that is a gateway itself asks for none',
      { type: 'bridge', master: 'eth1', isGateway: true, ipam },
      { gateways: [] },
    ],
    ['of type bridge without master uses no link', { type: 'bridge', vlan: 100, ipam }, undefined],
    ['on a link of the pod uses none of the node', { type: 'vlan', master: 'net1', linkInContainer: true }, undefined],
    ['of another type uses no link', { type: 'sriov' }, undefined],
    ['with a VLAN that cannot be is left to braid lint', { type: 'macvlan', vlan: 5000 }, { tag: undefined }],
  ])('%s', (_, plugin, expected) => {
    if (expected === undefined) expect(used(plugin)).toBeUndefined();
    else expect(used(plugin)).toMatchObject(expected);
  });
});

describe('a VLAN', () => {
  const gateways = [address('10.0.0.1')];
  const refusal = (errno: string) => new CniError('KernelRefused', 'Cannot create vlan', { errno });

  it.each<[string, Answer, string]>([
    [
      'answers',
      answer({ tag: tagged, held: [[address('10.0.0.1'), one]] }, { gateways }),
      `ok | VLAN 100 of eth1 | answers: 10.0.0.1 is ${one}`,
    ],
    [
      'does not answer',
      answer({ tag: tagged }, { gateways }),
      'warning | VLAN 100 of eth1 | nobody answers, not even for 10.0.0.1',
    ],
    [
      'has nobody to ask',
      answer({ tag: tagged }),
      'skipped | VLAN 100 of eth1 | nobody answered, and default/n names no gateway',
    ],
    [
      'has a master without carrier',
      answer({ tag: tagged, problem: 'idle' }),
      'skipped | VLAN 100 of eth1 | eth1 carries nothing',
    ],
    [
      'has a link that is down',
      answer({ tag: tagged, problem: 'down' }),
      'skipped | VLAN 100 of eth1 | its link is there, and down',
    ],
    ['is in a pod', answer({ tag: tagged, problem: 'in a pod' }), 'skipped | VLAN 100 of eth1 | a namespace has it'],
    [
      'of a kind that the kernel lacks',
      answer({ tag: { id: 7, protocol: '802.1ad' }, problem: refusal('EPROTONOSUPPORT') }),
      'bad | VLAN 7 (802.1ad) of eth1 | a pod could not be attached to it | Cannot create vlan | modprobe 8021q',
    ],
  ])('%s', (_, asked, words) => {
    expect(judgeVlans([asked], true).map(shown)).toEqual([expect.stringContaining(words)]);
  });

  it('is not asked without root, and says so', () => {
    const [line] = judgeVlans([answer({ tag: tagged, problem: refusal('EPERM') })], false);
    expect(line).toMatchObject({ light: 'skipped', found: 'needs root' });
  });
});

describe('a gateway', () => {
  const gateways = [address('10.0.0.1')];

  it.each<[string, Partial<Answer>, string]>([
    ['answers', { held: [[address('10.0.0.1'), one]] }, `ok | 10.0.0.1 on eth1 | answers with ${one} (default/n)`],
    ['is this node', { own: gateways }, 'ok | 10.0.0.1 on eth1 | is this node'],
    ['does not answer', {}, 'warning | 10.0.0.1 on eth1 | nobody answers for this gateway of default/n'],
    ['was not asked', { problem: 'down' }, 'skipped | 10.0.0.1 on eth1 | not asked'],
  ])('%s', (_, changes, words) => {
    expect(judgeGateways([answer(changes, { gateways })], true).map(shown)).toEqual([expect.stringContaining(words)]);
  });
});

describe('an address', () => {
  const here = address('10.0.0.7');
  const nobody: Local = { pods: new Map(), macs: new Set() };

  it.each<[string, Partial<Answer>, Partial<Use>, Local, string]>([
    ['that nobody has is free', {}, { addresses: [here] }, nobody, 'ok | none among the 1 addresses'],
    [
      'of a static network that somebody has is a warning',
      { held: [[here, one]] },
      { addresses: [here] },
      nobody,
      `warning | 10.0.0.7 on eth1 | ${one} has this static address of default/n`,
    ],
    [
      'that two have is bad',
      {
        held: [
          [here, one],
          [here, two],
        ],
      },
      { addresses: [here] },
      nobody,
      `bad | 10.0.0.7 on eth1 | ${one} and ${two} answer for it`,
    ],
    [
      'of a gateway that two have is bad',
      {
        held: [
          [here, one],
          [here, two],
        ],
      },
      { gateways: [here] },
      nobody,
      'bad | 10.0.0.7',
    ],
    ['of a gateway that one has is well', { held: [[here, one]] }, { gateways: [here] }, nobody, 'ok |'],
    [
      'of the node that another has is bad',
      { own: [here], held: [[here, one]] },
      {},
      nobody,
      'bad | 10.0.0.7 on eth1 | this node has it',
    ],
    [
      'of a pod of this node that another has is bad',
      { held: [[here, one]] },
      { addresses: [here] },
      { pods: new Map([[here, 'default/web']]), macs: new Set() },
      `bad | 10.0.0.7 on eth1 | pod default/web of this node has it, and ${one} answers`,
    ],
    [
      'that another link of this node answers for is well',
      { own: [here], held: [[here, one]] },
      {},
      { pods: new Map(), macs: new Set([one]) },
      'ok |',
    ],
  ])('%s', (_, changes, uses, local, words) => {
    expect(judgeDuplicates([answer(changes, uses)], local).map(shown)).toEqual([expect.stringContaining(words)]);
  });
});

describe('the way to a gateway', () => {
  const gateway = address('10.0.0.1');

  it.each<[number | undefined, boolean, string]>([
    [9000, true, 'ok | eth1 to 10.0.0.1 | packets of 9000 bytes pass, there and back'],
    [1504, false, 'bad | eth1 to 10.0.0.1 | packets of 9000 bytes do not pass there, 1504 bytes do'],
    [undefined, false, 'skipped | eth1 to 10.0.0.1 | the gateway answers short questions only'],
  ])('carries %s of 9000 bytes (there and back: %s)', (carries, andBack, words) => {
    const [line] = judgeWays([answer({ way: { gateway, wanted: 9000, carries, andBack } })]);
    expect(line && shown(line)).toContain(words);
  });

  it('the MTU to set is what people write, not what a switch lets through', () => {
    const fix = (carries: number) => judgeWays([answer({ way: { gateway, wanted: 9000, carries, andBack: true } })])[0];
    expect(fix(1504)).toMatchObject({ fix: expect.stringContaining('"mtu": 1500 in default/n') });
    expect(fix(1312)).toMatchObject({ fix: expect.stringContaining('"mtu": 1312') });
  });

  it.each([
    [1500, 9000, 1500],
    [1400, 1500, 1400],
    [8999, 9000, 8999],
    [577, 9000, 577],
    [100, 1500, undefined],
    [9000, 1500, 1500],
  ])('of %i bytes is found when %i are wanted: %s', async (limit, wanted, expected) => {
    expect(await largestPassing(wanted, async (size) => size <= limit)).toBe(expected);
  });
});

describe('a master', () => {
  const facts: MasterFacts = {
    link: eth1,
    driver: 'ixgbe',
    vendor: undefined,
    bondMode: undefined,
    isVirtualFunction: false,
    isWireless: false,
    foreignMacs: [use],
    rivals: [],
    inUse: 2,
    trials: [{ kind: 'macvlan', problem: undefined, turnsPromiscuous: false }],
  };
  const refused = (errno: string) => new CniError('KernelRefused', 'Cannot create macvlan', { errno });

  it.each<[string, Partial<MasterFacts>, string]>([
    [
      'with a filter is well',
      {},
      'ok | eth1 | takes macvlan links without becoming promiscuous, driver ixgbe, which filters 127 MAC addresses at least; 2 in use',
    ],
    [
      'whose filter is full',
      { inUse: 128 },
      'warning | eth1 | 128 pods have MAC addresses on it, and cards of driver ixgbe filter 127',
    ],
    [
      'of EC2',
      { driver: 'ena' },
      'warning | eth1 | pods of default/n have MAC addresses that may be dropped here | EC2',
    ],
    ['of Google Cloud', { vendor: 'Google', driver: 'virtio_net' }, 'Google Cloud'],
    ['of vSphere', { driver: 'vmxnet3' }, 'forged transmits'],
    ['of Hyper-V', { driver: 'hv_netvsc' }, 'MacAddressSpoofing'],
    ['of OpenStack', { vendor: 'OpenStack Foundation' }, 'allowed address pairs'],
    ['that is a virtual function', { isVirtualFunction: true }, 'trust on'],
    ['that is one in a virtual machine', { driver: 'iavf' }, 'trust on'],
    ['that is wireless', { isWireless: true }, 'access point'],
    ['that is a bond which rewrites', { bondMode: 'balance-alb' }, 'bonds of this mode'],
    ['that is a bond which does not', { bondMode: '802.3ad' }, 'ok | eth1'],
    ['whose pods have its own MAC', { driver: 'ena', foreignMacs: [] }, 'ok | eth1'],
    ['that is promiscuous', { link: { ...eth1, promisc: 2 } }, 'warning | eth1 | is promiscuous already, 2 times'],
    ['that is promiscuous for its bridge', { link: { ...eth1, promisc: 1, master: 7 } }, 'ok | eth1'],
    [
      'without a filter',
      { trials: [{ kind: 'macvlan', problem: undefined, turnsPromiscuous: true }] },
      'warning | eth1 | becomes promiscuous with the first macvlan',
    ],
    ['whose networks are of both kinds', { rivals: [use] }, 'warning | eth1 | serves macvlan or ipvlan at a time'],
    [
      'that is taken',
      { trials: [{ kind: 'ipvlan', problem: refused('EBUSY'), turnsPromiscuous: false }] },
      'bad | eth1 | ipvlan links cannot be made on it | it is a port of a bridge',
    ],
  ])('%s', (_, changes, words) => {
    expect(judgeLimits({ ...facts, ...changes }, true).map(shown)).toEqual([expect.stringContaining(words)]);
  });

  it('is told once for each kind, though VLANs of it were tried, too', () => {
    const trial = { kind: 'macvlan', problem: undefined, turnsPromiscuous: true } as const;
    expect(judgeLimits({ ...facts, trials: [trial, { ...trial, turnsPromiscuous: false }] }, true)).toHaveLength(1);
  });
});
