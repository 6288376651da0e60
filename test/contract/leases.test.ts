/** What every lease store does, the real one and the fake. */
import { describe, expect, it } from 'vitest';
import type { LeaseOwner, LeaseStore } from '../../src/attach/ports';
import { createLeaseStore } from '../../src/disk/leases';
import { fakeLeases } from '../../src/model/leases';
import { addr, id, link, net } from '../disk/sample';
import { temporaryDirectory } from '../disk/temp';

const blue = net('blue');
const web: LeaseOwner = { containerId: id('web'), ifName: link('net1') };
const webToo: LeaseOwner = { containerId: id('web'), ifName: link('net2') };
const db: LeaseOwner = { containerId: id('db'), ifName: link('net1') };

function realStore(): [LeaseStore, string] {
  const root = temporaryDirectory();
  return [createLeaseStore({ roots: [root], cniDir: `${root}/braid` }), `${root}/networks`];
}

describe.each([
  ['fake', (): [LeaseStore, string] => [fakeLeases(), '/var/lib/cni/networks']],
  ['real', realStore],
])('%s lease store', (_, make) => {
  it('gives an address once', async () => {
    const [store, dataDir] = make();
    const taken = await store.locked(dataDir, blue, (leases) => [
      leases.reserve(addr('10.5.0.2'), web),
      leases.reserve(addr('10.5.0.2'), db),
      leases.reserve(addr('10.5.0.2'), web),
    ]);
    expect(taken).toEqual([true, false, false]);
  });

  it('looks at nothing but what is recorded when the owner holds all of that, else at everything', async () => {
    const [store, dataDir] = make();
    await store.locked(dataDir, blue, (leases) => {
      leases.reserve(addr('10.5.0.2'), web);
      leases.reserve(addr('10.5.0.3'), db);
      expect(leases.ownedBy(web, [addr('10.5.0.2')])).toEqual(['10.5.0.2']);
      expect(leases.ownedBy(web, [addr('10.5.0.2'), addr('10.5.0.3')])).toEqual(['10.5.0.2']);
      expect(leases.ownedBy(web, [addr('10.5.0.9')])).toEqual(['10.5.0.2']);
      expect(leases.release(web, [addr('10.5.0.3')])).toEqual(['10.5.0.2']);
      expect(leases.release(db, [addr('10.5.0.3')])).toEqual(['10.5.0.3']);
      expect(leases.all()).toEqual([]);
    });
  });

  it('keeps what was reserved until it is released, by its owner only', async () => {
    const [store, dataDir] = make();
    await store.locked(dataDir, blue, (leases) => {
      leases.reserve(addr('10.5.0.2'), web);
      leases.reserve(addr('fd05::2'), web);
      leases.reserve(addr('10.5.0.3'), webToo);
      leases.reserve(addr('10.5.0.4'), db);
    });
    const seen = await store.locked(dataDir, blue, (leases) => ({
      webs: leases.ownedBy(web),
      released: leases.release(web),
      again: leases.release(web),
      left: leases.all(),
    }));
    expect(seen.webs).toEqual(['10.5.0.2', 'fd05::2']);
    expect(seen.released).toEqual(['10.5.0.2', 'fd05::2']);
    expect(seen.again).toEqual([]);
    expect(seen.left).toEqual([
      { ...webToo, address: '10.5.0.3' },
      { ...db, address: '10.5.0.4' },
    ]);
  });

  it('remembers the last address of each range set', async () => {
    const [store, dataDir] = make();
    const before = await store.locked(dataDir, blue, (leases) => leases.last(0));
    await store.locked(dataDir, blue, (leases) => {
      leases.setLast(0, addr('10.5.0.200'));
      leases.setLast(0, addr('10.5.0.9'));
      leases.setLast(1, addr('fd05::9'));
    });
    const after = await store.locked(dataDir, blue, (leases) => [leases.last(0), leases.last(1), leases.last(2)]);
    expect([before, after]).toEqual([undefined, ['10.5.0.9', 'fd05::9', undefined]]);
    const next = (address: string) =>
      store.locked(dataDir, blue, (leases) => {
        const last = leases.last(0);
        leases.setLast(0, addr(address));
        return [last, leases.last(0)];
      });
    expect(await next('10.5.0.200')).toEqual(['10.5.0.9', '10.5.0.200']);
    expect(await next('10.5.0.7')).toEqual(['10.5.0.200', '10.5.0.7']);
    expect(await store.locked(dataDir, blue, (leases) => leases.last(0))).toBe('10.5.0.7');
  });

  it('keeps networks and directories apart', async () => {
    const [store, dataDir] = make();
    const reserve = (directory: string, network: string) =>
      store.locked(directory, net(network), (leases) => leases.reserve(addr('10.5.0.2'), web));
    expect([await reserve(dataDir, 'a'), await reserve(dataDir, 'b'), await reserve(`${dataDir}/other`, 'a')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('frees the lock when the work throws', async () => {
    const [store, dataDir] = make();
    const broken = store.locked(dataDir, blue, () => {
      throw new Error('work');
    });
    await expect(broken).rejects.toThrow('work');
    expect(await store.locked(dataDir, blue, () => 'in')).toBe('in');
  });
});
