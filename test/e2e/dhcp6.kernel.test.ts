/** Leases by DHCPv6: the executable, the node agent, dnsmasq and a server of the test's own in real namespaces. Starts them. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import { base64 } from '../kube/kubeconfigs';
import { serve } from './api';
import { type Api, agentOn, dnsmasqOn, ended, patience } from './dhcp-node';
import type { Mode, Told } from './dhcp-server6';
import { Node, type Space } from './runtime';

const bun = resolve(import.meta.dirname, '../../scripts/bun');
const program = resolve(import.meta.dirname, 'dhcp-server6.ts');

/** A node with a network on eth1, whose own addresses are usable at once. */
function network() {
  const node = new Node();
  const outside = node.uplink('eth1');
  outside.ip('addr add 10.9.0.1/24 dev eth1');
  outside.ip('addr add 2001:db8:9::1/64 dev eth1 nodad');
  return { node, outside };
}

/** dnsmasq for both families; it tells of routers, too, which is itself. */
function lan() {
  const { node, outside } = network();
  const { said, count } = dnsmasqOn(
    outside,
    node,
    '--dhcp-range=10.9.0.50,10.9.0.59,255.255.255.0,2m --dhcp-range=2001:db8:9::50,2001:db8:9::5f,64,2m --enable-ra',
    '--dhcp-option=option6:dns-server,[2001:db8:9::53] --dhcp-option=option6:domain-search,lan.example',
  );
  return { node, said, count, ...agentOn(node) };
}

/** A server whose leases are short. */
async function serverOn(space: Space, told: Told) {
  const child = spawn('nsenter', [`--net=${space.path}`, bun, program, JSON.stringify(told)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => ended(child, 'SIGKILL'));
  const heard: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => heard.push(line.trim()));
  await vi.waitFor(() => expect(heard).toContain('ready'), patience);
  return {
    heard: (type: string): number => heard.filter((line) => line.split(' ')[0] === type).length,
    become: (mode: Mode) => void child.stdin.write(`${mode}\n`),
  };
}

/** The same node with a server of the test's own, and an API server that hears of Events. */
async function shortLeases(valid = 12) {
  const { node, outside } = network();
  const { url, ca, posted } = await serve(node, {});
  const api: Api = { server: url, 'certificate-authority-data': base64(ca) };
  const server = await serverOn(outside, { first: '2001:db8:9::50', renewal: 3, valid });
  const events = () => posted.filter(({ reason }) => reason === 'LeaseLost').map(({ message }) => String(message));
  return { node, outside, server, events, posted, ...agentOn(node, api) };
}

it('a pod gets addresses of both families, keeps them over a restart of the agent, and gives them back', async () => {
  const { node, startAgent, macvlan, held, count, said } = lan();
  const agent = await startAgent();
  const request = [{ option: 'dhcp6.name-servers' }, { option: 'dhcp6.domain-search' }];
  node.network('lan', macvlan({ family: 'dual', request }));
  const pod = node.pod({ networks: 'lan' });
  const { ips } = await pod.add();
  const addresses = pod.addresses('net1');
  expect(addresses).toEqual([
    expect.stringMatching(/^10\.9\.0\.5\d\/24$/),
    expect.stringMatching(/^2001:db8:9::5[0-9a-f]\/128$/),
  ]);
  expect(ips?.map(({ address }) => address)).toEqual(expect.arrayContaining([...addresses]));
  await vi.waitFor(() => expect(pod.reaches('2001:db8:9::1')).toBe(true), patience); // by what the router advertises
  const routes = () => pod.routes('main', 6).join('\n');
  await vi.waitFor(() => expect(routes()).toMatch(/^default via fe80::\S+ dev net1 proto ra metric 3073 /m), patience);
  expect(routes()).toContain('2001:db8:9::/64 dev net1 proto kernel'); // on the link, as the router says
  await pod.check();
  expect(held()).toHaveLength(2);
  await ended(agent, 'SIGTERM');
  expect(count('DHCPRELEASE')).toBe(0);
  await startAgent();
  await vi.waitFor(() => expect(count('DHCPCONFIRM')).toBe(1), patience);
  expect(count('DHCPSOLICIT')).toBe(1);
  expect(pod.addresses('net1')).toEqual(addresses);
  await pod.check();
  await pod.end();
  await vi.waitFor(() => expect(count('DHCPRELEASE'), said()).toBe(2), patience);
  expect(held()).toEqual([]);
});

