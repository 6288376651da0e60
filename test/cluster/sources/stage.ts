/** What the tests of the source documents stand on: a cluster with flannel's network, wires with machines, pods that come and go. Runs where the cluster does. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'vitest';
import { flannel } from '../../e2e/cloud-node';
import { Namespace, Space } from '../../e2e/runtime';
import { Cluster, type KubeObject, toldBy } from '../cluster';
import { install } from '../install';
import { attached, nothingLeft, recordIn, state } from '../left';
import { uplinks, wireOf } from '../node';
import type { Manifest } from '../workloads';

/** The cluster's own network, as flannel writes it. */
export const flannelNetwork = { cniVersion: '0.3.1', name: 'cbr0', plugins: [flannel({}, { ipMasq: true })] };

let running: Cluster | undefined;

export function cluster(): Cluster {
  return running ?? expect.fail('the cluster does not run');
}

/** The cluster with Braid on it; what leads out of its node ends in a namespace that has no address. */
export async function setUp(): Promise<void> {
  running = await Cluster.start(flannelNetwork);
  node('netns add wires');
  for (const link of uplinks) {
    node(`link set ${wireOf(link)} netns wires`);
    node(`-n wires link set ${wireOf(link)} up`);
  }
  await install(running, clusterCIDRs);
}

/** Of services and pods. */
export const clusterCIDRs = '10.96.0.0/16,10.244.0.0/16';

export async function tearDown(): Promise<void> {
  await running?.stop();
}

/** `ip` with these words on the node. */
export function node(words: string): string {
  return execFileSync('ip', words.split(' '), { encoding: 'utf8' });
}

let peers = 0;

/** A machine on the wire of that link of the node, for one test: its eth1 has the address, in the VLAN if one is given. */
export function peer(link: (typeof uplinks)[number], address: string, vlan?: number): Space {
  const space = new Space(`peer${++peers}`);
  const kind = vlan === undefined ? 'macvlan mode bridge' : `vlan id ${vlan}`;
  node(`-n wires link add link ${wireOf(link)} name eth1 netns ${space.name} type ${kind}`);
  space.ip(`addr add ${address} dev eth1`);
  space.ip('link set eth1 up');
  return space;
}

/** A running pod: its namespace, and the id of its sandbox. */
export class RunningPod extends Namespace {
  constructor(
    netns: string,
    readonly sandbox: string,
  ) {
    super(path.basename(netns));
  }

  /** Its address on the cluster's own network. */
  get podIP(): string {
    return this.addresses('eth0')[0]?.split('/')[0] ?? expect.fail(`${this.name} has no address on eth0`);
  }

  /** Routes of the cluster's own network but the default. */
  get clusterRoutes(): readonly string[] {
    return [
      '10.244.0.0/16 via 10.244.0.1 dev eth0',
      `10.244.0.0/24 dev eth0 proto kernel scope link src ${this.podIP}`,
    ];
  }
}

/** The pods with these objects run and have told; what they hold is looked at; then they go, and nothing of them stays. */
export async function withPods(
  objects: readonly Manifest[],
  look: (...pods: readonly RunningPod[]) => unknown,
): Promise<void> {
  const before = state();
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  cluster().apply(...objects);
  const isReady = (wanted: Manifest): boolean =>
    shown.some(
      (one) => isSame(one, wanted) && one.status?.phase === 'Running' && toldBy(one)[0]?.interface !== undefined,
    ); // not what somebody else told before
  let shown: readonly KubeObject[] = [];
  await cluster().until(`${pods.map(({ metadata }) => metadata.name).join(', ')} run and have told`, () => {
    shown = cluster().pods() ?? [];
    return pods.every(isReady);
  });
  await look(...pods.map(runningPod));
  for (const namespace of new Set(pods.map(namespaceOf)))
    await cluster().remove(
      pods.filter((one) => namespaceOf(one) === namespace).map(({ metadata }) => metadata.name),
      namespace,
    );
  await nothingLeft(before);
}

const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace ?? 'default';

const isSame = ({ kind, metadata }: KubeObject, wanted: Manifest): boolean =>
  kind === wanted.kind && metadata.name === wanted.metadata.name && metadata.namespace === namespaceOf(wanted);

function runningPod(manifest: Manifest): RunningPod {
  const [name, namespace] = [manifest.metadata.name, namespaceOf(manifest)];
  const file = attached().find((each) => {
    const { pod } = recordIn(each);
    return pod?.name === name && pod.namespace === namespace;
  });
  if (file === undefined) expect.fail(`no record of pod ${namespace}/${name}`);
  return new RunningPod(recordIn(file).netns, file.split('_')[0] ?? '');
}

/** The pod does not start, and the kubelet's Events say this; then it goes, and nothing of it stays. Others may run beside it. */
export async function expectRefused(pod: Manifest, words: RegExp): Promise<void> {
  const { name } = pod.metadata;
  const before = state();
  cluster().apply(pod);
  await cluster().until(`an Event of ${name} says ${words}`, () =>
    cluster()
      .events(name)
      .some((event) => event.startsWith('FailedCreatePodSandBox: ') && words.test(event)),
  );
  expect(cluster().phase(name)).toBe('Pending');
  await cluster().remove([name]);
  await nothingLeft(before);
}

/** What of the pod's annotations was passed over, as its Events say. */
export function ignoredOf(pod: string): readonly string[] {
  const mark = 'AnnotationIgnored: ';
  const events = cluster().events(pod);
  return events.filter((event) => event.startsWith(mark)).map((event) => event.slice(mark.length));
}

export const unread = (annotation: string): string =>
  `annotation ${annotation} is not read: name the networks in k8s.v1.cni.cncf.io/networks`;

/** What stands in a file of the pod's container. */
export function fileIn(pod: string, file: string): string {
  return cluster().exec(pod, 'cat', file);
}

/** Whether the program ping of a pod's container gets an answer. */
export function pings(pod: string, address: string): boolean {
  return / [1-3] packets received/.test(cluster().exec(pod, 'ping', '-c', '3', '-W', '5', '-w', '15', address));
}
