/** Reasons that other programs and the node's files make come: delegates, nft, DHCP, records, the installer. Touches directories of the test. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toLife } from '../../src/agent/dhcp/identity';
import type { PodLinks, Trouble } from '../../src/agent/dhcp/ports';
import { Runner } from '../../src/agent/dhcp/runner';
import { startDhcp } from '../../src/agent/dhcp/start';
import { findRecord } from '../../src/bin/find-record';
import type { Lease } from '../../src/dhcp/life';
import { readText } from '../../src/disk/files';
import { install, planInstall } from '../../src/disk/install';
import { createRecords } from '../../src/disk/records';
import { uninstall } from '../../src/disk/uninstall';
import { CniError } from '../../src/error';
import { openDhcp } from '../../src/exec/dhcp';
import { createForeign } from '../../src/exec/foreign';
import { createNft } from '../../src/exec/nft';
import { fakeFiles } from '../../src/model/files';
import { fakeKernel } from '../../src/model/kernel';
import { fakeLog } from '../../src/model/log';
import { ip } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { mac } from '../../src/net/mac';
import { netnsPath, networkName } from '../../src/net/names';
import { world } from '../attach/world';
import { id, link, sampleRecord } from '../disk/sample';
import { temporaryDirectory } from '../disk/temp';
import type { Provocations } from './provoked';

const place = ['pod default/thor', 'network default/lan', 'interface net1'];

/** ADD of a network whose delegate `thing` is that shell script; without one there is no such program. */
function attach(script?: string, timeout = 10): Promise<unknown> {
  const directory = temporaryDirectory();
  if (script !== undefined) writeFileSync(join(directory, 'thing'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const { edges, add } = world({ networks: { 'default/lan': { cniVersion: '1.0.0', type: 'thing' } } });
  const env = { PATH: '/usr/bin:/bin' };
  const foreign = createForeign(
    { directories: [directory], timeout, locks: join(directory, 'locks'), env, builtIn: ['macvlan'] },
    fakeLog(),
  );
  Object.assign(edges, { foreign });
  return add('lan');
}

/** A node on which Braid is to be installed. */
function host(files: Readonly<Record<string, string>>) {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'etc/cni/net.d'), { recursive: true });
  mkdirSync(join(root, 'opt/cni/bin'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'etc/cni/net.d', name), text);
  const binary = join(root, 'braid');
  writeFileSync(binary, 'the executable');
  const places = { root, binary, networksDir: '/etc/cni/braid/networks', cniDir: '/var/lib/cni/braid' };
  return { ...places, clusterCIDRs: [], fromMultus: false, force: false, dryRun: false };
}

const dhcpCall = (socket: string) => ({
  socket,
  containerId: id('c1'),
  ifName: link('net1'),
  netns: undefined,
  args: [],
  config: '{"name":"lan","ipam":{"type":"dhcp"}}',
});

/** What the agent tells of a lease whose time has passed, by a clock that leaps. */
async function endOfLease(): Promise<never> {
  const { host } = fakeKernel({ hostLinks: ['net1'] });
  const done = async (): Promise<void> => undefined;
  const own = { link: (await host.findLink('net1')) as Link, identity: 'ns-1' };
  const silent = { send: done, heard: () => [], setDown: done, remove: done, findHolder: async () => undefined };
  const links: PodLinks = {
    addresses: async () => [],
    open: async () => ({ ...own, ...silent, close: () => undefined }),
  };
  const serverMac = mac('02:00:00:00:00:fe', 'test');
  const times = { renewAt: 0, rebindAt: 0, endsAt: 0 };
  const server = { server: ip('10.9.0.1', 'test'), serverMac };
  const lease: Lease = { family: 4, address: ip('10.9.0.57', 'test'), ...server, ...times, options: new Map() };
  const owner = { containerId: id('c1'), network: networkName('lan'), ifName: link('net1') };
  const told = { family: 4, options: new Map() } as const;
  const place = { netns: netnsPath('/run/netns/pod'), identity: undefined, ifName: owner.ifName };
  let clock = 0;
  const now = (): number => {
    clock += 100_000;
    return clock;
  };
  const { error } = await new Promise<Trouble>((tell) => {
    const means = { links, log: fakeLog(), broadcast: false, now, random: () => 0.5, keep: done, forget: done, tell };
    new Runner({ owner, pod: undefined, place, told, isOneOfTwo: false }, toLife(owner, told, lease), means);
  });
  throw error;
}

export const programs: Provocations<
  | 'ContainerUnknown'
  | 'IoFailed'
  | 'LimitedConnectivity'
  | 'DelegateMissing'
  | 'DelegateFailed'
  | 'DelegateTimeout'
  | 'ResultInvalid'
  | 'RequestUnmet'
  | 'RecordInvalid'
  | 'FirewallFailed'
  | 'DhcpUnavailable'
  | 'LeaseUnavailable'
  | 'LeaseLost'
  | 'PrimaryMissing'
  | 'PodsAttached'
