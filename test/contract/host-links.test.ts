/** The list of who uses which shared link: one contract for the fake and the disk. Touches a temporary directory. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { HostLinks } from '../../src/attach/ports';
import { createHostLinks } from '../../src/disk/host-links';
import { fakeHostLinks } from '../../src/model/host-links';
import { ip } from '../../src/net/ip';
import { containerId, ifName } from '../../src/net/names';

const root = mkdtempSync(join(tmpdir(), 'braid-links-'));
afterAll(() => rmSync(root, { recursive: true }));
let number = 0;

const eth100 = ifName('eth1.100', 'test');
const odd = ifName('é%_.1', 'test');
const a = { containerId: containerId('a'), ifName: ifName('net1', 'test') };
const b = { containerId: containerId('b_c'), ifName: ifName('net_1', 'test') };

describe.each([
  ['the fake', (): HostLinks => fakeHostLinks()],
  ['the disk', (): HostLinks => createHostLinks(join(root, String(number++)))],
])('users of shared links, %s', (_, create) => {
  it('are nobody at first', async () => {
    const links = create();
    expect([await links.all(), await links.usedBy(a), await links.isOnlyUser(eth100, a)]).toEqual([[], [], true]);
  });

  it('are counted by owner, not by call', async () => {
    const links = create();
    await links.use(eth100, a);
    await links.use(eth100, a);
    await links.use(eth100, b);
    expect(await links.isOnlyUser(eth100, a)).toBe(false);
    await links.release(eth100, b);
    expect(await links.isOnlyUser(eth100, a)).toBe(true);
    await links.release(eth100, a);
    await links.release(eth100, a);
    expect(await links.all()).toEqual([]);
  });

  it('are found by owner and by link, whatever the names', async () => {
    const links = create();
    await links.use(eth100, a);
    await links.use(odd, a);
    await links.use(odd, b);
    expect((await links.usedBy(a)).toSorted()).toEqual([eth100, odd].toSorted());
    expect(await links.usedBy(b)).toEqual([odd]);
    expect((await links.all()).find(({ link }) => link === odd)?.users).toEqual([a, b]);
  });

  it('are noted with their addresses, until they leave', async () => {
    const links = create();
    const addresses = [ip('10.1.0.5', 'test'), ip('fd00:1::5', 'test')];
    await links.use(eth100, a);
    expect(await links.addressesOf(eth100, a)).toEqual([]);
    await links.use(eth100, a, addresses);
    expect([await links.addressesOf(eth100, a), await links.addressesOf(eth100, b)]).toEqual([addresses, []]);
    await links.release(eth100, a);
    expect(await links.addressesOf(eth100, a)).toEqual([]);
  });

  it('work on a link one after the other', async () => {
    const links = create();
    const seen: string[] = [];
    const slow = links.locked(eth100, async () => {
      seen.push('first');
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push('first ends');
    });
    await Promise.all([slow, slow.then(() => links.locked(eth100, async () => void seen.push('second')))]);
    expect(seen).toEqual(['first', 'first ends', 'second']);
  });
});

it('leaves no directory and no lock behind', async () => {
  const directory = join(root, 'clean');
  const links = createHostLinks(directory);
  await links.locked(eth100, () => links.use(eth100, a));
  await links.release(eth100, a);
  expect([readdirSync(join(directory, 'links')), readdirSync(join(directory, 'locks'))]).toEqual([[], []]);
});

it('keeps the whole addresses of a note that was cut short', async () => {
  const directory = join(root, 'cut');
  const links = createHostLinks(directory);
  await links.use(eth100, a);
  writeFileSync(join(directory, 'links', eth100, 'a_net1'), '10.1.0.5\n10.1.0.5');
  expect(await links.addressesOf(eth100, a)).toEqual(['10.1.0.5']); // the second was to be 10.1.0.55
});
