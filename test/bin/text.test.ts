/** What the commands print, from records and reports. */
import { describe, expect, it } from 'vitest';
import { gcAll } from '../../src/attach/gc';
import { givingUp } from '../../src/attach/given-up';
import { toGcJson, toGcText } from '../../src/bin/text/gc';
import { toListJson, toListText } from '../../src/bin/text/list';
import { CniError } from '../../src/error';
import { containerId, ifName } from '../../src/net/names';
import { world } from '../attach/world';

const networks = {
  'default/a': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'host-local', subnet: '192.168.1.0/24' },
  },
  'default/l2': { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' },
};

describe('braid list', () => {
  it('says so when nothing is attached', () => {
    expect(toListText([], [])).toBe('Nothing is attached.\n');
  });

  it('has a line for each attachment', async () => {
    const { add, edges } = world({ networks });
    await add('a,l2', 'c0123456789abcdef');
    expect(toListText(await edges.records.all(), [])).toBe(
      [
        'POD           CONTAINER     NETWORK     INTERFACE  MASTER  ADDRESSES    SINCE',
        'default/thor  c0123456789a  cluster     eth0       -       10.244.1.2   2026-11-21T00:00:00.000Z',
        'default/thor  c0123456789a  default/a   net1       eth1    192.168.1.2  2026-11-21T00:00:00.000Z',
        'default/thor  c0123456789a  default/l2  net2       eth1    layer 2      2026-11-21T00:00:00.000Z',
        '',
      ].join('\n'),
    );
  });

  it('shows the master that a match chose, and the VLAN on it', async () => {
    const vlan = { cniVersion: '1.0.0', type: 'macvlan', master: { match: { altName: 'storage' } }, vlan: 7 };
    const kernel = { hostLinks: ['eth0', { name: 'ens7', altNames: ['storage'] }] };
    const { add, edges } = world({ kernel, networks: { 'default/v': vlan } });
    await add('v');
    expect(toListText(await edges.records.all(), [])).toMatch(/ default\/v +net1 +ens7 VLAN 7 +layer 2 /);
  });

  it('says of what DEL left why it did', async () => {
    const fancy = ({ command }: { command: string }) =>
      command === 'ADD' ? { cniVersion: '1.0.0' } : new CniError('DelegateTimeout', 'Cannot wait longer for fancy');
    const { add, del, edges } = world({
      networks: { ...networks, 'default/f': { cniVersion: '1.0.0', type: 'fancy' } },
      foreign: { fancy },
    });
    await add('f,a');
    await del();
    const left = await edges.records.all();
    expect(toListText(left, [])).toBe(
      [
        'POD           CONTAINER  NETWORK    INTERFACE  MASTER  ADDRESSES  SINCE                     NOT FREED',
        'default/thor  c1         default/f  net1       -       layer 2    2026-11-21T00:00:00.000Z  DelegateTimeout: Cannot wait longer for fancy',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(toListJson(left, []))).toMatchObject([
      { attachments: [{ failure: 'DelegateTimeout: Cannot wait longer for fancy' }] },
    ]);
  });

  it('shows whose record cannot be used, and why', async () => {
    const { add, edges } = world({ networks });
    await add('a', 'c0123456789abcdef');
    edges.records.tear({ containerId: containerId('c0123456789abcdef'), ifName: ifName('eth0', 'test') });
    const broken = await edges.records.broken();
    expect(toListText(await edges.records.all(), broken)).toMatch(
      /^POD +CONTAINER +NETWORK +INTERFACE +MASTER +ADDRESSES +SINCE +NOT FREED\n- +c0123456789a +- +eth0 +- +unknown +- +.*a test tore it\n$/,
    );
    expect(JSON.parse(toListJson([], broken))).toMatchObject([
      { containerId: 'c0123456789abcdef', ifName: 'eth0', reason: 'RecordInvalid' },
    ]);
  });

  it('tells the network-status of each pod as JSON', async () => {
    const { add, edges } = world({ networks });
    await add('a');
    expect(JSON.parse(toListJson(await edges.records.all(), []))).toMatchObject([
      {
        containerId: 'c1',
        networkStatus: [
          { name: 'cluster', interface: 'eth0', ips: ['10.244.1.2'], default: true },
          { name: 'default/a', interface: 'net1', ips: ['192.168.1.2'] },
        ],
      },
    ]);
  });
});

describe('braid gc', () => {
  it('says what goes and why, or that nothing does', async () => {
    const { add, edges, kernel } = world({ networks });
    const byHand = { valid: undefined, dryRun: true };
    await add('a');
    expect(toGcText(await gcAll(byHand, edges), true)).toBe('Nothing to free.\n');
    kernel.removeNamespace('/var/run/netns/pod');
    const report = await gcAll(byHand, edges);
    expect(toGcText(report, true)).toContain(
      'would free  attachment  c1         default/thor: cluster, default/a  its namespace /var/run/netns/pod is gone',
    );
    expect(JSON.parse(toGcJson(report))).toMatchObject({ freed: [{ containerId: 'c1' }], failed: [] });
  });

  it('keeps what a plugin held that is not installed any more, says what to do, and forgets it on demand', async () => {
    const foreign: Record<string, object> = { fancy: { cniVersion: '1.0.0' } };
    const networks = { 'default/f': { cniVersion: '1.0.0', type: 'fancy' } };
    const { add, edges, kernel } = world({ networks, foreign: foreign as never });
    await add('f');
    delete foreign.fancy;
    kernel.removeNamespace('/var/run/netns/pod');
    const byHand = { valid: undefined, dryRun: false };
    const report = await gcAll(byHand, edges);
    expect(toGcText(report, false)).toMatch(
      /^FAILED .*Cannot find plugin "fancy".*\nInstall .*: braid gc --forget <its type>\n$/m,
    );
    const other = { ...edges, foreign: givingUp(edges.foreign, ['other']) };
    expect((await gcAll(byHand, other)).failed).toHaveLength(1);
    expect((await gcAll(byHand, { ...edges, foreign: givingUp(edges.foreign, ['fancy']) })).failed).toEqual([]);
    expect(await edges.records.all()).toEqual([]);
  });

  it('tells what could not be freed', async () => {
    const { add, edges, kernel } = world({ networks });
    await add('a');
    kernel.failNext('deleteLinks', 'EIO');
    kernel.failNext('deleteLink', 'EIO');
    const report = await gcAll({ valid: [], dryRun: false }, edges);
    expect(toGcText(report, false)).toMatch(/^FAILED {2}attachment {2}c1 .*EIO/m);
    expect(JSON.parse(toGcJson(report))).toMatchObject({ failed: [{ reason: 'KernelRefused' }] });
  });
});
