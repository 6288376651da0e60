/** Leases by DHCP: the executable, the node agent and dnsmasq in real namespaces. Starts them, and files of its own. */
import { statSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { agentOn, dnsmasqOn, ended, patience } from './dhcp-node';
import { type Json, Node, Space } from './runtime';

/** A node with a DHCP server on the other end of eth1's cable, and an agent without a cluster. */
function lan({ renewal = 30, range = '10.9.0.50,10.9.0.59', options = '--no-ping' } = {}) {
  const node = new Node();
  const outside = node.uplink('eth1');
  outside.ip('addr add 10.9.0.1/24 dev eth1');
  const { child, said, count } = dnsmasqOn(
    outside,
    node,
    `--dhcp-range=${range},255.255.255.0,2m --dhcp-option=option:router,10.9.0.1`,
    `--dhcp-option=58,${renewal} --dhcp-option=59,100 --dhcp-option=121,192.168.77.0/24,10.9.0.9`,
    options,
  );
  return { node, outside, dnsmasq: child, said, count, ...agentOn(node) };
}

it('a pod gets an address, keeps it over a restart of the agent, and gives it back', async () => {
  const { node, startAgent, macvlan, held, count } = lan({ renewal: 3 });
  const agent = await startAgent();
  node.network('lan', macvlan({ request: [{ option: '121' }] }));
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  const [address = ''] = pod.addresses('net1');
  expect(address).toMatch(/^10\.9\.0\.5\d\/24$/);
  expect(pod.routes().join('\n')).toContain('192.168.77.0/24 via 10.9.0.9 dev net1');
  await vi.waitFor(() => expect(pod.reaches('10.9.0.1')).toBe(true), patience);
  await pod.check();
  const [file = ''] = held();
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  await vi.waitFor(() => expect(count('DHCPACK')).toBeGreaterThan(1), patience); // renewed
  await ended(agent, 'SIGTERM');
  expect(count('DHCPRELEASE')).toBe(0);
  const before = count('DHCPACK');
  await startAgent();
  await vi.waitFor(() => expect(count('DHCPACK')).toBeGreaterThan(before), patience);
  expect(count('DHCPDISCOVER')).toBe(1);
  expect(pod.addresses('net1')).toEqual([address]);
  await pod.check();
  await pod.end();
  await vi.waitFor(() => expect(count('DHCPRELEASE')).toBe(1), patience);
  expect(held()).toEqual([]);
});

it.each<[string, (ipam: Json) => Json]>([
  ['bridge', (ipam) => ({ type: 'bridge', bridge: 'br1', ipam })],
  ['ipvlan, whose links share a MAC', (ipam) => ({ type: 'ipvlan', master: 'eth1', ipam })],
])('two pods on %s have an address each', async (kind, config) => {
  const { node, startAgent, ipam, held } = lan();
  await startAgent();
  if (kind === 'bridge') {
    node.ip('link add br1 type bridge');
    node.ip('link set br1 up');
    node.ip('link set eth1 master br1');
  }
  node.network('lan', { cniVersion: '1.0.0', ...config(ipam()) });
  const pods = [node.pod({ networks: 'lan' }), node.pod({ networks: 'lan' })];
  for (const pod of pods) await pod.add();
  expect(new Set(pods.map((pod) => pod.addresses('net1')[0])).size).toBe(2);
  for (const pod of pods) await vi.waitFor(() => expect(pod.reaches('10.9.0.1')).toBe(true), patience);
  for (const pod of pods) await pod.end();
  expect(held()).toEqual([]);
});

it('tells the server what the configuration says', async () => {
  const { node, startAgent, macvlan, said } = lan();
  await startAgent();
  const provide = [
    { option: 'host-name', fromArg: 'K8S_POD_NAME' },
    { option: '60', value: 'braid-test' },
  ];
  node.network('lan', macvlan({ provide }));
  const pod = node.pod({ name: 'web', networks: 'lan' });
  await pod.add();
  expect(said()).toContain('client provides name: web');
  expect(said()).toContain('vendor class: braid-test');
  await pod.end();
});

it('without an agent the ADD fails at once and says who is missing; DEL is success', async () => {
  const { node, macvlan, socket } = lan();
  node.network('lan', macvlan());
  const pod = node.pod({ networks: 'lan' });
  const { code, msg } = await pod.addFails();
  expect(code).toBe(133);
  expect(msg).toContain(`Cannot ask the DHCP daemon at ${socket}: nobody listens there`);
  await pod.end();
});

it('without a server the ADD fails in time and leaves nothing', async () => {
  const { node, dnsmasq, startAgent, macvlan, held } = lan();
  await startAgent();
  await ended(dnsmasq, 'SIGTERM');
  node.network('lan', macvlan());
  const pod = node.pod({ networks: 'lan' });
  const { code, msg } = await pod.addFails();
  expect(code).toBe(134);
  expect(msg).toContain('no DHCP server answered on net1');
  expect(held()).toEqual([]);
  await pod.end();
});

it('a pod that goes while the agent is away is forgotten when it comes back', async () => {
  const { node, startAgent, macvlan, held } = lan({ renewal: 3 });
  const agent = await startAgent();
  node.network('lan', macvlan());
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  await ended(agent, 'SIGKILL');
  await pod.end();
  expect(held()).toHaveLength(1);
  await startAgent();
  await vi.waitFor(() => expect(held()).toEqual([]), patience);
});

it('an address that somebody on the network has is declined, and the pod gets the next one', async () => {
  const { node, outside, startAgent, macvlan, count, said } = lan({
    range: '10.9.0.50,10.9.0.51',
    options: '--dhcp-sequential-ip',
  });
  const neighbour = new Space(`${node.name}-neighbour`);
  outside.ip(`link add link eth1 name eth0 netns ${neighbour.name} type macvlan mode bridge`);
  neighbour.ip('addr add 10.9.0.50/24 dev eth0');
  neighbour.ip('link set eth0 up');
  await startAgent();
  node.network('lan', macvlan());
  const pod = node.pod({ networks: 'lan' });
  await pod.add();
  expect(pod.addresses('net1'), said()).toEqual(['10.9.0.51/24']);
  expect(count('DHCPDECLINE')).toBe(1);
  await pod.end();
});
