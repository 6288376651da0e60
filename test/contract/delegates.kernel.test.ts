/** Every built-in delegate keeps the contract in a real kernel, with the node's own nft. Touches the guest's kernel. */
import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';
import { findDelegate } from '../../plugins';
import type { Edges } from '../../src/attach/ports';
import { createNft } from '../../src/exec/nft';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import type { Link } from '../../src/net/link';
import { fakeFiles } from '../fakes/files';
import { Lab } from '../kernel/lab';
import { bridgeAddresses, type DelegateWorld, delegateContract } from './delegates';
import { stateOf } from './node-state';

describe('in a real kernel', () => {
  delegateContract(async (): Promise<DelegateWorld> => {
    const lab = new Lab();
    const pod = await lab.namespace();
    await lab.uplink('eth0');
    const bridge = 'type bridge; ip link set br0 address 02:00:00:00:00:b0 up';
    const addresses = bridgeAddresses.map((held) => `ip addr add ${held} dev br0 nodad`).join('; ');
    lab.run(lab.host, 'sh', '-ec', `ip link add dev0 type dummy; ip link add br0 ${bridge}; ${addresses}`);
    const [leases, hostLinks] = [fakeLeases(), fakeHostLinks()];
    const edges: Pick<Edges, 'kernel' | 'leases' | 'hostLinks' | 'nft' | 'files' | 'log' | 'findDelegate'> = {
      findDelegate,
      kernel: lab.kernel,
      leases,
      hostLinks,
      nft: createNft(process.env),
      files: fakeFiles(),
      log: fakeLog(),
    };
    let gone = false;
    return {
      edges: edges as Edges, // a delegate on its own touches no other
      podPath: pod.path,
      state: async () => ({
        host: await stateOf(lab.host.netns),
        pod: gone ? undefined : await stateOf(pod.netns),
        leases: leases.held('example'),
        users: hostLinks.users(),
        rules: execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
          .split('\n')
          .filter((line) => line.includes('comment "') && line.includes('id: c1')),
      }),
      async removePod() {
        gone = true;
        lab.remove(pod);
        await settled(lab);
      },
      close: () => lab.close(),
    };
  }, ['1.1.0']); // the kernel knows no versions
});

/** A namespace takes its links away in the background. */
async function settled(lab: Lab): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const links = await lab.host.netns.links();
    const isUsed = ({ detail, master, promisc }: Link): boolean =>
      detail.kind === 'veth' && (master !== undefined || promisc > 0);
    if (!links.some(isUsed)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
