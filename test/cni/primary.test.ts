/** Which file of a CNI directory is the primary network: listings as operators have reported them. */
import { describe, expect, it } from 'vitest';
import { choosePrimary, isOwn } from '../../src/cni/primary';

const list = (name: string, ...types: readonly string[]): string =>
  JSON.stringify({ cniVersion: '0.3.1', name, plugins: types.map((type) => ({ type })) });
const flannel = list('cbr0', 'flannel', 'portmap');
const calico = list('k8s-pod-network', 'calico', 'bandwidth', 'portmap');
const cilium = list('cilium', 'cilium-cni');
const multus = JSON.stringify({ name: 'multus-cni-network', type: 'multus', delegates: [JSON.parse(calico)] });
const braid = list('braid', 'braid');

const choose = (files: Readonly<Record<string, string>>, options = {}) =>
  choosePrimary(
    Object.entries(files).map(([name, text]) => ({ name, text })),
    options,
  );

describe('the primary network', () => {
  it.each([
    ['flannel alone', { '10-flannel.conflist': flannel }, '10-flannel.conflist'],
    ['behind Braid itself', { '00-braid.conflist': braid, '10-flannel.conflist': flannel }, '10-flannel.conflist'],
    [
      'behind Braid by another name',
      { '05-mine.conf': JSON.stringify({ name: 'x', type: 'braid' }), '10-calico.conflist': calico },
      '10-calico.conflist',
    ],
    ['behind thin Multus', { '00-multus.conf': multus, '10-calico.conflist': calico }, '10-calico.conflist'],
    [
      'behind the shim',
      { '00-multus.conf': JSON.stringify({ name: 'm', type: 'multus-shim' }), '10-calico.conflist': calico },
      '10-calico.conflist',
    ],
    [
      'behind Multus in a list',
      { '00-multus.conflist': list('m', 'multus'), '10-calico.conflist': calico },
      '10-calico.conflist',
    ],
    [
      'beside what Cilium renamed',
      { '05-cilium.conflist': cilium, '10-calico.conflist.cilium_bak': calico, '00-multus.conf.cilium_bak': multus },
      '05-cilium.conflist',
    ],
    [
      'behind a bridge of podman',
      { '10-canal.conflist': calico, '87-podman-bridge.conflist': list('podman', 'bridge') },
      '10-canal.conflist',
    ],
    [
      'before the name of podman counts',
      { '01-bridge.conflist': list('podman', 'bridge'), '10-canal.conflist': calico },
      '10-canal.conflist',
    ],
    [
      "behind CRI-O's bridge",
      {
        '100-crio-bridge.conflist': list('crio', 'bridge'),
        '200-loopback.conflist': list('loopback', 'loopback'),
        '90-ovn.conflist': list('ovn', 'ovn-k8s-cni-overlay'),
      },
      '90-ovn.conflist',
    ],
    [
      "behind CRI-O's newer bridge",
      { '11-crio-ipv4-bridge.conflist': list('crio', 'bridge'), 'z.conflist': flannel },
      'z.conflist',
    ],
    [
      'behind a half-written file',
      { '05-new.conflist': calico.slice(0, 40), '10-flannel.conflist': flannel },
      '10-flannel.conflist',
    ],
    ['behind an empty file', { '05-new.conflist': '', '10-flannel.conflist': flannel }, '10-flannel.conflist'],
    [
      'without looking into other endings',
      { '05-calico.conflist.bak': calico, '.10-x.conf': calico, '10-flannel.conflist': flannel },
      '10-flannel.conflist',
    ],
    [
      "without containerd's example",
      { '10-containerd-net.conflist': list('containerd-net', 'bridge'), '20-calico.conflist': calico },
      '20-calico.conflist',
    ],
    [
      'as the first of two by name',
      { '20-calico.conflist': calico, '10-flannel.conflist': flannel },
      '10-flannel.conflist',
    ],
    ['as a .conf', { '10-kindnet.conf': JSON.stringify({ name: 'kindnet', type: 'ptp' }) }, '10-kindnet.conf'],
  ])('is found %s', (_, files, expected) => {
    const { primary, passedOver } = choose(files as Record<string, string>);
    expect(primary?.file).toBe(expected);
    expect(passedOver).toHaveLength(Object.keys(files).length - 1);
  });

  it.each([
    ['an empty directory', {}],
    ['Braid alone', { '00-braid.conflist': braid }],
    ['Multus alone', { '00-multus.conf': multus }],
    ['strays alone', { '87-podman.conflist': list('podman', 'bridge'), '99-loopback.conf': list('lo', 'loopback') }],
    ['what has no name or type', { 'a.conf': '{"type":"bridge"}', 'b.conf': '{"name":"b"}', 'c.conf': '[]' }],
  ])('is not found in %s', (_, files) => {
    expect(choose(files).primary).toBeUndefined();
  });

  it('stays the one of the last time while that can be used', () => {
    const files = { '05-new.conflist': calico, '10-flannel.conflist': flannel };
    expect(choose(files, { before: '10-flannel.conflist' }).primary?.file).toBe('10-flannel.conflist');
    expect(choose(files, { before: 'gone.conflist' }).primary?.file).toBe('05-new.conflist');
  });

  it('is the one the administrator names, even a stray, and nothing else then', () => {
    const files = { '10-flannel.conflist': flannel, '87-podman.conflist': list('podman', 'bridge') };
    expect(choose(files, { wanted: '87-podman.conflist' }).primary?.file).toBe('87-podman.conflist');
    expect(choose(files, { wanted: 'other.conf' }).primary).toBeUndefined();
    expect(choose({ '00-braid.conflist': braid }, { wanted: '00-braid.conflist' }).primary).toBeUndefined();
  });

  it('tells the capabilities of all its plugins', () => {
    const plugins = [
      { type: 'a', capabilities: { portMappings: true, bandwidth: false } },
      { type: 'b', capabilities: { ips: true, portMappings: true } },
    ];
    expect(choose({ 'a.conflist': JSON.stringify({ name: 'a', plugins }) }).primary?.capabilities).toEqual([
      'ips',
      'portMappings',
    ]);
  });
});

it('knows its own files by what is in them', () => {
  expect([braid, JSON.stringify({ type: 'braid' }), flannel, '{', multus].map(isOwn)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
