/** What namespaces were asked for is read back. Touches the fakes. */
import { describe, expect, it, vi } from 'vitest';
import type { Edges, ForeignCall } from '../../src/attach/ports';
import { watched } from '../../src/attach/read-back';
import { FakeKernel } from '../../src/model/kernel';
import { cidr, ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';

const name = (text: string) => ifName(text, 'test');
const net = (text: string) => cidr(text, 'test');
const macvlan = { kind: 'macvlan', name: name('net1'), parent: 2, mode: 'bridge' } as const;

/** A watched pod with net1, up, and the unwatched one behind it, with which a test can undo what was done. */
async function scene(options: ConstructorParameters<typeof FakeKernel>[0] = {}) {
  const kernel = new FakeKernel({ hostLinks: ['eth0'], record: true, ...options });
  const ran: string[] = [];
  const run = async ({ command }: ForeignCall): Promise<string> => {
    ran.push(command);
    return '';
  };
  const space = watched(kernel.pod, { kernel, foreign: { run } } as unknown as Edges);
  const { host } = space.edges.kernel;
  const link = await host.createLink(macvlan, space.pod);
  await space.pod.changeLink(link.index, { up: true });
  const foreign = async (command: 'ADD' | 'DEL'): Promise<void> =>
    void (await space.edges.foreign.run({ command } as ForeignCall));
  return { ...space, host, kernel, link, behind: kernel.pod, foreign, ran };
}

describe('what the kernel holds otherwise', () => {
  it('is named with its interface', async () => {
    const { pod, behind, link, verify } = await scene();
    await pod.changeLink(link.index, { mtu: 1400 });
    await behind.changeLink(link.index, { mtu: 1300 });
    await expect(verify()).rejects.toMatchObject({
      reason: 'KernelRefused',
      problem: 'Cannot set mtu of net1 to 1400: the kernel said yes, and has 1300',
      where: { ifName: 'net1' },
    });
  });

  it('is an address, a route or a rule that is not there, or still is', async () => {
    const { pod, behind, link, verify } = await scene();
    await pod.addAddress(link.index, net('10.1.0.5/24'));
    await behind.deleteAddress(link.index, net('10.1.0.5/24'));
    await expect(verify()).rejects.toThrow('Cannot add 10.1.0.5/24 to net1: the kernel said yes, and has none');
    await pod.addAddress(link.index, net('10.1.0.5/24'));
    await pod.deleteRoute({ dst: net('10.1.0.0/24'), index: link.index });
    await behind.addRoute({ dst: net('10.1.0.0/24'), index: link.index });
    await expect(verify()).rejects.toThrow('Cannot delete route 10.1.0.0/24: the kernel said yes, and has it still');
  });

  it('is no route that was deleted as the kernel lists it: IPv6 ones have a metric then', async () => {
    const { pod, link, verify } = await scene();
    await pod.addAddress(link.index, net('fd00::5/64'), { noDad: true });
    await pod.addRoute({ dst: net('::/0'), gateway: ip('fd00::1', 'test'), index: link.index });
    const [listed] = (await pod.routes()).filter(({ dst }) => dst === '::/0');
    expect(listed?.metric).toBe(1024);
    if (listed !== undefined) await pod.deleteRoute(listed);
    await verify();
    expect((await pod.routes()).some(({ dst }) => dst === '::/0')).toBe(false);
  });

  it('is an address that somebody else turned out to have', async () => {
    const { pod, link, verify } = await scene({ dad: 'failed' });
    await pod.addAddress(link.index, net('fd00::5/64'));
    await expect(verify()).rejects.toMatchObject({ reason: 'AddressTaken', where: { ifName: 'net1' } });
  });
});

describe('a namespace that was just looked at whole', () => {
  it.each([
    ['is not looked at again', [], 1],
    ['is, once a link was changed', ['changeLink'], 2],
    ['is, once a link was made', ['createLink'], 2],
    ['is, once a link was deleted', ['createLink', 'look', 'deleteLink'], 3],
    ['is not, once a route was added', ['addRoute'], 1],
  ] as const)('%s', async (_, acts, looks) => {
    const { pod, host, link, behind, verify } = await scene();
    const look = vi.spyOn(behind, 'links');
    const act: Readonly<Record<(typeof acts)[number] | 'look', () => Promise<unknown>>> = {
      changeLink: () => pod.changeLink(link.index, { mtu: 1400 }),
      createLink: () => host.createLink({ ...macvlan, name: name('net2') }, pod),
      deleteLink: () => pod.deleteLink(name('net2')),
      addRoute: () => pod.addRoute({ dst: net('10.9.0.0/16'), index: link.index }),
      look: () => pod.links(),
    };
    await pod.links();
    for (const one of acts) await act[one]();
    await verify();
    expect(look).toHaveBeenCalledTimes(looks);
  });
});

describe('the index in the pod', () => {
  it('is known of a link that was made there, under its name, while it is there', async () => {
    const { pod, host, link, indexInPod, foreign } = await scene();
    expect(indexInPod(name('net1'))).toBe(link.index);
    await pod.changeLink(link.index, { name: name('lan') });
    expect([indexInPod(name('net1')), indexInPod(name('lan'))]).toEqual([undefined, undefined]);
    await pod.createLink({ kind: 'dummy', name: name('d0') });
    await pod.createLink({ kind: 'dummy', name: name('d1') });
    const gone = await pod.createLink({ kind: 'dummy', name: name('d2') });
    await pod.deleteLink(name('d0'));
    await pod.moveLink(gone.index, host);
    expect([indexInPod(name('d0')), indexInPod(name('d2'))]).toEqual([undefined, undefined]);
    await foreign('ADD');
    expect(indexInPod(name('d1'))).toBeUndefined();
  });
});

describe('what counts', () => {
  it('is the last request: one that takes another back, or the link away, leaves nothing to be asked for', async () => {
    const { pod, link, verify } = await scene();
    const route = { dst: net('10.9.0.0/16'), index: link.index, metric: 7 };
    await pod.addAddress(link.index, net('10.1.0.5/24'));
    await pod.addRoute(route);
    await pod.deleteRoute({ dst: route.dst, index: link.index });
    await verify();
    await pod.addRoute(route);
    await pod.deleteLink(name('net1'));
    await verify();
  });

  it('is not what the kernel takes from a link that goes down or gets a master', async () => {
    const { pod, link, verify } = await scene();
    await pod.addAddress(link.index, net('10.1.0.5/24'));
    await pod.addRoute({ dst: net('10.9.0.0/16'), index: link.index });
    for (const up of [false, true]) await pod.changeLink(link.index, { up });
    await verify();
  });

  it('is each thing once: a second look asks the kernel nothing', async () => {
    const { verify, kernel } = await scene();
    await verify();
    const asked = kernel.calls.length;
    await verify();
    expect(kernel.calls).toHaveLength(asked);
  });

  it('is looked at before a foreign delegate is added, and no more after it', async () => {
    const { pod, behind, link, verify, foreign, ran } = await scene();
    await behind.changeLink(link.index, { up: false });
    await expect(foreign('ADD')).rejects.toMatchObject({ reason: 'KernelRefused' });
    expect(ran).toEqual([]);
    await foreign('DEL');
    await pod.changeLink(link.index, { up: true });
    await foreign('ADD');
    await behind.changeLink(link.index, { up: false }); // as it likes
    await verify();
  });
});

it('takes a link back that was not made as asked for', async () => {
  const { host, pod, kernel } = await scene();
  const { createLink } = kernel.host;
  kernel.host.createLink = (spec, into) => createLink.call(kernel.host, { ...spec, mtu: 1000 }, into);
  const making = host.createLink({ ...macvlan, name: name('net2'), mtu: 1400 }, pod);
  await expect(making).rejects.toThrow('Cannot make net2 with mtu 1400: the kernel said yes, and has 1000');
  expect(kernel.pod.names()).toEqual(['net1']);
});
