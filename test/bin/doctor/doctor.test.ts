/** braid doctor as a whole, on a node of fakes: what is wrong, each with its cause and fix; one broken check stops no other. */
import { describe, expect, it } from 'vitest';
import { checks, runChecks } from '../../../src/bin/doctor';
import type { Verdict } from '../../../src/bin/doctor/check';
import { toDoctorText } from '../../../src/bin/text/doctor';
import { CniError } from '../../../src/error';
import { ip } from '../../../src/net/ip';
import { mac } from '../../../src/net/mac';
import { sampleRecord } from '../../disk/sample';
import { macvlan, type NodeChanges, node, shown, wrong } from './node';

const [gateway, other] = [mac('02:00:00:00:00:01', 'test'), mac('02:00:00:00:00:02', 'test')];
const leased = { type: 'host-local', subnet: '192.168.1.0/24', gateway: '192.168.1.1' };
const fixed = { type: 'static', addresses: [{ address: '192.168.1.7/24', gateway: '192.168.1.1' }] };

describe('a healthy node', () => {
  it('has a line for each check, and nothing to do', async () => {
    const { run } = node();
    const verdicts = await run();
    expect(wrong(verdicts)).toEqual([]);
    expect(new Set(verdicts.map(({ check }) => check))).toEqual(new Set(checks.map(({ name }) => name)));
  });

  it('is as it was afterwards, whatever was tried', async () => {
    const vlan = macvlan({ vlan: 100, ipam: leased });
    const { run, kernel, host, edges } = node({ networks: [macvlan({ ipam: leased }), vlan] });
    const before = [host.names(), host.addressesOf('eth1'), kernel.devices().length, edges.records.saves.length];
    await run();
    expect([host.names(), host.addressesOf('eth1'), kernel.devices().length, edges.records.saves.length]).toEqual(
      before,
    );
    expect(edges.nft.scripts).toEqual([]);
  });

  it('tells whoever waits what is being done', async () => {
    const { run, told } = node({ networks: [macvlan({ vlan: 100, ipam: leased })] });
    await run();
    expect(told).toContain(`1/${checks.length} kernel: whether this kernel has macvlan`);
    expect(told).toContain(`3/${checks.length} limits: who is on VLAN 100 of eth1`);
  });
});

