/** The node of the test's cluster: directories that it has for itself, links, wires. Mounts, makes links, ends processes. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeAddress, serviceAddress, staticPods } from './files';
import { isGuest } from './guest';

/** Directories of the node that the test has for itself: the machine may have a container runtime of its own. */
const ownPlaces: readonly string[] = [
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/log/pods',
  '/var/log/containers',
  '/etc/cni',
  '/etc/containerd',
  '/etc/kubernetes',
  '/usr/lib/cni',
  '/opt/cni',
  '/run',
];

/** Links that lead to a wire; the source documents name some of them. */
export const uplinks = ['eth0', 'eth1', 'eth2', 'eth3', 'k8s-vlan1'] as const;

/** Links that are there when the node starts. */
export const hardware: readonly string[] = [
  'lo',
  ...uplinks.flatMap((name) => [name, wireOf(name)]),
  'br1', // NMState's, over eth2, which would make it again
];

/** The other end of a link of the node: nobody else is on that wire. */
export function wireOf(name: string): string {
  return `wire-${name}`;
}

/** What a kubelet wants the kernel to hold, and would set for the whole machine: here it finds files that say so. */
const kubeletSettings = [
  ['vm/overcommit_memory', 1],
  ['vm/panic_on_oom', 0],
  ['kernel/panic', 10],
  ['kernel/panic_on_oops', 1],
  ['kernel/keys/root_maxkeys', 1_000_000],
  ['kernel/keys/root_maxbytes', 25_000_000],
] as const;

/** Addresses, links and private directories of the node, and its cluster's own network. */
export function prepareNode(directory: string, network: object): void {
  const own = (place: string): void => {
    const backing = path.join(directory, 'node', place);
    mkdirSync(backing, { recursive: true });
    mkdirSync(place, { recursive: true });
    execFileSync('mount', ['--bind', backing, place]);
  };
  execFileSync('mount', ['--make-rshared', '/']); // within the mount namespace of this test
  const places = isGuest ? ownPlaces.filter((place) => existsSync(place) || !place.startsWith('/usr/')) : ownPlaces; // a guest's /usr is read-only
  for (const place of places) own(place);
  if (isGuest) execFileSync('mount', ['-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup']);
  for (const [key, value] of kubeletSettings) {
    const stand = path.join(directory, key.replaceAll('/', '.'));
    writeFileSync(stand, `${value}\n`);
    execFileSync('mount', ['--bind', stand, `/proc/sys/${key}`]);
  }
  for (const place of ['/run/netns', '/etc/cni/net.d', '/opt/cni/bin', staticPods])
    mkdirSync(place, { recursive: true });
  for (const line of [
    'link set lo up',
    `addr add ${nodeAddress}/32 dev lo`,
    `addr add ${serviceAddress}/32 dev lo`,
    ...uplinks.flatMap((name) => [
      `link add ${name} mtu 9001 type veth peer name ${wireOf(name)} mtu 9001`,
      `link set ${name} up`,
      `link set ${wireOf(name)} up`,
    ]),
    'link add br1 mtu 9001 type bridge',
    'link set eth2 master br1',
    'link set br1 up',
  ])
    execFileSync('ip', line.split(' '));
  writeFileSync('/etc/cni/net.d/10-cluster.conflist', JSON.stringify(network));
}

/** The cluster's own network, as an operator would have it. */
export const clusterNetwork = {
  cniVersion: '1.0.0',
  name: 'cluster',
  plugins: [
    { type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipam: { type: 'host-local', subnet: '10.244.0.0/16' } },
  ],
};

/** Ends the containers and their shims: what has a process namespace of its own below this test's, and who holds it. */
export function endPods(): void {
  const own = readlinkSync('/proc/self/ns/pid');
  for (const at of globSync('/proc/[0-9]*')) {
    try {
      const isShim = readFileSync(`${at}/cmdline`, 'utf8').includes('containerd-shim');
      if (isShim || readlinkSync(`${at}/ns/pid`) !== own) process.kill(Number(path.basename(at)), 'SIGKILL');
    } catch {} // gone meanwhile
  }
}

/** Takes the private directories away again. */
export function releaseNode(directory: string): void {
  for (const place of [...ownPlaces, directory]) run('umount', ['--lazy', '--recursive', place]);
}

/** Mount points below a directory, the deepest first. */
export function mountsBelow(place: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${place}/`));
  return points.toReversed();
}

/** A program's stdout without white space around; '' when it fails. */
export function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
