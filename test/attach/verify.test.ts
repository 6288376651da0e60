/** The words of CHECK, against the fake kernel. */
import { beforeEach, describe, expect, it } from 'vitest';
import { checkRoutes, inPod, ipsOf } from '../../src/attach/verify';
import { emptyResult } from '../../src/cni/result';
import { type FakeNetns, fakeKernel } from '../../src/model/kernel';
import { cidr, ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';

const net1 = ifName('net1', 'name');
const dst = (text: string) => cidr(text, 'dst');
const via = (text: string) => ip(text, 'gateway');

describe('recorded routes', () => {
  let pod: FakeNetns;
  beforeEach(async () => {
    pod = fakeKernel().pod;
    pod.plug({ name: 'net1', addresses: ['10.1.0.5/24'] });
    const { index } = pod.link('net1');
    await pod.addRoute({ dst: dst('10.9.0.0/16'), gateway: via('10.1.0.1'), index });
    await pod.addRoute({ dst: dst('10.8.0.0/16'), gateway: via('10.1.0.1'), index, table: 100 });
    await pod.addRoute({ dst: dst('0.0.0.0/0'), gateway: via('10.1.0.1'), index });
  });

  it.each([
    ['with its gateway', { dst: dst('10.9.0.0/16'), gw: via('10.1.0.1') }],
    ['with the host part kept', { dst: dst('10.9.7.7/16') }],
    ['in its own table', { dst: dst('10.8.0.0/16'), table: 100 }],
    ['moved to another table by source-based routing', { dst: dst('10.8.0.0/16') }],
    ['that is a default which another network took over', { dst: dst('0.0.0.0/0'), gw: via('10.1.0.77') }],
  ])('are found: one %s', async (_, route) => {
    await checkRoutes(pod, [route]);
  });

  it.each([
    ['by another gateway', { dst: dst('10.9.0.0/16'), gw: via('10.1.0.2') }],
    ['of another length', { dst: dst('10.9.0.0/24') }],
    ['in another table', { dst: dst('10.9.0.0/16'), table: 100 }],
    ['of the other family', { dst: dst('::/0') }],
  ])('are missed: one %s', async (_, route) => {
    await expect(checkRoutes(pod, [route])).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});

describe('a recorded result', () => {
  const result = {
    ...emptyResult,
    interfaces: [{ name: 'br0' }, { name: 'net1' }, { name: 'net1', sandbox: '/var/run/netns/pod' }],
    ips: [
      { address: dst('10.1.0.5/24'), interface: 2 },
      { address: dst('10.2.0.5/24') },
      { address: dst('10.3.0.5/24'), interface: 0 },
    ],
  };

  it('names the interface in the pod, not one of the same name on the node', () => {
    expect(inPod(result, fakeKernel().pod, net1)).toBe(result.interfaces[2] as never);
  });

  it('does not know an interface that it does not list', () => {
    const unknown = ifName('net2', 'name');
    expect(() => inPod(result, fakeKernel().pod, unknown)).toThrow('Cannot find interface net2 in the recorded result');
  });

  it('tells the addresses of that interface, and those of none', () => {
    expect(ipsOf(result, net1).map(({ address }) => address)).toEqual(['10.1.0.5/24', '10.2.0.5/24']);
  });
});
