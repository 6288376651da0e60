/** dhcp: the reference plugin and daemon, and Braid in the place of each, with dnsmasq. Runs all of them on nodes of its own. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { isAtLeast, supportedVersions } from '../../src/cni/version';
import { braid, type Json, Node, type Printed, Space } from '../e2e/runtime';
import { base64, kubeconfig } from '../kube/kubeconfigs';
import { dhcpSections } from './rows/dhcp';
import { goTool } from './tools';

type Side = 'braid' | 'reference';

/** A node whose pod has the link net1 to a DHCP server, a daemon of that side, and plugins of both. */
async function scene(daemon: Side) {
  const node = new Node();
  const pod = new Space(`${node.name}-pod`);
  const server = new Space(`${node.name}-dhcp`);
  pod.ip(`link add net1 address 02:00:00:00:00:57 type veth peer name net1 netns ${server.name}`);
  server.ip('addr add 10.9.0.1/24 dev net1');
  server.ip('addr add 2001:db8:9::1/64 dev net1 nodad');
  for (const each of [server, pod]) each.ip('link set net1 up'); // the reference's first question is lost on a link that was down
  const log = join(node.dir, 'dnsmasq.log');
  const options = [
    '--keep-in-foreground --user=root --conf-file=/dev/null --port=0 --no-ping --log-dhcp --dhcp-authoritative',
    '--interface=net1 --dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,1h --dhcp-option=option:router,10.9.0.1',
    '--dhcp-option=121,192.168.77.0/24,10.9.0.9,169.254.169.254/32,0.0.0.0 --dhcp-option=33,172.16.0.0,10.9.0.8',
    '--dhcp-range=2001:db8:9::50,2001:db8:9::5f,64,1h --dhcp-option=option6:dns-server,[2001:db8:9::53]',
    `--dhcp-leasefile=${join(node.dir, 'leases')} --log-facility=${log}`,
  ];
  start(server, ['dnsmasq', ...options.join(' ').split(' ')]);
  const socket = join(node.dir, 'dhcp.sock');
  start(node, daemon === 'reference' ? [goTool('dhcp'), 'daemon', '-socketpath', socket] : agent(node, socket));
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 60_000 });
  symlinkSync(braid, join(node.binDir, 'dhcp'));
  const call = async (side: Side, verb: string, ipam: Json, keys: Json = {}): Promise<Printed> => {
    const conf = { cniVersion: '1.0.0', name: 'lan', type: 'macvlan', ...keys };
    const program = side === 'braid' ? join(node.binDir, 'dhcp') : goTool('dhcp');
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: pod.path,
      CNI_IFNAME: 'net1',
      CNI_PATH: node.binDir,
      CNI_ARGS: 'IgnoreUnknown=1;HOST=web',
    };
    const given = { ...conf, ipam: { type: 'dhcp', daemonSocketPath: socket, ...ipam } };
    const { status, stdout, stderr, json } = await node.call(env, given, [program]);
    expect(status, `${side} ${verb}: ${stdout}${stderr}`).toBe(0);
    return json;
  };
  const said = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return { call, said };
}

function agent(node: Node, socket: string): readonly string[] {
  const [conf, access] = [join(node.dir, 'braid.conf'), join(node.dir, 'kubeconfig')];
  const nowhere = { server: 'https://127.0.0.1:1', 'certificate-authority-data': base64('none') };
  writeFileSync(access, JSON.stringify(kubeconfig(nowhere, { token: 'good' })));
  const keys = { cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state, kubeconfig: access };
  writeFileSync(conf, JSON.stringify(keys));
  return [braid, 'agent', '--conf', conf, '--node', 'n1', '--listen', 'off', '--dhcp', socket];
}

function start(space: Space, command: readonly string[]): void {
  const child = spawn('nsenter', [`--net=${space.path}`, ...command], { stdio: 'ignore' });
  onTestFinished(async () => {
    const done = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGKILL')) await done;
  });
}

const sides: readonly Side[] = ['braid', 'reference'];
const pairs = sides.flatMap((daemon) => sides.map((plugin) => [plugin, daemon] as const));

/** What the reference gives, asked once for each row. */
const given = new Map<string, Promise<Printed>>();
function expectedOf(name: string, ipam: Json): Promise<Printed> {
  const known = given.get(name) ?? scene('reference').then(({ call }) => call('reference', 'ADD', ipam));
  given.set(name, known);
  return known;
}

/** The reference's own release does not reach the server while the pod has no address: it is asked for by Braid's daemon only. */
async function released(daemon: Side, said: () => string): Promise<void> {
  if (daemon === 'braid')
    await vi.waitFor(() => expect(said()).toContain('DHCPRELEASE(net1)'), { timeout: 60_000, interval: 200 });
}

const patience = { timeout: 600_000 };

it.each(pairs)('%s’s plugin and %s’s daemon give what the reference gives', patience, async (plugin, daemon) => {
  for (const [name, ipam] of Object.entries(dhcpSections)) {
    const expected = await expectedOf(name, ipam);
    const { call, said } = await scene(daemon);
    expect(await call(plugin, 'ADD', ipam), name).toEqual(expected);
    await call(plugin, 'CHECK', ipam, { prevResult: expected });
    if (name.startsWith('a host name'))
      for (const words of ['client provides name: web', 'vendor class: braid-test']) expect(said()).toContain(words);
    await call(plugin, 'DEL', ipam);
    await released(daemon, said);
  }
});

it(
  'the reference’s plugin gets both families and name servers of Braid’s daemon, and gives them back',
  patience,
  async () => {
    const ipam = { family: 'dual', request: [{ option: 'dhcp6.name-servers' }] };
    const { call, said } = await scene('braid');
    const result = await call('reference', 'ADD', ipam);
    expect(result.ips?.map(({ address }) => address)).toEqual([
      expect.stringMatching(/^10\.9\.0\.\d+\/24$/),
      expect.stringMatching(/^2001:db8:9::5[0-9a-f]\/128$/),
    ]);
    expect(result.dns).toEqual({ nameservers: ['2001:db8:9::53'] });
    expect(await call('braid', 'ADD', ipam)).toEqual(result);
    await call('reference', 'CHECK', ipam, { prevResult: result });
    await call('reference', 'DEL', ipam);
    await vi.waitFor(() => expect(said().split('DHCPRELEASE(net1)')).toHaveLength(3), {
      timeout: 60_000,
      interval: 200,
    });
  },
);

it('of the reference’s daemon, which knows IPv4 only, Braid’s plugin takes no IPv6', patience, async () => {
  const { call } = await scene('reference');
  await expect(call('braid', 'ADD', { family: 'ipv6' })).rejects.toThrow('gave no IPv6 address');
});

it.each(sides)(
  'what one plugin got from %s’s daemon, the other checks and gives back, in every version',
  patience,
  async (daemon) => {
    for (const [at, cniVersion] of supportedVersions.entries()) {
      const { call, said } = await scene(daemon);
      const [first, second] = (at % 2 === 0 ? sides : sides.toReversed()) as readonly [Side, Side];
      const prevResult = await call(first, 'ADD', {}, { cniVersion });
      expect(await call(second, 'ADD', {}, { cniVersion })).toEqual(prevResult);
      if (isAtLeast(cniVersion, '0.4.0')) await call(second, 'CHECK', {}, { cniVersion, prevResult });
      await call(second, 'DEL', {}, { cniVersion });
      await released(daemon, said);
    }
  },
);