describe('a node on which', () => {
  it.each<[string, NodeChanges, string, string]>([
    ['a master is missing', { networks: [macvlan({ master: 'eth7' })] }, 'masters', 'Cannot find master "eth7"'],
    [
      'a match fits no link',
      { networks: [macvlan({ master: { match: { altName: 'x' } } })] },
      'masters',
      'Cannot find a master that matches',
    ],
    ['a network wants a larger MTU', { networks: [macvlan({ mtu: 9000 })] }, 'masters', 'carries 1500 bytes'],
    ['a plugin is missing', { networks: [{ cniVersion: '1.0.0', type: 'sriov' }] }, 'plugins', '/opt/cni/bin has none'],
    ['an IPAM plugin is missing', { networks: [macvlan({ ipam: { type: 'whereabouts' } })] }, 'plugins', 'whereabouts'],
    [
      'the runtime has no configuration',
      {
        inspection: {
          directory: (path) => (path.includes('net.d') ? undefined : node().view.inspection.directory(path)),
        },
      },
      'configuration',
      'no CNI configuration',
    ],
    [
      'the executable is not where the runtime looks',
      { inspection: { file: () => undefined } },
      'versions',
      '/opt/cni/bin/braid | is not there',
    ],
  ])('%s', async (_, changes, check, words) => {
    const found = wrong(await node(changes).run());
    expect(found).toMatchObject([{ light: 'bad', check, cause: expect.any(String), fix: expect.any(String) }]);
    expect(found.map(shown).join()).toContain(words);
  });

  it('nobody serves DHCP for a network that needs it', async () => {
    const { view, run } = node({ networks: [macvlan({ ipam: { type: 'dhcp', daemonSocketPath: '/run/x.sock' } })] });
    expect(wrong(await run())).toEqual([]);
    const dhcp = { ...view.edges.dhcp, isThere: async () => false };
    const verdicts = await runChecks({ ...view, edges: { ...view.edges, dhcp } }, () => undefined);
    expect(wrong(verdicts)).toMatchObject([
      { light: 'bad', check: 'dhcp', subject: '/run/x.sock', found: 'no DHCP daemon listens' },
    ]);
  });

  it('a master is down', async () => {
    const { run, host } = node({ networks: [macvlan()] });
    await host.changeLink(host.link('eth1').index, { up: false });
    expect(wrong(await run())).toMatchObject([{ light: 'bad', fix: expect.stringContaining('ip link set eth1 up') }]);
  });

  it('a master has no carrier', async () => {
    const { run, host } = node({ networks: [macvlan()] });
    host.device('eth1').carrier = false;
    expect(wrong(await run())).toMatchObject([{ light: 'bad', found: 'its master eth1 has no carrier' }]);
  });

  it('nobody answers for a gateway, or somebody does', async () => {
    const { run, kernel } = node({ networks: [macvlan({ ipam: leased })] });
    expect(wrong(await run())).toMatchObject([
      { light: 'warning', check: 'gateways', subject: '192.168.1.1 on eth1', cause: expect.any(String) },
    ]);
    kernel.holders.set(ip('192.168.1.1', 'test'), gateway);
    expect(wrong(await run())).toEqual([]);
  });

  it('a VLAN is not on the switch port, or is: the node itself has no link for it', async () => {
    const { run, kernel } = node({ networks: [macvlan({ vlan: 100, ipam: leased })] });
    kernel.holders.set(ip('192.168.1.1', 'test'), gateway);
    expect(await run()).toContainEqual({
      light: 'ok',
      check: 'vlans',
      subject: 'VLAN 100 of eth1',
      found: `answers: 192.168.1.1 is ${gateway}`,
    });
    kernel.blockedVlans.add(100);
    expect(wrong(await run())).toMatchObject([
      { light: 'warning', check: 'vlans', fix: expect.stringContaining('allow VLAN 100 on the switch port of eth1') },
      { light: 'warning', check: 'gateways' },
    ]);
  });

  it('large packets get lost on the way', async () => {
    const { run, kernel } = node({ networks: [macvlan({ ipam: leased })] });
    kernel.holders.set(ip('192.168.1.1', 'test'), gateway);
    kernel.networkMtu = 1400;
    const lost = (direction: string) => `packets of 1500 bytes do not pass ${direction}, 1400 bytes do`;
    expect(wrong(await run())).toMatchObject([{ light: 'bad', check: 'mtu', found: lost('there and back') }]);
    kernel.returnMtu = 0; // the gateway answers to no echo request
    expect(wrong(await run())).toMatchObject([{ light: 'bad', check: 'mtu', found: lost('there') }]);
    Object.assign(kernel, { networkMtu: 9000, returnMtu: 1400 });
    expect(wrong(await run())).toMatchObject([{ light: 'bad', check: 'mtu', found: lost('there and back') }]);
  });

  it('two machines have one address', async () => {
    const { run, kernel } = node({ networks: [macvlan({ ipam: fixed })] });
    kernel.holders.set(ip('192.168.1.1', 'test'), [gateway, other]);
    kernel.holders.set(ip('192.168.1.2', 'test'), other);
    expect(wrong(await run()).map(shown)).toEqual([
      expect.stringContaining(`bad | 192.168.1.1 on eth1 | ${gateway} and ${other} answer for it`),
      expect.stringContaining(`bad | 192.168.1.2 on eth1 | this node has it, and ${other} answers for it`),
    ]);
  });

  it('a macvlan cannot be made on a master', async () => {
    const { run, host } = node({ networks: [macvlan()] });
    host.build('br0');
    await host.changeLink(host.link('eth1').index, { master: host.link('br0').index });
    expect(wrong(await run())).toMatchObject([
      { light: 'bad', check: 'limits', subject: 'eth1', found: 'macvlan links cannot be made on it' },
    ]);
  });

  it('networks are of both kinds on one master: neither is tried, for the other would be refused meanwhile', async () => {
    const { run, kernel } = node({ networks: [macvlan(), { ...macvlan(), type: 'ipvlan' }] });
    const found = wrong(await run()).filter(({ check }) => check === 'limits');
    expect(found.map(shown)).toEqual([expect.stringContaining('warning | eth1 | serves macvlan or ipvlan at a time')]);
    expect(kernel.calls.filter((call) => call.startsWith('createLink t') && call !== 'createLink tried0')).toEqual([]);
  });

  it('pods have ipvlans: no further one is tried, for it would change the mode of theirs', async () => {
    const ipvlan = { ...macvlan(), type: 'ipvlan', mode: 'l3' };
    const made = node({ networks: [{ ...ipvlan, mode: 'l2' }] });
    const tookOne = /takes ipvlan links/;
    expect((await made.run()).map(shown)).toContainEqual(expect.stringMatching(tookOne));
    const record = sampleRecord();
    const attachments = record.attachments.map((one) => ({ ...one, plugins: [ipvlan] }));
    await made.edges.records.save({ ...record, attachments });
    expect((await made.run()).map(shown)).not.toContainEqual(expect.stringMatching(tookOne));
  });

  it('the kernel lacks something', async () => {
    const { run, kernel } = node();
    kernel.failNext('createLink', 'EOPNOTSUPP');
    expect(wrong(await run())).toMatchObject([{ light: 'warning', check: 'kernel', subject: 'veth' }]);
  });

  it('sandboxes left something', async () => {
    const { run, add, kernel } = node();
    await add();
    kernel.removeNamespace(kernel.pod.path ?? '');
    expect(wrong(await run())).toMatchObject([{ light: 'warning', check: 'leftovers', found: expect.any(String) }]);
  });

  it('the firewall cannot do what is asked: the other checks go on', async () => {
    const { view } = node({ networks: [{ cniVersion: '1.0.0', type: 'bridge', ipMasq: true }] });
    const nft = {
      ...view.edges.nft,
      check: async () => Promise.reject(new CniError('FirewallFailed', 'no nf_tables')),
    };
    const verdicts = await runChecks({ ...view, edges: { ...view.edges, nft } }, () => undefined);
    expect(wrong(verdicts)).toMatchObject([
      { light: 'bad', check: 'firewall', found: 'cannot do the rules of masquerading', cause: 'no nf_tables' },
      { light: 'warning', check: 'firewall', found: 'cannot do the rules of checks of MAC addresses' },
    ]);
    expect(verdicts.map(({ check }) => check)).toContain('leftovers');
  });

  const masked = (keys: object) => [{ cniVersion: '1.0.0', type: 'bridge', ipMasq: true, ...keys }];
  const having = (...commands: readonly string[]) => ({
    version: async (command: string) => (commands.includes(command) ? `${command} v1` : undefined),
  });
  it.each([
    ['nothing', masked({}), having(), ['bad nft']],
    [
      'nothing, and iptables is asked for',
      masked({ ipMasqBackend: 'iptables' }),
      having(),
      ['warning nft', 'bad iptables'],
    ],
    ['iptables alone, which does it, too', masked({}), having('iptables'), ['warning nft']],
    ['iptables alone, and macspoofchk', masked({ macspoofchk: true }), having('iptables'), ['bad nft']],
    ['iptables as asked for', masked({ ipMasqBackend: 'iptables' }), having('iptables', 'nft'), []],
  ])('of the commands of a firewall the node has %s', async (_, networks, inspection, lines) => {
    const verdicts = wrong(await node({ networks, inspection }).run()).filter(({ check }) => check === 'firewall');
    expect(verdicts.map(({ light, subject }) => `${light} ${subject}`)).toEqual(lines);
  });

  it("Braid's own configuration cannot be read: the rest is looked at, and without root that is no finding", async () => {
    const error = new CniError('IoFailed', 'Cannot read /x', { errno: 'EACCES' });
    const view = { unreadable: { path: '/x', error } };
    expect(wrong(await node({ view }).run())).toMatchObject([{ light: 'bad', check: 'configuration', subject: '/x' }]);
    const lines = wrong(await node({ view: { ...view, isRoot: false } }).run());
    expect(lines).toMatchObject([{ light: 'skipped', check: 'configuration', subject: '/x', found: 'needs root' }]);
  });

  it('the runtime looks elsewhere than where Braid was installed', async () => {
    const misplaced = ['the runtime looks for plugins in /srv/bin'];
    expect(wrong(await node({ view: { misplaced } }).run())).toMatchObject([
      { light: 'bad', check: 'configuration', found: misplaced[0], fix: expect.stringContaining('braid install') },
    ]);
  });

  it('a check breaks: it is a line of its own', async () => {
    const { view } = node();
    const inspection = {
      ...view.inspection,
      disk: () => {
        throw new CniError('IoFailed', 'Cannot look at /x', { errno: 'EIO' });
      },
    };
    const verdicts = await runChecks({ ...view, inspection }, () => undefined);
    expect(wrong(verdicts)).toMatchObject([{ light: 'bad', check: 'disk', cause: 'Cannot look at /x' }]);
  });
});

