/** `braid doctor` of the compiled executable on a real kernel: what it sees of networks that are well and that are not, and that it leaves nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Verdict } from '../../src/bin/doctor/check';
import { braidGroup } from '../../src/net/vlan';
import { type Answer, braid, Node, run, type Space } from './runtime';
import { framesOn } from './wire';

const host = (address: string) => ({ type: 'static', addresses: [address].flat().map((each) => ({ address: each })) });
const gatewayed = (address: string, gateway: string) => ({ type: 'static', addresses: [{ address, gateway }] });

/** A node on a cable, installed by hand, with networks on it and on VLANs of it; the other end of the cable. */
function doctorNode(): { readonly node: Node; readonly outside: Space; readonly netDir: string } {
  const node = new Node();
  const outside = node.uplink('eth1', 9000);
  node.ip('addr add 192.0.2.5/24 dev eth1');
  outside.ip('addr add 192.0.2.1/24 dev eth1');
  const netDir = join(node.dir, 'net.d');
  mkdirSync(netDir);
  const { name, cniVersion, ...plugin } = node.conf(undefined);
  writeFileSync(join(netDir, '00-braid.conflist'), JSON.stringify({ name, cniVersion, plugins: [plugin] }));
  node.linkExecutable('braid');
  const network = (type: string, keys: object) => ({ cniVersion: '1.0.0', type, master: 'eth1', ...keys });
  node.network('flat', network('macvlan', { ipam: gatewayed('192.0.2.7/24', '192.0.2.1') }));
  node.network('v100', network('ipvlan', { vlan: 100, mtu: 1500, ipam: gatewayed('198.51.100.7/24', '198.51.100.1') }));
  node.network('v200', network('vlan', { vlanId: 200, mtu: 1500, ipam: gatewayed('fd00:200::7/64', 'fd00:200::1') }));
  node.network('silent', network('macvlan', { vlan: 300, ipam: host('203.0.113.7/24') }));
  return { node, outside, netDir };
}

/** A VLAN at the other end of the cable, with these addresses. */
function vlanOf(outside: Space, id: number, ...addresses: readonly string[]): void {
  outside.ip(`link add link eth1 name eth1.${id} type vlan id ${id}`);
  outside.ip(`link set eth1.${id} up`);
  for (const each of addresses) outside.ip(`addr add ${each} dev eth1.${id}${each.includes(':') ? ' nodad' : ''}`);
}

const command = (netDir: string): readonly string[] => [braid, 'doctor', '--net-dir', netDir, '-o', 'json'];

async function examine(
  node: Node,
  netDir: string,
): Promise<{ readonly answer: Answer; readonly lines: readonly string[] }> {
  const answer = await node.call({}, '', command(netDir));
  const verdicts = JSON.parse(answer.stdout) as readonly Verdict[];
  return {
    answer,
    lines: verdicts.map(({ light, check, subject = '', found }) => `${light} ${check} ${subject}: ${found}`),
  };
}

/** Everything of the node that could change: links with their counters of users, addresses, routes, rules, firewall, files. */
async function stateOf(node: Node): Promise<string> {
  await expect.poll(() => node.ip('addr'), { timeout: 30_000 }).not.toContain('tentative'); // links that are new
  const looks = ['-d link', 'addr', 'route show table all', '-6 route show table all', 'rule'];
  const files = run('find', node.dir, '/var/lib/cni', '/etc/cni', '-printf', '%p %s %m %T@\n');
  return [...looks.map((words) => node.ip(words)), node.nft(), files].join('\n');
}

