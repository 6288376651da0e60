/** ADD is safe to repeat: the same sandbox twice, a sandbox that lost a link, a new sandbox of a pod whose first one died. By the compiled executable. */
import { describe, expect, it } from 'vitest';
import { addressesOf, Node, type Pod, run, type Space } from './runtime';

/** A network with one address, whose VLAN the kernel has once on its master. */
const single = {
  cniVersion: '1.0.0',
  type: 'vlan',
  master: 'eth1',
  vlanId: 100,
  ipam: { type: 'host-local', subnet: '192.168.100.0/24', rangeStart: '192.168.100.10', rangeEnd: '192.168.100.10' },
};

function node(): Node {
  const made = new Node();
  made.uplink('eth1');
  made.network('single', single);
  made.network('lan', {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    vlan: 200,
    ipam: { type: 'host-local', subnet: '192.168.200.0/24' },
  });
  return made;
}

interface Shown {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
}

/** What an ADD would change: a link made anew has another index. */
function seen(node: Node, pod: Pod): unknown {
  const all = (space: Space) => JSON.parse(space.ip('-j link')) as readonly Shown[];
  const links = (space: Space) => all(space).map(({ ifindex, ifname, address }) => [ifindex, ifname, address]);
  return [links(pod), links(node), pod.routes('all'), node.reservations(), pod.record()];
}

const patience = { timeout: 240_000 }; // the guest is slow when it shares the machine

describe('the same container and interface again', patience, () => {
  it('returns the recorded result, and changes nothing', async () => {
    const there = node();
    const pod = there.pod({ networks: 'single,lan' });
    const first = await pod.add();
    const before = seen(there, pod);
    expect(await pod.add()).toEqual(first);
    expect(seen(there, pod)).toEqual(before);
    await there.end();
  });

  it('undoes what is left and attaches anew when somebody deleted a link', async () => {
    const there = node();
    const pod = there.pod({ networks: 'single,lan' });
    await pod.add();
    pod.ip('link del net1');
    const again = await pod.add();
    expect(addressesOf(again, 'net1')).toEqual(['192.168.100.10/24']);
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1', 'net2']);
    expect(there.reservations().filter((path) => path.endsWith('/192.168.100.10'))).toHaveLength(1);
    await pod.check();
    await there.end();
  });

  it('does so, too, when somebody took an address away', async () => {
    const there = node();
    const pod = there.pod({ networks: 'single,lan' });
    await pod.add();
    pod.ip('addr flush dev net2');
    await pod.add();
    expect(pod.addresses('net2')).toEqual([expect.stringMatching(/^192\.168\.200\.\d+\/24$/)]);
    await pod.check();
    await there.end();
  });

  it('frees the earlier namespace’s part when the runtime comes with another one', async () => {
    const there = node();
    const pod = there.pod({ networks: 'single,lan' });
    await pod.add();
    run('ip', 'netns', 'del', pod.name);
    await expect.poll(() => there.names().filter((name) => name.startsWith('veth'))).toEqual([]);
    run('ip', 'netns', 'add', pod.name);
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.168.100.10/24']);
    await pod.check();
    await there.end();
  });
});

describe('a new sandbox of the same pod', patience, () => {
  it('gets what the dead one held, though nobody called DEL', async () => {
    const there = node();
    const dead = there.pod({ name: 'thor', networks: 'single,lan' });
    await dead.add();
    run('ip', 'netns', 'del', dead.name);
    await expect.poll(() => there.names().filter((name) => name.startsWith('veth'))).toEqual([]); // the kernel is done with it
    const fresh = there.pod({ name: 'thor', networks: 'single,lan' });
    expect(addressesOf(await fresh.add(), 'net1')).toEqual(['192.168.100.10/24']);
    run('ip', 'netns', 'add', dead.name); // for the end of the test
    await there.end();
  });

  it('takes nothing from one that is alive', async () => {
    const there = node();
    const first = there.pod({ name: 'thor', networks: 'single' });
    await first.add();
    const second = there.pod({ name: 'thor', networks: 'single' });
    const before = seen(there, first);
    const { status, json } = await second.call('ADD');
    expect([status, second.names()]).toEqual([1, ['lo']]);
    expect(json.msg).toContain('VLAN 100');
    expect(seen(there, first)).toEqual(before);
    await first.check();
    await there.end();
  });
});
