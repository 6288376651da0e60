/** The guest kernel has every feature that Braid and its tests use; a missing one fails here by name. Runs ip, nft and tc. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = (command: string): string => execFileSync('sh', ['-ec', command], { encoding: 'utf8', stdio: 'pipe' });
const ns = 'features';

beforeAll(() => {
  expect(process.env.BRAID_GUEST, 'kernel tests run in a guest only: scripts/guest/run').toBe('1');
  run(`ip netns add ${ns}; ip -n ${ns} link add base type dummy; ip -n ${ns} link set base up`);
});
afterAll(() => {
  run(`ip netns del ${ns}`);
});

it.each([
  ['dummy', 'link add test0 type dummy', 'dummy'],
  ['veth', 'link add test0 type veth peer name test1', 'veth'],
  ['vlan', 'link add link base name test0 type vlan id 100', 'vlan protocol 802.1Q id 100'],
  ['macvlan', 'link add link base name test0 type macvlan mode bridge', 'macvlan mode bridge'],
  ['ipvlan', 'link add link base name test0 type ipvlan mode l3s', 'ipvlan'],
  ['bridge with VLAN filtering', 'link add test0 type bridge vlan_filtering 1', 'vlan_filtering 1'],
  ['vrf', 'link add test0 type vrf table 10', 'vrf table 10'],
  ['ifb', 'link add test0 type ifb', 'ifb'],
  ['tap', 'tuntap add dev test0 mode tap', 'tun type tap'],
])('makes a link of kind %s', (_, command, expected) => {
  run(`ip -n ${ns} ${command}`);
  const shown = run(`ip -n ${ns} -d link show dev test0`);
  run(`ip -n ${ns} link del test0`);
  expect(shown).toContain(expected);
});

it.each(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'])('makes an nftables table of family %s', (family) => {
  run(`ip netns exec ${ns} nft add table ${family} t`);
  const shown = run(`ip netns exec ${ns} nft list tables`);
  run(`ip netns exec ${ns} nft delete table ${family} t`);
  expect(shown).toContain(`table ${family} t`);
});

it('masquerades by nftables', () => {
  const table = 'table inet n { chain p { type nat hook postrouting priority 100; oifname "base" masquerade; }; }';
  run(`ip netns exec ${ns} nft '${table}'`);
  expect(run(`ip netns exec ${ns} nft list table inet n`)).toContain('masquerade');
});

it('limits a rate by tbf and redirects ingress to an ifb', () => {
  run(`ip -n ${ns} link add i type ifb`);
  run(`tc -n ${ns} qdisc add dev i root tbf rate 1mbit burst 32k latency 25ms`);
  run(`tc -n ${ns} qdisc add dev base ingress`);
  run(`tc -n ${ns} filter add dev base parent ffff: matchall action mirred egress redirect dev i`);
  expect(run(`tc -n ${ns} qdisc show`)).toMatch(/tbf[\s\S]*ingress|ingress[\s\S]*tbf/);
});

it('routes by rule and source', () => {
  run(`ip -n ${ns} rule add from 10.9.0.2 table 100; ip -n ${ns} -6 rule add from 2001:db8::2 table 100`);
  expect(run(`ip -n ${ns} rule`)).toContain('from 10.9.0.2 lookup 100');
  expect(run(`ip -n ${ns} -6 rule`)).toContain('from 2001:db8::2 lookup 100');
});

it('keeps bridged frames away from iptables', () => {
  expect(existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables')).toBe(false);
});

it('offers the folders that CNI writes', () => {
  run('touch /var/lib/cni/x /etc/cni/net.d/x /opt/cni/bin/x /run/netns/x /run/guest/x /tmp/x');
});

it('has the repository read-only as its working directory', () => {
  expect(existsSync('package.json')).toBe(true);
  expect(() => run('touch x')).toThrow(/Read-only/);
});