it('sees each thing both ways, and the node is afterwards as it was', async () => {
  const { node, outside, netDir } = doctorNode();
  mkdirSync('/etc/cni', { recursive: true });
  mkdirSync('/var/lib/cni', { recursive: true });
  // what is wrong: a small MTU on the way, no VLAN 200, addresses that are there twice, a pod that went without DEL, a link
  // of Braid's that nobody uses, and an address that is held for nobody
  outside.ip('link set eth1 mtu 1500');
  vlanOf(outside, 100, '198.51.100.1/24', '198.51.100.7/24');
  outside.ip('link add twin link eth1 type macvlan mode bridge');
  outside.ip('link set twin up');
  outside.ip('addr add 192.0.2.5/24 dev twin'); // both links of that namespace answer for it, and for .1
  const pod = node.pod();
  await pod.add();
  run('ip', 'netns', 'del', pod.name);
  node.ip('link del cni-t0');
  await expect.poll(() => node.names(), { timeout: 30_000 }).toEqual(['lo', 'eth1']);
  node.ip(`link add link eth1 name eth1.400 group ${braidGroup} type vlan id 400`);
  const ghost = `${node.leases}/cluster/10.244.1.99`;
  writeFileSync(ghost, 'ghost\r\neth0');
  const before = await stateOf(node);
  const ill = await examine(node, netDir);
  expect(await stateOf(node)).toBe(before);
  expect(ill.answer.stderr).toBe(''); // no terminal, no progress
  for (const expected of [
    /^ok kernel Linux .*: made and deleted: veth, macvlan, ipvlan, vlan, bridge, bridge with VLANs, vrf, dummy, tap, policy routing$/,
    /^ok masters eth1 \(up, mtu 9000\): carries default\/flat/,
    /^warning limits eth1: becomes promiscuous with the first macvlan$/, // a veth link has no filter
    /^ok vlans VLAN 100 of eth1: answers: 198\.51\.100\.1 is /,
    /^warning vlans VLAN 200 of eth1: nobody answers, not even for fd00:200::1$/,
    /^skipped vlans VLAN 300 of eth1: nobody answered, and default\/silent names no gateway/,
    /^ok gateways 192\.0\.2\.1 on eth1: answers with /,
    /^warning gateways fd00:200::1 on VLAN 200 of eth1: nobody answers/,
    /^bad mtu eth1 to 192\.0\.2\.1: packets of 9000 bytes do not pass there, 15\d\d bytes do$/,
    /^ok mtu VLAN 100 of eth1 to 198\.51\.100\.1: packets of 1500 bytes pass, there$/,
    /^bad duplicates 192\.0\.2\.1 on eth1: \S+ and \S+ answer for it$/,
    /^bad duplicates 192\.0\.2\.5 on eth1: this node has it, and /,
    /^warning duplicates 198\.51\.100\.7 on VLAN 100 of eth1: \S+ has this static address of default\/v100$/,
    /^ok firewall nftables v\S+ .*: would do the rules of ipMasq and macspoofchk$/,
    /^ok configuration .*\/00-braid\.conflist: comes first$/,
    /^ok disk .*: writes reach the disk; /,
    /^ok versions .*\/braid: is version .*, as this one$/,
    /^warning leftovers attachment of \S+: left behind: default\/\S+: cluster$/,
    /^warning leftovers link: left behind: eth1\.400$/,
    /^warning leftovers .*\/cluster: holds addresses for containers that Braid has no record of: 10\.244\.1\.99 \(ghost\)$/,
  ])
    expect(ill.lines).toContainEqual(expect.stringMatching(expected));
  expect(ill.answer.status).toBe(1);

  node.ip('link del eth1.400');
  rmSync(ghost);
  outside.ip('link del twin');
  outside.ip('link set eth1 mtu 9000');
  outside.ip('addr del 198.51.100.7/24 dev eth1.100');
  vlanOf(outside, 200, 'fd00:200::1/64');
  run('ip', 'netns', 'add', pod.name);
  await pod.del();
  const healthy = await stateOf(node);
  const well = await examine(node, netDir);
  expect(await stateOf(node)).toBe(healthy);
  for (const expected of [
    /^ok vlans VLAN 200 of eth1: answers: fd00:200::1 is /,
    /^ok gateways fd00:200::1 on VLAN 200 of eth1: answers with /,
    /^ok mtu eth1 to 192\.0\.2\.1: packets of 9000 bytes pass, there and back$/,
    /^ok mtu VLAN 200 of eth1 to fd00:200::1: packets of 1500 bytes pass, there$/,
    /^ok duplicates : none among the \d+ addresses that were asked for$/,
    /^ok leftovers : nothing is left of sandboxes that are gone$/,
  ])
    expect(well.lines).toContainEqual(expect.stringMatching(expected));
  expect(well.lines.filter((line) => line.startsWith('bad'))).toEqual([]);
  expect(well.answer.status).toBe(0);
});

