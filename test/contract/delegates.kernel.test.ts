/** Every built-in delegate keeps the contract in a real kernel, with the node's own nft. Touches the guest's kernel. */
import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';
import { findDelegate } from '../../plugins';
import type { Edges } from '../../src/attach/ports';
import { createIptables } from '../../src/exec/iptables';
import { createNft } from '../../src/exec/nft';
import { fakeDhcp } from '../../src/model/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import type { Link } from '../../src/net/link';
import { Lab } from '../kernel/lab';
import { bridgeAddresses, type DelegateWorld, delegateContract, kernelScope, type Touched } from './delegates';
import { stateOf } from './node-state';

const dev0 = 'ip link add dev0 address 02:00:00:00:de:00 type veth peer name dev1 address 02:00:00:00:de:01';

describe('in a real kernel', () => {
  delegateContract(async (): Promise<DelegateWorld> => {
    const lab = new Lab();
    const pod = await lab.namespace();
    await lab.uplink('eth0');
    const bridge = 'type bridge; ip link set br0 address 02:00:00:00:00:b0 up';
    const addresses = bridgeAddresses.map((held) => `ip addr add ${held} dev br0 nodad`).join('; ');
    lab.run(lab.host, 'sh', '-ec', `${dev0}; ip link add br0 ${bridge}; ${addresses}`);
    const [leases, dhcp, hostLinks, files] = [fakeLeases(), fakeDhcp(), fakeHostLinks(), fakeFiles()];
    const edges: Touched = {
      findDelegate,
      kernel: lab.kernel,
      leases,
      dhcp,
      hostLinks,
      nft: createNft(process.env),
      iptables: createIptables(process.env),
      files,
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
        dhcp: dhcp.held(),
        users: hostLinks.users(),
        files: files.paths(),
        rules: execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
          .split('\n')
          .filter((line) => /comment ".*id: c1|\bCNI-[0-9a-f]{24}\b/.test(line)),
      }),
      async removePod() {
        gone = true;
        lab.remove(pod);
        await settled(lab);
        // The kernel gives physical devices back to the node, and deletes others.
        lab.run(lab.host, 'sh', '-ec', `test -e /sys/class/net/dev0 || { ${dev0}; }`);
      },
      close: () => lab.close(),
    };
  }, kernelScope);
});

/** A namespace takes its links away in the background. */
async function settled(lab: Lab): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const links = await lab.host.netns.links();
    const isUsed = ({ detail, master, promisc }: Link): boolean =>
      detail.kind === 'veth' && (master !== undefined || promisc > 0);
    const ends = links.filter(({ name }) => name === 'dev0' || name === 'dev1').length; // a pair goes together
    if (!links.some(isUsed) && ends !== 1) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
