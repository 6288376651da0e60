/** What the network hears of a new address, and what a pod hears of one that is taken: on the wire, for every delegate. Runs in a guest. */
import { describe, expect, it } from 'vitest';
import { type Json, Node, type Space } from './runtime';
import { framesOn } from './wire';

const speaks = { cniVersion: '1.1.0' };
const bridges = ['cni-t0', 'br100'];
const [address, address6] = ['192.168.100.20', 'fd00:100::20'];

const delegates: readonly (readonly [string, Json])[] = [
  ['macvlan', { type: 'macvlan', master: 'eth1' }],
  ['macvlan on a VLAN of its own', { type: 'macvlan', master: 'eth1', vlan: 100 }],
  ['ipvlan', { type: 'ipvlan', master: 'eth1' }],
  ['vlan', { type: 'vlan', master: 'eth1', vlanId: 100 }],
  ['bridge', { type: 'bridge', bridge: 'br100', master: 'eth1', vlan: 100 }],
];

function lanNode(config: Json): { readonly node: Node; readonly outside: Space } {
  const node = new Node();
  const outside = node.uplink('eth1');
  const addresses = [{ address: `${address}/24` }, { address: `${address6}/64` }];
  node.network('lan', { cniVersion: '1.0.0', ...config, ipam: { type: 'static', addresses } });
  return { node, outside };
}

/** The link outside on which that network's frames have no tag. */
function far(outside: Space, { vlan, vlanId }: Json): string {
  const id = vlan ?? vlanId;
  if (id === undefined) return 'eth1';
  outside.ip(`link add link eth1 name eth1.${id} type vlan id ${id}`);
  outside.ip(`link set eth1.${id} up`);
  return `eth1.${id}`;
}

describe.each(delegates)('%s', (_, config) => {
  it.each([false, true])(
    'tells the network of both addresses and their MAC, so that nobody keeps an old one (probe: %s)',
    async (probe) => {
      const { node, outside } = lanNode({ ...config, probe });
      const link = far(outside, config);
      const pod = node.pod({ networks: 'lan' });
      const told = [
        new RegExp(`(Announcement ${address}|who-has ${address} .*tell ${address})\\b`),
        new RegExp(`neighbor advertisement, tgt is ${address6}`),
      ];
      const seen = await framesOn(outside, link, told, () => pod.add(speaks));
      const lines = seen.filter((line) => told.some((each) => each.test(line)));
      const mac = pod.link('net1').address;
      for (const line of lines) expect(line).toMatch(new RegExp(`^\\S+ ${mac} >`));
      await node.end({ bridges, changes: speaks });
    },
  );

  it.each([
    ['IPv4', `${address}/24`, address],
    ['IPv6', `${address6}/64 nodad`, address6],
  ])('says who holds an %s address, and leaves nothing', async (__, held, taken) => {
    const { node, outside } = lanNode({ ...config, probe: true });
    const link = far(outside, config);
    outside.ip(`addr add ${held} dev ${link}`);
    const pod = node.pod({ networks: 'lan' });
    const { address: mac } = outside.link(link);
    expect(await pod.addFails(speaks)).toMatchObject({
      code: 107,
      msg: expect.stringContaining(`Cannot use ${taken} on net1: ${mac} on the network has it`),
    });
    outside.ip(`addr del ${held.replace(' nodad', '')} dev ${link}`);
    await pod.add(speaks);
    await pod.check(speaks);
    await node.end({ bridges, changes: speaks });
  });
});

it.each([
  ['one address of each family', [address, address6]],
  ['two of IPv4', [address, '192.168.100.21']],
])('a foreign delegate that says nothing of %s: Braid tells the network', async (_, given) => {
  const node = new Node();
  const outside = node.uplink('eth1');
  node.network('lan', { cniVersion: '1.0.0', type: 'silent' });
  const answer = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'net1', sandbox: '/pod' }],
    ips: given.map((each) => ({ address: `${each}/${each.includes(':') ? 64 : 24}`, interface: 0 })),
  };
  node.recorder('silent', {
    ADD: [
      'ip link add $CNI_IFNAME link eth1 netns $(basename $CNI_NETNS) type macvlan mode bridge',
      `nsenter --net=$CNI_NETNS ip -batch - <<end`, // up first: the kernel has nothing to tell then
      'link set $CNI_IFNAME up',
      ...answer.ips.map(
        (each) => `addr add ${each.address} dev $CNI_IFNAME${each.address.includes(':') ? ' nodad' : ''}`,
      ),
      'end',
      `echo '${JSON.stringify(answer)}'`,
    ].join('\n'),
    DEL: 'nsenter --net=$CNI_NETNS ip link del $CNI_IFNAME',
  });
  const pod = node.pod({ networks: 'lan' });
  const told = given.map((each) =>
    each.includes(':')
      ? new RegExp(`neighbor advertisement, tgt is ${each}`)
      : new RegExp(`(Announcement ${each}|who-has ${each} .*tell ${each})\\b`),
  );
  const seen = await framesOn(outside, 'eth1', told, () => pod.add(speaks));
  const mac = pod.link('net1').address;
  for (const line of seen.filter((each) => told.some((one) => one.test(each))))
    expect(line).toMatch(new RegExp(`^\\S+ ${mac} >`));
  expect(pod.ip('neigh show nud all dev net1')).not.toContain(address);
  await node.end({ bridges, changes: speaks });
});

it('two pods of one network cannot have one address, whatever their delegate', async () => {
  const { node } = lanNode({ type: 'macvlan', master: 'eth1', probe: true });
  const [one, two] = [node.pod({ networks: 'lan' }), node.pod({ networks: 'lan' })];
  await one.add(speaks);
  expect(await two.addFails(speaks)).toMatchObject({ code: 107 });
  await one.check(speaks);
  await node.end({ bridges, changes: speaks });
});
