/** A process that reserves addresses in a store others use, too: ROOT COUNT NAME. Prints what it got, one a line. */
import { createLeaseStore } from '../../src/disk/leases';
import { type Ip, ipPlus } from '../../src/net/ip';
import { addr, id, link, net } from './sample';

const [root = '', count = '0', name = ''] = process.argv.slice(2);
const store = createLeaseStore({ roots: [root], cniDir: `${root}/braid` });
const first = addr('10.9.0.1');
for (let i = 0; i < Number(count); i++) {
  const owner = { containerId: id(`${name}-${i}`), ifName: link('net1') };
  const got = await store.locked(root, net('pool'), (leases) => {
    let address: Ip | undefined = ipPlus(leases.last(0) ?? first, 1);
    while (address !== undefined && !leases.reserve(address, owner)) address = ipPlus(address, 1);
    if (address !== undefined) leases.setLast(0, address);
    return address;
  });
  console.log(got);
}
