/** The facts of the iptables port, for the fake and the commands: one suite. Touches what it is given. */
import { expect, it } from 'vitest';
import type { Iptables } from '../../src/attach/ports';

const comment = ['-m', 'comment', '--comment', 'name: "n" id: "c1"'];
const shown = '-m comment --comment "name: \\"n\\" id: \\"c1\\""';

/** Runs the suite, for each family on a nat table without chains of anybody. */
export function iptablesContract(open: () => Iptables): void {
  it.each([
    [4, '10.5.0.2', '10.5.0.2/24', '10.5.0.0/24', '/32', '224.0.0.0/4'],
    [6, 'fd00:5::2', 'fd00:5::2/64', 'fd00:5::/64', '/128', 'ff00::/8'],
  ] as const)('keeps chains and rules of IPv%s', async (family, address, cidr, network, one, multicast) => {
    const iptables = open();
    const nat = (...args: readonly string[]) => iptables.nat(family, args);
    const jump = ['POSTROUTING', '-s', address, '-j', 'CNI-a', ...comment];
    const accept = ['CNI-a', '-d', cidr, '-j', 'ACCEPT', ...comment];
    const masquerade = ['CNI-a', '!', '-d', multicast, '-j', 'MASQUERADE', ...comment];

    expect(await nat('-S', 'CNI-a')).toBeUndefined();
    expect(await nat('-C', ...jump)).toBeUndefined();
    expect(await nat('-A', ...jump)).toBeUndefined(); // there is no such chain to jump to
    for (const verb of ['-F', '-X']) expect(await nat(verb, 'CNI-a')).toBeUndefined();
    expect(await nat('-N', 'CNI-a')).toEqual([]);
    await expect(nat('-N', 'CNI-a')).rejects.toMatchObject({ reason: 'FirewallFailed' });
    for (const rule of [accept, masquerade, jump]) {
      expect(await nat('-C', ...rule)).toBeUndefined();
      expect(await nat('-A', ...rule)).toEqual([]);
      expect(await nat('-C', ...rule)).toEqual([]);
    }
    expect(await nat('-S', 'CNI-a')).toEqual([
      '-N CNI-a',
      `-A CNI-a -d ${network} ${shown} -j ACCEPT`,
      `-A CNI-a ! -d ${multicast} ${shown} -j MASQUERADE`,
    ]);
    expect(await nat('-S', 'POSTROUTING')).toEqual([
      '-P POSTROUTING ACCEPT',
      `-A POSTROUTING -s ${address}${one} ${shown} -j CNI-a`,
    ]);
    await expect(nat('-X', 'CNI-a')).rejects.toMatchObject({ reason: 'FirewallFailed' });
    expect(await nat('-D', ...jump)).toEqual([]);
    expect(await nat('-D', ...jump)).toBeUndefined();
    expect(await nat('-F', 'CNI-a')).toEqual([]);
    expect(await nat('-X', 'CNI-a')).toEqual([]);
    expect(await nat('-S', 'CNI-a')).toBeUndefined();
    expect(await nat('-S', 'POSTROUTING')).toEqual(['-P POSTROUTING ACCEPT']);
  });
}