it('asks a VLAN that a pod has as its own link from within that pod, and measures the way back', async () => {
  const { node, outside, netDir } = doctorNode();
  outside.exec('nft', 'add table ip small');
  outside.exec('nft', 'add chain ip small out { type filter hook output priority 0 ; }');
  outside.exec('nft', 'add rule ip small out ip length > 1400 drop'); // the way back only
  vlanOf(outside, 200, 'fd00:200::1/64');
  const pod = node.pod({ networks: 'v200' });
  await pod.add();
  const { lines } = await examine(node, netDir);
  expect(lines).toContainEqual(expect.stringMatching(/^ok vlans VLAN 200 of eth1: answers: fd00:200::1 is /));
  expect(lines).toContainEqual(
    expect.stringMatching(/^ok mtu VLAN 200 of eth1 to fd00:200::1: packets of 1500 bytes pass, there and back$/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^bad mtu eth1 to 192\.0\.2\.1: packets of 9000 bytes do not pass there and back, 1400 bytes do$/,
    ),
  );
  await pod.check();
  await node.end();
});

it('leaves nothing when it is killed while a VLAN is asked', async () => {
  const { node, outside, netDir } = doctorNode();
  const before = await stateOf(node);
  const [program = '', ...args] = command(netDir);
  const child = spawn('nsenter', [`--net=${node.path}`, program, ...args], { stdio: 'ignore' });
  const ended = once(child, 'close');
  await framesOn(outside, 'eth1', /vlan 300,.* who-has 203\.0\.113\./i, () => undefined);
  child.kill('SIGKILL');
  await ended;
  expect(await stateOf(node)).toBe(before);
  // the kernel empties the namespace soon: then the VLAN is free
  await expect.poll(() => triesVlan(node, 300), { timeout: 30_000, interval: 200 }).toBe(true);
});

function triesVlan(node: Node, id: number): boolean {
  try {
    node.ip(`link add link eth1 name tried type vlan id ${id}`);
    node.ip('link del tried');
    return true;
  } catch {
    return false;
  }
}

it('without root checks what it can, and says of the rest that it needs root', async () => {
  const { node, netDir } = doctorNode();
  const before = await stateOf(node);
  const asNobody = () =>
    node.call({}, '', ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command(netDir)]);
  const answer = await asNobody();
  const verdicts = JSON.parse(answer.stdout) as readonly Verdict[];
  const root = verdicts.filter(({ fix }) => fix === 'sudo braid doctor').map(({ check }) => check);
  expect(new Set(root)).toEqual(new Set(['kernel', 'limits', 'vlans', 'gateways', 'firewall', 'disk']));
  expect(verdicts.filter(({ light }) => light === 'bad')).toEqual([]);
  expect(verdicts).toContainEqual(expect.objectContaining({ light: 'ok', check: 'masters' }));
  expect(answer.status).toBe(0);
  expect(await stateOf(node)).toBe(before);
  chmodSync(join(netDir, '00-braid.conflist'), 0o600); // as it is installed
  expect(await asNobody()).toMatchObject({
    status: 1, // the default plugin directory is not this node's
    stdout: expect.stringMatching(/\/00-braid\.conflist",\n\s+"found": "needs root"/),
  });
});