it('two pods on ipvlan, whose links share a MAC, have an address each, and reach each other and the network', async () => {
  const { node, startAgent, ipam, held } = lan();
  await startAgent();
  const own = ipam({ family: 'ipv6', prefixLength: 64 });
  node.network('lan', { cniVersion: '1.0.0', type: 'ipvlan', master: 'eth1', ipam: own });
  const [one, two] = [node.pod({ networks: 'lan' }), node.pod({ networks: 'lan' })];
  for (const pod of [one, two]) await pod.add();
  const [first = '', second = ''] = [one, two].map((pod) => pod.addresses('net1')[0]);
  expect(first).toMatch(/^2001:db8:9::5[0-9a-f]\/64$/);
  expect(second).not.toBe(first);
  await vi.waitFor(() => expect(one.reaches('2001:db8:9::1')).toBe(true), patience);
  await vi.waitFor(() => expect(one.reaches(second.replace('/64', ''))).toBe(true), patience);
  for (const pod of [one, two]) await pod.end();
  expect(held()).toEqual([]);
});

it('a lease is renewed; one that ends is told as an Event, in the metrics and the log, and its link goes down', async () => {
  const { node, server, startAgent, macvlan, held, events } = await shortLeases();
  await startAgent('127.0.0.1:9464');
  node.network('lan', macvlan({ family: 'ipv6' }));
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  expect(pod.addresses('net1')).toEqual(['2001:db8:9::50/128']);
  await vi.waitFor(() => expect(server.heard('renew')).toBeGreaterThan(1), patience);
  expect(events()).toEqual([]);
  server.become('silent');
  await vi.waitFor(() => expect(events()).toHaveLength(1), patience);
  expect(events()[0]).toContain('The lease of 2001:db8:9::50 ended: no DHCP server answered on net1');
  expect(server.heard('rebind')).toBeGreaterThan(0);
  expect(pod.link('net1').flags).not.toContain('UP');
  expect(held()).toEqual([]);
  const metrics = node.exec('busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:9464/metrics');
  expect(metrics).toContain('braid_dhcp_leases_lost_total{what="expired"} 1');
  await pod.end();
});

it('a lease whose link is down ends all the same', async () => {
  const { node, startAgent, macvlan, held, events } = await shortLeases();
  await startAgent();
  node.network('lan', macvlan({ family: 'ipv6' }));
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  pod.ip('link set net1 down');
  await vi.waitFor(() => expect(events().join()).toContain('The lease of 2001:db8:9::50 ended'), patience);
  expect(held()).toEqual([]);
  await pod.end();
});

it('an address that a server refuses to renew, or that somebody takes off the link, is told as an Event', async () => {
  const { node, server, startAgent, macvlan, events } = await shortLeases(3600);
  await startAgent();
  node.network('lan', macvlan({ family: 'ipv6' }));
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  await vi.waitFor(() => expect(server.heard('renew')).toBeGreaterThan(1), patience); // by then it was seen on the link
  pod.ip('addr del 2001:db8:9::50/128 dev net1');
  await vi.waitFor(() => expect(events().join()).toContain('2001:db8:9::50 is not on net1 any more'), patience);
  pod.ip('addr add 2001:db8:9::50/128 dev net1');
  server.become('forgetful');
  await vi.waitFor(() => expect(server.heard('request')).toBeGreaterThan(1), patience);
  expect(pod.link('net1').flags).toContain('UP');
  await pod.end();
  await vi.waitFor(() => expect(server.heard('release')).toBe(1), patience);
});

it('an address that somebody on the network has is declined, and the pod gets the next one', async () => {
  const { node, outside, server, startAgent, macvlan } = await shortLeases(3600);
  outside.ip('addr add 2001:db8:9::50/128 dev eth1 nodad');
  await startAgent();
  node.network('lan', macvlan({ family: 'ipv6' }));
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  expect(pod.addresses('net1')).toEqual(['2001:db8:9::51/128']);
  expect(server.heard('decline')).toBe(1);
  await pod.end();
});

it('without a server the ADD fails in time, says so, and leaves nothing', async () => {
  const { node } = network();
  const { startAgent, macvlan, held } = agentOn(node);
  await startAgent();
  node.network('lan', macvlan({ family: 'ipv6' }));
  const pod = node.pod({ networks: 'lan' });
  const { code, msg } = await pod.addFails();
  expect(code).toBe(134);
  expect(msg).toContain('no DHCP server answered on net1');
  expect(held()).toEqual([]);
  await pod.end();
});
