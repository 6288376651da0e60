/** braid show and who-has: a pod's picture from its record and the kernel, drawn for terminals of any width. */
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../src/attach/picture';
import { findRecord } from '../../src/bin/find-record';
import { drawPod } from '../../src/bin/text/drawing';
import { toShow } from '../../src/bin/text/show';
import { holdersOf, toHoldersText } from '../../src/bin/text/who-has';
import { ip } from '../../src/net/ip';
import { world } from '../attach/world';

const networks = {
  'default/v100': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    vlan: 100,
    ipam: { type: 'host-local', subnet: '192.168.100.0/24' },
  },
  'default/l2': { cniVersion: '1.0.0', type: 'ipvlan', master: 'eth0' },
};

async function attached() {
  const made = world({ networks });
  await made.add('v100,l2', 'c0123456789abcdef');
  const records = await made.edges.records.all();
  const record = findRecord('thor', records);
  return { ...made, records, record, picture: await readPicture(record, made.pod, made.host) };
}

describe('the picture', () => {
  it('has what the kernel holds', async () => {
    const { picture, pod } = await attached();
    expect(picture).toMatchObject({ pod: 'default/thor', alive: true });
    expect(picture.networks).toMatchObject([
      { ifName: 'eth0', isDefault: true, path: [expect.stringMatching(/^veth/), 'cni-t0'], defaultFor: ['IPv4'] },
      { ifName: 'net1', path: ['eth1.100', 'eth1'], link: { kind: 'macvlan', mtu: 1500, mac: pod.link('net1').mac } },
      { ifName: 'net2', path: ['eth0'], addresses: [], ipam: undefined },
    ]);
    expect(picture.rules.filter(({ to }) => to === 'blackhole').map(({ iif }) => iif)).toEqual(
      expect.arrayContaining(['net1', 'net2']),
    );
  });

  it('of a pod whose namespace is gone has what the record says', async () => {
    const { record, host } = await attached();
    const picture = await readPicture(record, undefined, host);
    expect(picture).toMatchObject({ alive: false, routes: [], rules: [] });
    expect(picture.networks.map(({ addresses, link }) => [...addresses, link])).toEqual([
      ['10.244.1.2/24', undefined],
      ['192.168.100.2/24', undefined],
      [undefined],
    ]);
    expect(toShow(picture, 'text', 100)).toContain('(gone)');
  });

  it('shows a link that somebody took away', async () => {
    const { record, host, pod } = await attached();
    await pod.deleteLink(pod.link('net1').name);
    expect(toShow(await readPicture(record, pod, host), 'text', 100)).toMatch(/net1 .*192\.168\.100\.0\/24 +none/);
  });
});

describe('the drawing', () => {
  it.each([[40], [80], [90], [100], [140], [300]])('fits into %i columns and has every network', async (columns) => {
    const { picture } = await attached();
    const text = drawPod(picture, columns);
    for (const word of ['default/thor', 'net1', 'net2', 'eth0', 'cluster', 'default/v100'])
      expect(text).toContain(word);
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    if (columns >= 80) expect(widest).toBeLessThanOrEqual(columns);
  });

  it('has straight edges whatever the names are', async () => {
    const { picture } = await attached();
    const [first, ...others] = picture.networks;
    const long = {
      ...picture,
      pod: `default/${'p'.repeat(80)}`,
      networks: [first, ...others.map((one) => ({ ...one, network: `default/${'n'.repeat(90)}` }))],
    };
    const lines = drawPod(long as typeof picture, 100)
      .split('\n')
      .filter((line) => /[│┤┐┘]/.test(line));
    const starts = lines.map((line) => line.search(/[│┤┌└]/));
    expect(new Set(starts).size).toBe(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('is one wire for a pod without further networks', async () => {
    const { picture } = await attached();
    const text = drawPod({ ...picture, networks: picture.networks.slice(0, 1) }, 100);
    expect(text).not.toContain('○');
    expect(text).toContain('╞═════');
  });

  it('marks the default network in SVG, too', async () => {
    const { picture } = await attached();
    expect(toShow(picture, 'svg', 0)).toContain('>default</text>');
  });
});

describe('a record is found', () => {
  it.each([['thor'], ['default/thor'], ['c0123'], ['c0123456789abcdef']])('by %s', async (name) => {
    const { records } = await attached();
    expect(findRecord(name, records).containerId).toBe('c0123456789abcdef');
  });

  it.each([['loki'], [''], ['default/'], ['0123']])('but not by "%s": what there is is told', async (name) => {
    const { records } = await attached();
    expect(() => findRecord(name, records)).toThrow('there is default/thor (c0123456789a)');
  });

  it('unless several have that name', async () => {
    const { records, record } = await attached();
    const other = { ...record, pod: { ...record.pod, namespace: 'other', name: 'thor', uid: undefined } };
    expect(() => findRecord('thor', [...records, other])).toThrow(/Cannot choose "thor".*default\/thor.*other\/thor/);
  });

  it('and nothing is there on an empty node', () => {
    expect(() => findRecord('thor', [])).toThrow('nothing is attached on this node');
  });
});

describe('who-has', () => {
  it('tells pod, network and interface', async () => {
    const { records } = await attached();
    const address = ip('192.168.100.2', 'address');
    const holders = holdersOf(address, records);
    expect(holders).toMatchObject([{ pod: 'default/thor', network: 'default/v100', ifName: 'net1', attached: true }]);
    expect(toHoldersText(address, holders)).toContain('default/thor  c0123456789a  default/v100  net1');
  });

  it('knows IPv6 in any spelling, and says when there is nobody', async () => {
    const { records } = await attached();
    expect(holdersOf(ip('fd00:0::1', 'address'), records)).toEqual([]);
    expect(toHoldersText(ip('fd00:0::1', 'address'), [])).toBe('No pod of this node holds fd00::1.\n');
  });
});

describe('the drawing as SVG', () => {
  it('tells routes, rules, times and failures below the networks, and breaks what is too long for a line', async () => {
    const { picture } = await attached();
    const failure = { at: '2026-11-21T00:00:00.000Z', verb: 'CHECK', reason: 'CheckFailed' } as const;
    const problem = `network default/v100: ${'a word, '.repeat(30)}<end>`;
    const told = { ...picture, steps: [{ step: 'plan', ms: 3 }], failures: [{ ...failure, problem }] };
    const svg = toShow(told, 'svg', 100);
    for (const heading of ['Sandbox', 'Routes', 'Rules', 'Time', 'Failed']) expect(svg).toContain(`>${heading}</text>`);
    expect(svg).not.toContain('>Not freed</text>');
    expect(svg).toContain('&#60;end&#62;');
    const lines = [...svg.matchAll(/class="mono" x="40"[^>]*>([^<]*)</g)].map(([, words = '']) => words);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(106 + '&#60;&#62;'.length);
    const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
    const lowest = Math.max(...[...svg.matchAll(/ y="(\d+)" text-anchor/g)].map(([, y]) => Number(y)));
    expect(height).toBeGreaterThan(lowest);
  });
});
