/** vrf against the fake kernel: the table it takes, what follows the interface, and when the VRF goes. */
import { describe, expect, it } from 'vitest';
import { vrf } from '../../plugins/vrf';
import { emptyResult } from '../../src/cni/result';
import { cidr, ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { type LabOptions, lab } from './lab';

const name = (text: string) => ifName(text, 'test');
const config = { vrfname: 'blue' };

/** A pod with net1, its addresses and a route. */
async function attached(options: LabOptions = {}) {
  const made = lab({ prevResult: emptyResult, ...options });
  const { pod } = made;
  const { index } = await pod.createLink({ kind: 'dummy', name: name('net1') });
  for (const address of ['10.1.0.5/24', 'fd00:1::5/64']) await pod.addAddress(index, cidr(address, 'test'));
  await pod.changeLink(index, { up: true });
  await pod.addRoute({ dst: cidr('10.9.0.0/16', 'test'), gateway: ip('10.1.0.1', 'test'), index });
  return made;
}

describe('vrf', () => {
  it('makes the VRF in the first free table, and moves the interface with its routes', async () => {
    const { pod, add, check, del } = await attached();
    expect(await add(vrf, config)).toBe(emptyResult);
    expect(pod.link('blue')).toMatchObject({ detail: { kind: 'vrf', table: 1 }, up: true });
    expect(pod.link('net1').master).toBe(pod.link('blue').index);
    expect(pod.addressesOf('net1').toSorted()).toEqual(['10.1.0.5/24', 'fd00:1::5/64']);
    expect(pod.routesTo('10.9.0.0/16')).toEqual([]);
    expect((await pod.routes({ table: 1 })).map(({ dst }) => dst)).toContain('10.9.0.0/16');
    await check(vrf, config, emptyResult);
    for (const _ of [1, 2]) await del(vrf, config);
    expect(pod.names()).toEqual(['net1']);
    await expect(check(vrf, config, emptyResult)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it('shares a VRF, which goes with its last interface', async () => {
    const { pod, add, del } = await attached();
    await pod.createLink({ kind: 'dummy', name: name('net2') });
    await add(vrf, config);
    await add(vrf, config, { ifName: name('net2') });
    await del(vrf, config);
    expect(pod.names()).toContain('blue');
    await del(vrf, config, { ifName: name('net2') });
    expect(pod.names()).toEqual(['net1', 'net2']);
  });

  it('takes the table asked for, and the lowest that no other VRF has', async () => {
    const { pod, add } = await attached();
    await pod.createLink({ kind: 'vrf', name: name('red'), table: 1 });
    await add(vrf, config);
    expect(pod.link('blue').detail).toEqual({ kind: 'vrf', table: 2 });
    await pod.createLink({ kind: 'dummy', name: name('net2') });
    await add(vrf, { vrfname: 'green', table: 77 }, { ifName: name('net2') });
    expect(pod.link('green').detail).toEqual({ kind: 'vrf', table: 77 });
  });

  it.each([
    ['another table than it has', { ...config, table: 9 }, /VRF blue already exist with different routing table 1/],
    ['an interface that has a master', { vrfname: 'red' }, /interface net1 has already a master set: blue/],
    ['a name that another link has', { vrfname: 'net1' }, /a link of another kind has that name/],
  ])('refuses %s', async (_, asked, problem) => {
    const { add } = await attached();
    await add(vrf, config);
    await expect(add(vrf, asked)).rejects.toMatchObject({ problem: expect.stringMatching(problem) });
  });

  it.each([{}, { vrfname: '' }, { vrfname: 'a/b' }, { vrfname: 'blue', table: -1 }])('refuses %j', (asked) => {
    expect(() => vrf.bind(asked)).toThrow(expect.objectContaining({ reason: 'ConfigInvalid' }));
  });

  it('wants a plugin before it', async () => {
    await expect(lab().add(vrf, config)).rejects.toMatchObject({
      problem: expect.stringContaining('missing prevResult'),
    });
  });
});
