/** A VLAN of its own in a real kernel: the node's sub-interface, and many pods and VLANs. Runs in a guest. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import type { HostLinks, Netns } from '../../src/attach/ports';
import { createHostLinks } from '../../src/disk/host-links';
import { openKernel } from '../../src/kernel/kernel';
import { containerId, ifName, netnsPath } from '../../src/net/names';
import { braidGroup } from '../../src/net/vlan';
import { callsFor, fixedIpam } from '../plugins/lab';
import { node, onRealNode, reaches, realPod, shell, uplinks } from './child';
import { linkOf, linksOf } from './ip';

const { left, right } = uplinks;
const sub = `${left}.100`;
let state: string;
let hostLinks: HostLinks;

beforeEach(() => {
  state = mkdtempSync('/tmp/own-vlan-');
  hostLinks = createHostLinks(state);
});
afterEach(() => rmSync(state, { recursive: true }));

const users = (): readonly string[] => {
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(state.length)).sort();
};

describe.each([
  ['macvlan', macvlan],
  ['ipvlan', ipvlan],
])('%s with a VLAN of its own', (type, delegate) => {
  onRealNode();
  const config = { type, master: left, vlan: 100 };

  it('lives on a sub-interface that two pods share and the last one removes', async () => {
    const [one, two] = [await realPod(), await realPod()];
    const changes = [{ hostLinks }, { hostLinks, containerId: containerId('c2') }] as const;
    const result = await one.add(delegate, config, changes[0]);
    await two.add(delegate, config, changes[1]);
    expect(linkOf(node(), sub)).toMatchObject({
      link: left,
      linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 100 } },
      flags: expect.arrayContaining(['UP', 'LOWER_UP']),
    });
    expect((await node().space.netns.findLink(sub))?.group).toBe(braidGroup);
    expect(linkOf(one, 'net1').link_index).toBe(linkOf(node(), sub).ifindex);
    await one.check(delegate, config, result);
    expect(users()).toEqual([`/links/${sub}/c1_net1`, `/links/${sub}/c2_net1`]);
    await one.del(delegate, config, changes[0]);
    expect([linksOf(one), linksOf(two)]).toEqual([['lo'], ['lo', 'net1']]);
    await two.del(delegate, config, changes[1]);
    await two.del(delegate, config, changes[1]);
    expect(linksOf(node())).not.toContain(sub);
    expect(users()).toEqual([]);
  });

  it('reaches a pod of the same VLAN over the wire, and none of another', async () => {
    const pods = await Promise.all(
      ['10.1.0.5/24', '10.1.0.6/24', '10.1.0.7/24'].map((address) => realPod({ ipam: fixedIpam([address]) })),
    );
    const masters = [config, { ...config, master: right }, { ...config, master: right, vlan: 101 }];
    for (const [at, pod] of pods.entries())
      await pod.add(delegate, masters[at], { hostLinks, containerId: containerId(`c${at}`) });
    const [one, two, other] = pods as [(typeof pods)[0], (typeof pods)[0], (typeof pods)[0]];
    expect([await reaches(one, two, '10.1.0.6'), await reaches(one, other, '10.1.0.7')]).toEqual([true, false]);
    for (const [at, pod] of pods.entries())
      await pod.del(delegate, masters[at], { hostLinks, containerId: containerId(`c${at}`) });
  });

  it('uses a sub-interface of the operator, and never removes it', async () => {
    shell(node(), `ip link add link ${left} name storage mtu 1400 type vlan id 100`);
    const one = await realPod();
    await one.add(delegate, config, { hostLinks });
    expect(linkOf(one, 'net1')).toMatchObject({ link_index: linkOf(node(), 'storage').ifindex, mtu: 1400 });
    expect(users()).toEqual([]);
    await one.del(delegate, config, { hostLinks });
    expect(linkOf(node(), 'storage').mtu).toBe(1400);
    shell(node(), 'ip link del storage');
  });

  it('says what has its name when that is something else, and leaves it alone', async () => {
    shell(node(), `ip link add ${sub} type dummy`);
    const one = await realPod();
    await expect(one.add(delegate, config, { hostLinks })).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem: `Cannot use link ${sub} for VLAN 100 (802.1Q): it is of kind dummy; rename or remove it`,
    });
    expect([linksOf(one), linkOf(node(), sub).linkinfo?.info_kind]).toEqual([['lo'], 'dummy']);
    shell(node(), `ip link del ${sub}`);
  });

  it('has the MTU of a jumbo parent, also of one that became it later', async () => {
    shell(node(), 'ip link add jumbo0 mtu 1500 type dummy; ip link set jumbo0 up');
    const [one, two] = [await realPod(), await realPod()];
    const big = { ...config, master: 'jumbo0' };
    await one.add(delegate, big, { hostLinks });
    expect([linkOf(node(), 'jumbo0.100').mtu, linkOf(one, 'net1').mtu]).toEqual([1500, 1500]);
    shell(node(), 'ip link set jumbo0 mtu 9000');
    await two.add(delegate, { ...big, mtu: 8000 }, { hostLinks, containerId: containerId('c2') });
    expect([linkOf(node(), 'jumbo0.100').mtu, linkOf(two, 'net1').mtu]).toEqual([9000, 8000]);
    await one.del(delegate, big, { hostLinks });
    await two.del(delegate, big, { hostLinks, containerId: containerId('c2') });
    expect(linksOf(node())).not.toContain('jumbo0.100');
    shell(node(), 'ip link del jumbo0');
  });

  it('fits a parent whose name has 15 characters', async () => {
    const long = 'enp175s0f1np1ab';
    shell(node(), `ip link add ${long} type dummy; ip link set ${long} up`);
    const one = await realPod();
    const named = { ...config, master: long, vlan: 4094 };
    await one.add(delegate, named, { hostLinks });
    const made = linksOf(node()).find((name) => /^vl[0-9a-f]{8}$/.test(name)) ?? 'none';
    expect(linkOf(node(), made)).toMatchObject({ link: long, linkinfo: { info_data: { id: 4094 } } });
    await one.del(delegate, named, { hostLinks });
    expect(linksOf(node())).not.toContain(made);
    shell(node(), `ip link del ${long}`);
  });

  it('is found again when its parent was renamed meanwhile', async () => {
    shell(node(), 'ip link add lan0 type dummy; ip link set lan0 up');
    const [one, two] = [await realPod(), await realPod()];
    const second = { hostLinks, containerId: containerId('c2') };
    await one.add(delegate, { ...config, master: 'lan0' }, { hostLinks });
    shell(node(), 'ip link set lan0 down; ip link set lan0 name lan1; ip link set lan1 up');
    await two.add(delegate, { ...config, master: 'lan1' }, second);
    expect(users()).toEqual(['/links/lan0.100/c1_net1', '/links/lan0.100/c2_net1']);
    await one.del(delegate, config, { hostLinks });
    expect(linksOf(two)).toEqual(['lo', 'net1']);
    await two.del(delegate, config, second);
    expect(linksOf(node())).not.toContain('lan0.100');
    shell(node(), 'ip link del lan1');
  });

  it('says that its parent is down, and leaves nothing', async () => {
    shell(node(), 'ip link add spare type dummy');
    const one = await realPod();
    await expect(one.add(delegate, { ...config, master: 'spare' }, { hostLinks })).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem: 'Cannot set spare.100 up: its master is down, set that up first',
    });
    expect([linksOf(one), linksOf(node()).includes('spare.100'), users()]).toEqual([['lo'], false, []]);
    shell(node(), 'ip link del spare');
  });

  it('serves 100 pods on one VLAN', async () => {
    const pods = await manyPods(100);
    try {
      for (const pod of pods) await pod.add(delegate, config);
      expect(linksOf(node()).filter((name) => name.startsWith(`${left}.`))).toEqual([sub]);
      expect(users()).toHaveLength(100);
      for (const pod of pods.slice(1)) await pod.del(delegate, config);
      expect(linksOf(node())).toContain(sub);
      await pods[0]?.del(delegate, config);
      expect([linksOf(node()).includes(sub), users()]).toEqual([false, []]);
    } finally {
      removePods(pods.length);
    }
  });

  it('serves 50 VLANs on one node', async () => {
    const pods = await manyPods(50);
    const vlans = pods.map((_, at) => ({ ...config, vlan: 1000 + at }));
    const subs = (): readonly string[] =>
      linksOf(node())
        .filter((name) => name.startsWith(`${left}.`))
        .sort(); // the kernel lists by the index, modulo something
    try {
      for (const [at, pod] of pods.entries()) await pod.add(delegate, vlans[at]);
      expect(subs()).toEqual(vlans.map(({ vlan }) => `${left}.${vlan}`));
      for (const [at, pod] of pods.entries()) await pod.del(delegate, vlans[at]);
      expect([subs(), users()]).toEqual([[], []]);
    } finally {
      removePods(pods.length);
    }
  });
});

/** Pods of their own namespaces, made by one `ip`: starting one for each is slow in a guest. */
async function manyPods(count: number) {
  batch(count, 'add');
  const kernel = openKernel();
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const pod: Netns = await kernel.open(netnsPath(`/run/netns/many${at}`));
      const own = { containerId: containerId(`many${at}`), ifName: ifName('net1', 'test'), hostLinks };
      const calls = callsFor(node().space.netns, pod, { ipam: fixedIpam([`10.1.0.${at + 1}/24`]) });
      return {
        add: (...[delegate, config]: Parameters<typeof calls.add>) => calls.add(delegate, config, own),
        del: (...[delegate, config]: Parameters<typeof calls.del>) => calls.del(delegate, config, own),
      };
    }),
  );
}

const removePods = (count: number): void => batch(count, 'del');

function batch(count: number, verb: 'add' | 'del'): void {
  const input = Array.from({ length: count }, (_, at) => `netns ${verb} many${at}`).join('\n');
  execFileSync('ip', ['-batch', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] });
}
