/** A fake node with one pod, for the contract of delegates. Touches the fakes. */
import { findDelegate } from '../../plugins';
import type { Edges } from '../../src/attach/ports';
import { fakeDhcp } from '../../src/model/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeIptables } from '../../src/model/iptables';
import { type FakeKernel, fakeKernel } from '../../src/model/kernel';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import { cidr } from '../../src/net/ip';
import { ifName, netnsPath } from '../../src/net/names';
import { rulesNft } from '../plugins/bridge-nft';
import { bridgeAddresses, type DelegateWorld, type Touched } from './delegates';
import { stateOf } from './node-state';

/** The node, and its kernel, at which a test may look more closely. */
export async function fakeWorld(): Promise<DelegateWorld & { readonly kernel: FakeKernel }> {
  const podPath = '/var/run/netns/pod';
  const kernel = fakeKernel({
    hostLinks: ['eth0', { name: 'dev0', up: false }],
    podPath,
  });
  const bridge = await kernel.host.createLink({ kind: 'bridge', name: ifName('br0', 'test') });
  await kernel.host.changeLink(bridge.index, { up: true, mac: bridge.mac });
  for (const held of bridgeAddresses) await kernel.host.addAddress(bridge.index, cidr(held, 'test'), { noDad: true });
  const [leases, dhcp, hostLinks, files] = [fakeLeases(), fakeDhcp(), fakeHostLinks(), fakeFiles()];
  const [nft, iptables] = [rulesNft(), fakeIptables()];
  const edges: Touched = {
    findDelegate,
    kernel,
    leases,
    dhcp,
    hostLinks,
    nft,
    iptables,
    files,
    log: fakeLog(),
  };
  return {
    kernel,
    edges: edges as Edges, // a delegate on its own touches no other
    podPath,
    async state() {
      const pod = await kernel.find(netnsPath(podPath));
      return {
        host: await stateOf(kernel.host),
        pod: pod === undefined ? undefined : await stateOf(pod),
        leases: leases.held('example'),
        dhcp: dhcp.held(),
        users: hostLinks.users(),
        files: files.paths(),
        rules: [...nft.chains].flatMap((chain) => nft.rulesOf(chain)).filter((rule) => rule.includes('comment')),
        iptables: iptables.rules(),
      };
    },
    async removePod() {
      kernel.removeNamespace(podPath);
    },
    async close() {},
  };
}
