/** braid doctor: what is wrong with a node, each with its fix; one broken check stops no other. */
import { describe, expect, it } from 'vitest';
import { checks, type DoctorView, runChecks, type Verdict } from '../../src/bin/doctor';
import { toDoctorText } from '../../src/bin/text/doctor';
import { parseConfig } from '../../src/cni/config';
import { parseNetwork } from '../../src/cni/network';
import { CniError } from '../../src/error';
import { fakeFiles } from '../../src/model/files';
import { ip } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { cluster, world } from '../attach/world';

const macvlan = (keys: object = {}) => ({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ...keys });

const healthy = {
  '/proc/sys/kernel/osrelease': '6.1.0\n',
  '/lib/modules/6.1.0/modules.builtin': ['veth', 'bridge', 'macvlan', 'ipvlan', '8021q', 'nf_tables']
    .map((name) => `kernel/x/${name}.ko`)
    .join('\n'),
};

function node(
  networks: readonly object[] = [],
  changes: Partial<DoctorView> = {},
  files: Readonly<Record<string, string>> = {},
) {
  const made = world({ kernel: { hostLinks: [{ name: 'eth0' }, { name: 'eth1', addresses: ['192.168.1.2/24'] }] } });
  const view: DoctorView = {
    edges: { ...made.edges, files: fakeFiles({ ...healthy, ...files }) },
    conf: parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster] })),
    networks: networks.map((network, at) => ({
      display: `default/n${at}`,
      network: parseNetwork(JSON.stringify(network), `n${at}`),
    })),
    confFiles: ['00-braid.conflist', '10-flannel.conflist'],
    free: 0.5,
    ...changes,
  };
  return { ...made, view, run: () => runChecks(view, () => undefined) };
}

const wrong = (verdicts: readonly Verdict[]) => verdicts.filter(({ light }) => light !== 'ok');

describe('a healthy node', () => {
  it('has a line for each check, and nothing to do', async () => {
    const verdicts = await node().run();
    expect(wrong(verdicts)).toEqual([]);
    expect(new Set(verdicts.map(({ check }) => check))).toEqual(new Set(checks.map(({ name }) => name)));
  });
});

describe('a node on which', () => {
  it.each<[string, readonly object[], Partial<DoctorView>, string]>([
    ['a master is missing', [macvlan({ master: 'eth7' })], {}, 'no link eth7'],
    ['a network wants a larger MTU', [macvlan({ mtu: 9000 })], {}, 'eth1 carries 1500'],
    ['a plugin is missing', [{ cniVersion: '1.0.0', type: 'sriov' }], {}, '/opt/cni/bin has no sriov'],
    ['an IPAM plugin is missing', [macvlan({ ipam: { type: 'whereabouts' } })], {}, 'has no whereabouts'],
    ['another file comes first', [], { confFiles: ['00-multus.conf', '00-z-braid.conflist'] }, 'takes 00-multus.conf'],
    ['the runtime has no configuration', [], { confFiles: [] }, 'no CNI configuration'],
    ['the disk is full', [], { free: 0.01 }, '99 % full'],
  ])('%s', async (_, networks, changes, words) => {
    const found = wrong(await node(networks, changes).run());
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ light: 'bad', found: expect.stringContaining(words), fix: expect.any(String) });
  });

  it('nobody serves DHCP for a network that needs it', async () => {
    const { view, run } = node([macvlan({ ipam: { type: 'dhcp', daemonSocketPath: '/run/x.sock' } })]);
    expect(wrong(await run())).toEqual([]);
    const dhcp = { ...view.edges.dhcp, isThere: async () => false };
    const verdicts = await runChecks({ ...view, edges: { ...view.edges, dhcp } }, () => undefined);
    expect(wrong(verdicts)).toMatchObject([{ light: 'bad', found: 'no DHCP daemon listens at /run/x.sock' }]);
  });

  it('a master is down', async () => {
    const { run, host } = node([macvlan()]);
    await host.changeLink(host.link('eth1').index, { up: false });
    expect(wrong(await run())).toMatchObject([{ light: 'bad', fix: 'ip link set eth1 up' }]);
  });

  it('a master has no carrier', async () => {
    const { run, host } = node([macvlan()]);
    host.device('eth1').carrier = false;
    expect(wrong(await run())).toMatchObject([{ light: 'bad', found: 'default/n0: eth1 has no carrier' }]);
  });

  it('nobody answers for a gateway, or somebody does', async () => {
    const networks = [macvlan({ ipam: { type: 'host-local', subnet: '192.168.1.0/24', gateway: '192.168.1.1' } })];
    expect(wrong(await node(networks).run())).toMatchObject([
      { light: 'warning', found: 'default/n0: nobody answers for gateway 192.168.1.1 on eth1' },
    ]);
    const { run, kernel } = node(networks);
    kernel.holders.set(ip('192.168.1.1', 'test'), mac('02:00:00:00:00:01', 'test'));
    expect(wrong(await run())).toEqual([]);
  });

  it('a kernel module is missing', async () => {
    const { run } = node(
      [],
      {},
      { '/lib/modules/6.1.0/modules.builtin': healthy['/lib/modules/6.1.0/modules.builtin'].replace('macvlan', 'x') },
    );
    expect(wrong(await run())).toMatchObject([{ light: 'warning', fix: expect.stringContaining('modprobe macvlan') }]);
  });

  it('sandboxes left something', async () => {
    const { run, add, kernel } = node();
    await add();
    kernel.removeNamespace(kernel.pod.path ?? '');
    expect(wrong(await run())).toMatchObject([{ light: 'warning', check: 'leftovers' }]);
  });

  it('the firewall cannot be asked: the other checks go on', async () => {
    const { view } = node();
    const nft = {
      ...view.edges.nft,
      list: async () => Promise.reject(new CniError('FirewallFailed', 'Cannot find the nft command')),
    };
    const verdicts = await runChecks({ ...view, edges: { ...view.edges, nft } }, () => undefined);
    expect(wrong(verdicts)).toMatchObject([
      { light: 'bad', check: 'firewall', fix: 'the node needs the nft command and nf_tables' },
    ]);
    expect(verdicts.map(({ check }) => check)).toContain('cluster');
  });
});

it('prints the worst last, and colours for terminals only', () => {
  const verdicts: readonly Verdict[] = [
    { light: 'bad', check: 'masters', found: 'no link', fix: 'ip link' },
    { light: 'ok', check: 'state', found: 'fine' },
  ];
  expect(toDoctorText(verdicts, false)).toBe(
    [
      'ok       state          fine',
      'BAD      masters        no link',
      `${' '.repeat(24)}ip link`,
      '1 ok, 0 warnings, 1 bad',
      '',
    ].join('\n'),
  );
  expect(toDoctorText(verdicts, true)).toContain('\u001b[31mBAD    \u001b[0m');
});
