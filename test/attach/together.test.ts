/** Which networks of a pod are attached at one time: attachments in, groups out. */
import { describe, expect, it } from 'vitest';
import { findDelegate } from '../../plugins';
import { groupsOf } from '../../src/attach/together';
import type { Json } from '../../src/json';
import type { Attachment } from '../../src/pod/attachment';

const lan = { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '10.0.0.0/24' } };

/** Further networks with these plugins, each by its own name, behind a default network. */
function grouped(...networks: readonly (Json | readonly Json[] | Partial<Attachment>)[]) {
  const rest = networks.map((given, at) => {
    const shape = Array.isArray(given) ? { plugins: given } : 'type' in given ? { plugins: [given] } : given;
    return { name: `net${at}`, isDefault: false, plugins: [lan], ...shape } as unknown as Attachment;
  });
  const first = { name: 'cluster', isDefault: true, plugins: [lan] } as unknown as Attachment;
  return groupsOf([first, ...rest], (type) => findDelegate(type) !== undefined);
}

describe('networks of a pod', () => {
  it('are attached at one time when their links are their own, after the default one', () => {
    expect(grouped(lan, lan, lan)).toEqual([[0], [1, 2, 3]]);
    const more = { ...lan, mode: 'private', hostAccess: false, ipam: {} };
    expect(grouped(lan, more, { type: 'macvlan', master: 'eth2' })).toEqual([[0], [1, 2, 3]]);
    expect(grouped({ ...lan, type: 'ipvlan' }, { ...lan, type: 'ipvlan' })).toEqual([[0], [1, 2]]);
    expect(groupsOf([], () => true)).toEqual([]);
  });

  it('are attached one after the other where other programs do it', () => {
    const attachments = [1, 2].map(
      (n) => ({ name: `net${n}`, isDefault: false, plugins: [lan] }) as unknown as Attachment,
    );
    expect(groupsOf(attachments, () => true)).toEqual([[0, 1]]);
    expect(groupsOf(attachments, () => false)).toEqual([[0], [1]]);
  });

  it.each([
    ['is of another kind', { ...lan, type: 'ipvlan' }],
    ['is none of Braid’s own', { ...lan, type: 'macvlan-of-others' }],
    ['shares a link of the node', { ...lan, type: 'bridge' }],
    ['has a VLAN that others of the node have', { ...lan, vlan: 5 }],
    ['opens a way to the node', { ...lan, hostAccess: true }],
    ['lives on a link of the pod', { ...lan, linkInContainer: true }],
    ['the same, spelled otherwise', { ...lan, LINKINCONTAINER: true }],
    ['takes the master of the default route', { ...lan, master: undefined }],
    ['waits for somebody else’s addresses', { ...lan, ipam: { type: 'whereabouts' } }],
    ['is told its routes by a server', { ...lan, ipam: { type: 'dhcp' } }],
    ['has routes, which count in their order', { ...lan, ipam: { ...lan.ipam, routes: [{ dst: '0.0.0.0/0' }] } }],
    ['has a plugin behind its first', [lan, { type: 'tuning' }]],
    ['has a device', { device: { id: '0000:00:01.0', resourceName: undefined } }],
    ['is the default one', { isDefault: true }],
  ])('wait for one that %s, and it for them', (_, other) => {
    expect(grouped(lan, lan, other as Json, lan, lan)).toEqual([[0], [1, 2], [3], [4, 5]]);
  });

  it('wait for each other when they take addresses from one store', () => {
    const name = 'net0' as Attachment['name'];
    expect(grouped(lan, lan, { name }, { name }, lan)).toEqual([[0], [1, 2], [3], [4, 5]]);
  });

  it('are at most so many at one time', () => {
    expect(grouped(...Array.from({ length: 70 }, () => lan)).map(({ length }) => length)).toEqual([
      1, 16, 16, 16, 16, 6,
    ]);
  });
});