describe('without root', () => {
  const denied = (errno: string) => () => {
    throw new CniError('KernelRefused', 'Cannot do that', { errno });
  };

  it('what needs root is skipped and says so, the rest is checked', async () => {
    const { view } = node({
      networks: [macvlan({ vlan: 100, ipam: leased })],
      inspection: { namespace: denied('EPERM'), agent: denied('EACCES') },
      view: { isRoot: false },
    });
    const nft = { ...view.edges.nft, check: async () => denied('EPERM')() };
    const verdicts = await runChecks({ ...view, edges: { ...view.edges, nft } }, () => undefined);
    const skipped = verdicts.filter(({ light }) => light === 'skipped');
    expect(new Set(skipped.map(({ check }) => check))).toEqual(
      new Set(['kernel', 'vlans', 'gateways', 'firewall', 'versions']),
    );
    expect(skipped.every(({ fix }) => fix === 'sudo braid doctor')).toBe(true);
    expect(verdicts.filter(({ light }) => light === 'bad' || light === 'warning')).toEqual([]);
    expect(verdicts).toContainEqual(expect.objectContaining({ light: 'ok', check: 'masters' }));
  });
});

it('has for programs the same fields in each line: cause and fix where something is not well', async () => {
  const ill = node({ networks: [macvlan({ vlan: 100, ipam: leased }), macvlan({ master: 'eth7' })] });
  const verdicts = JSON.parse(JSON.stringify(await ill.run())) as readonly Verdict[];
  const keys = (light: Verdict['light']) =>
    ({
      ok: [],
      skipped: ['fix'],
      warning: ['cause', 'fix'],
      bad: ['cause', 'fix'],
    })[light];
  for (const { light, check, subject: _, ...rest } of verdicts) {
    expect(checks.map(({ name }) => name)).toContain(check);
    expect(Object.keys(rest), JSON.stringify(rest)).toEqual(['found', ...keys(light)]);
  }
  expect(new Set(verdicts.map(({ light }) => light))).toEqual(new Set(['ok', 'warning', 'bad']));
});

it('prints the worst last, each with its cause and fix, and colours for terminals only', () => {
  const verdicts: readonly Verdict[] = [
    { light: 'bad', check: 'masters', subject: 'eth7', found: 'is gone', cause: 'no card', fix: 'ip link' },
    { light: 'skipped', check: 'kernel', found: 'needs root', fix: 'sudo braid doctor' },
    { light: 'ok', check: 'state', found: 'fine' },
  ];
  const indent = ' '.repeat(24);
  expect(toDoctorText(verdicts, false)).toBe(
    [
      'ok       state          fine',
      'skipped  kernel         needs root',
      `${indent}fix: sudo braid doctor`,
      'BAD      masters        eth7: is gone',
      `${indent}why: no card`,
      `${indent}fix: ip link`,
      '1 ok, 1 skipped, 0 warnings, 1 bad',
      '',
    ].join('\n'),
  );
  expect(toDoctorText(verdicts, true)).toContain('\u001b[31mBAD    \u001b[0m');
});