> = {
  ContainerUnknown: [
    {
      how: 'a pod that nobody attached',
      by: () => findRecord('shop/web', [sampleRecord()]),
      names: ['"shop/web"', 'cid1'],
    },
  ],
  IoFailed: [
    {
      how: 'a file below a file',
      by: () => {
        const directory = temporaryDirectory();
        writeFileSync(join(directory, 'file'), '');
        readText(join(directory, 'file', 'below'), 100);
        return readText(directory);
      },
      names: ['braid-test-'],
    },
  ],
  LimitedConnectivity: [
    {
      how: 'a delegate says so of itself',
      by: () => {
        const unwell = new CniError('DelegateFailed', 'Delegate "fancy" failed (STATUS): no uplink', { code: 51 });
        const { status } = world({ foreign: { fancy: unwell } });
        return status({ delegates: [{ cniVersion: '1.1.0', name: 'first', type: 'fancy' }] });
      },
      names: ['"fancy"', 'STATUS', 'no uplink'],
    },
  ],
  DelegateMissing: [{ how: 'no such program', by: () => attach(), names: [...place, '"thing"', 'braid-test-'] }],
  DelegateFailed: [
    {
      how: 'its own message',
      by: () => attach('echo \'{"code":7,"msg":"no uplink p1"}\'; exit 1'),
      names: [...place, '"thing"', 'ADD', 'no uplink p1'],
    },
    { how: 'it ends without a word', by: () => attach('exit 3'), names: [...place, '"thing"', 'exit status 3'] },
  ],
  DelegateTimeout: [
    { how: 'it hangs', by: () => attach('sleep 5', 0.1), names: [...place, '"thing"', 'ADD', '0.1 s'] },
  ],
  ResultInvalid: [{ how: 'it prints no result', by: () => attach('echo hello'), names: [...place, 'thing'] }],
  RequestUnmet: [
    {
      how: 'a delegate that gives another address',
      by: () => {
        const answer = {
          cniVersion: '1.0.0',
          interfaces: [{ name: 'net1', sandbox: '/var/run/netns/pod' }],
          ips: [{ address: '10.1.0.9/24', interface: 0 }],
        };
        const { add } = world({
          networks: { 'default/lan': { cniVersion: '1.0.0', type: 'thing' } },
          foreign: { thing: answer },
        });
        return add('[{"name":"lan","ips":["10.1.0.5"]}]');
      },
      names: [...place, '10.1.0.5', '10.1.0.9'],
    },
  ],
  RecordInvalid: [
    {
      how: 'a record that somebody cut short',
      by: async () => {
        const directory = temporaryDirectory();
        const records = createRecords(directory, fakeLog());
        const record = sampleRecord();
        await records.save(record);
        const [name = ''] = readdirSync(join(directory, 'attachments'));
        writeFileSync(join(directory, 'attachments', name), '{"version": 1,');
        return records.find(record.containerId, record.ifName);
      },
      names: ['cid1'],
    },
  ],
  FirewallFailed: [
    {
      how: 'nft says no',
      by: () => {
        const directory = temporaryDirectory();
        writeFileSync(join(directory, 'nft'), '#!/bin/sh\necho "Error: No such chain" >&2; exit 1\n', { mode: 0o755 });
        return createNft({ PATH: `${directory}:/usr/bin:/bin` }).run('add rule x');
      },
      names: ['No such chain'],
    },
  ],
  DhcpUnavailable: [
    {
      how: 'nobody listens',
      by: () => openDhcp(1, []).allocate(dhcpCall('/run/cni/nobody.sock')),
      names: ['/run/cni/nobody.sock'],
    },
  ],
  LeaseUnavailable: [
    {
      how: 'the DHCP client cannot get to the pod',
      by: async () => {
        const directory = temporaryDirectory();
        const client = openDhcp(5, []);
        const running = await startDhcp({
          socket: join(directory, 'dhcp.sock'),
          broadcast: false,
          directory: '/state/dhcp',
          bootId: 'boot-1',
          files: fakeFiles(),
          isThere: client.isThere,
          peerUser: () => 0,
          users: [0],
          links: async () => ({ open: async () => undefined, addresses: async () => undefined }),
          log: fakeLog(),
          tell: () => undefined,
        });
        try {
          await client.allocate(dhcpCall(join(directory, 'dhcp.sock')));
        } finally {
          running.stop();
        }
      },
      names: ['net1', 'DHCP'],
    },
  ],
  LeaseLost: [
    {
      how: 'a lease ends, and no server answers',
      by: endOfLease,
      names: ['network lan', 'interface net1', '10.9.0.57', 'no DHCP server answered'],
    },
  ],
  PrimaryMissing: [
    {
      how: 'no cluster network yet',
      by: () => planInstall(host({ '87-podman.conflist': '{"name":"podman","cniVersion":"0.4.0","plugins":[]}' })),
      names: ['/etc/cni/net.d', '87-podman.conflist'],
    },
  ],
  PodsAttached: [
    {
      how: 'uninstall while pods run',
      by: async () => {
        const options = host({
          '10-flannel.conflist': '{"name":"cbr0","cniVersion":"1.0.0","plugins":[{"type":"flannel"}]}',
        });
        install(planInstall(options), options);
        await createRecords(join(options.root, options.cniDir), fakeLog()).save(sampleRecord());
        return uninstall(options, fakeLog());
      },
      names: [`${sampleRecord().pod?.namespace}/${sampleRecord().pod?.name}`],
    },
  ],
};
