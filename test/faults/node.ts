/**
 * The node and the pod of the fault sweep: one network of every kind, one of them a foreign delegate's. Makes links,
 * namespaces and files of its own in the guest it runs in, and nowhere else.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Json } from '../../src/json';
import { endSessions } from './ip';

/** Where everything lies. */
export const places = {
  state: '/var/lib/cni/braid',
  leases: '/var/lib/cni/networks',
  ownStore: '/var/lib/cni/trunk', // the dataDir of one network
  definitions: '/etc/cni/faults/networks',
  bin: '/opt/cni/bin',
  foreign: '/var/lib/faults-foreign', // the foreign delegate's own state
} as const;

/** A call of the runtime. */
export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC';

const environmentOfTools = { ...process.env, LC_ALL: 'C' };

/** What the runtime says about one sandbox of the pod. */
export interface Sandbox {
  readonly containerId: string;
  readonly space: string; // name of its namespace
}

/** The node's own links. A pod's interface has the name of one of them, as on most nodes. */
export const nodeLinks: readonly string[] = ['eth0', 'eth1', 'eth2', 'eth3'];

/** Networks annotations: of a pod with everything, and of one that is quicker to sweep and has each kind of act. */
export const pods = {
  whole: 'lan,left,right,storage,trunk,own,shared,foreign,joined',
  short: 'lan,left,right,own,foreign',
} as const;
let networks: string = pods.whole;

const hostLocal = (subnet: string, more: Json = {}): Json => ({ type: 'host-local', subnet, ...more });

const single = (network: string, address: string): Json =>
  hostLocal(`${network}.0/24`, { rangeStart: `${network}.${address}`, rangeEnd: `${network}.${address}` });

/** The cluster's network: nft by ipMasq, addresses by host-local. */
const cluster: Json = {
  cniVersion: '1.1.0',
  name: 'cluster',
  plugins: [{ type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipMasq: true, ipam: hostLocal('10.244.1.0/24') }],
};

/** One definition for each kind. Those with one address show that a dead sandbox gives it back. */
const definitions: Readonly<Record<string, Json>> = {
  lan: {
    cniVersion: '1.1.0',
    plugins: [
      {
        type: 'macvlan',
        master: 'eth1',
        ipam: hostLocal('10.20.0.0/24', { gateway: '10.20.0.254', routes: [{ dst: '0.0.0.0/0' }] }),
      },
      { type: 'sbr' },
    ],
  },
  // These two are attached at one time, and the thread that sends does what they ask for.
  left: { cniVersion: '1.1.0', type: 'macvlan', master: 'eth1', ipam: single('192.168.21', '10') },
  right: { cniVersion: '1.1.0', type: 'macvlan', master: 'eth1', ipam: hostLocal('192.168.22.0/24') },
  storage: { cniVersion: '1.1.0', type: 'vlan', master: 'eth2', vlanId: 100, ipam: single('192.168.100', '10') },
  trunk: {
    cniVersion: '1.1.0',
    type: 'bridge',
    bridge: 'br-trunk',
    vlan: 300,
    macspoofchk: true,
    ipam: hostLocal('172.30.0.0/24', { dataDir: places.ownStore }),
  },
  own: {
    cniVersion: '1.1.0',
    type: 'macvlan',
    master: 'eth2',
    vlan: 200, // the node's link eth2.200 comes and goes with it
    hostAccess: true, // and so does the node's own link on that
    ipam: hostLocal('192.168.200.0/24'),
  },
  shared: {
    cniVersion: '1.1.0',
    type: 'ipvlan',
    master: 'eth3',
    ipam: { type: 'static', addresses: [{ address: '10.5.2.203/24' }, { address: 'fd05::203/64' }] },
  },
  foreign: { cniVersion: '1.1.0', type: 'dummy-foreign' },
  joined: {
    cniVersion: '1.1.0',
    type: 'bridge',
    bridge: 'br-joined',
    master: 'eth2',
    vlan: 400, // the node's link eth2.400 is the bridge's uplink
    probe: true,
    ipam: hostLocal('192.168.40.0/24'),
  },
};

/** A delegate as other people write them: a real link in the pod, a file of its own on the node. */
const foreignDelegate = `#!/bin/busybox sh
# Busybox has these programs in itself: starting others is slow in the guest.
set -e
file=${places.foreign}/$CNI_CONTAINERID-$CNI_IFNAME
inside() { nsenter --net="$CNI_NETNS" ip link "$@"; }
read -r config || :
case $CNI_COMMAND in
ADD)
  echo held >"$file"
  inside add "$CNI_IFNAME" type dummy
  inside set "$CNI_IFNAME" up
  echo '{"cniVersion":"1.1.0","interfaces":[{"name":"'"$CNI_IFNAME"'","sandbox":"'"$CNI_NETNS"'"}]}'
  ;;
DEL)
  [ ! -e "$CNI_NETNS" ] || inside del "$CNI_IFNAME" 2>/dev/null || :
  rm -f "$file"
  ;;
CHECK) [ -e "$file" ] && inside show "$CNI_IFNAME" >/dev/null ;;
esac
`;

/** Runs a program; its stdout. */
export function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: environmentOfTools });
}

/**
 * Makes the node's links and files, for pods with that annotation. The bridges, which stay by the reference plugins' rule,
 * are made by the first pod.
 */
export function makeNode(annotation: string): void {
  networks = annotation;
  for (const directory of [places.definitions, places.bin]) mkdirSync(directory, { recursive: true });
  for (const link of nodeLinks) {
    run('ip', 'link', 'add', link, 'type', 'dummy');
    run('ip', 'link', 'set', link, 'up');
  }
  run('ip', 'addr', 'add', '192.168.200.254/24', 'dev', 'eth2'); // for hostAccess: the node's own in that network
  for (const [name, definition] of Object.entries(definitions)) {
    const spec = { config: JSON.stringify({ name, ...definition }) };
    const metadata = { name, namespace: 'default' };
    const manifest = { apiVersion: 'k8s.cni.cncf.io/v1', kind: 'NetworkAttachmentDefinition', metadata, spec };
    writeFileSync(`${places.definitions}/${name}.json`, JSON.stringify(manifest));
  }
  const path = `${places.bin}/dummy-foreign`;
  writeFileSync(path, foreignDelegate);
  chmodSync(path, 0o755);
  wipeState();
}

/** A node on which no pod ever was, but for its bridges and nftables: directories are made anew by every first ADD. */
export function wipeState(): void {
  for (const directory of [places.state, places.leases, places.ownStore, places.foreign])
    rmSync(directory, { recursive: true, force: true });
  mkdirSync(places.foreign);
}

/** A namespace for a sandbox, with nothing in it. */
export function makeSpace(name: string): void {
  run('ip', 'netns', 'add', name);
}

/** What the runtime does at the end of a sandbox; the kernel takes the links away in the background. */
export function removeSpace(name: string): void {
  endSessions(name);
  run('ip', 'netns', 'del', name);
}

/** The configuration that the runtime hands over. `more`: further keys. */
export function config(more: Json = {}): string {
  return JSON.stringify({
    cniVersion: '1.1.0',
    name: 'braid',
    type: 'braid',
    capabilities: { 'io.kubernetes.cri.pod-annotations': true },
    runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'k8s.v1.cni.cncf.io/networks': networks } },
    cniDir: places.state,
    networksDir: places.definitions,
    binDir: places.bin,
    delegates: [cluster],
    ...more,
  });
}

/** The environment that a kubelet's runtime sets. */
export function environment(verb: Verb, { containerId, space }: Sandbox): Record<string, string> {
  const common = { PATH: process.env.PATH ?? '', CNI_COMMAND: verb, CNI_PATH: places.bin };
  if (verb === 'GC') return common;
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: 'default',
    K8S_POD_NAME: 'swept',
    K8S_POD_UID: 'uid-swept',
    K8S_POD_INFRA_CONTAINER_ID: containerId,
  };
  return {
    ...common,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: spacePath(space),
    CNI_IFNAME: 'eth0',
    CNI_ARGS: Object.entries(args)
      .map((pair) => pair.join('='))
      .join(';'),
  };
}

/** Where a namespace of that name is. */
export function spacePath(name: string): string {
  return `/run/netns/${name}`;
}
