/** What ADD would do for a pod, found by running it on a model of the node. Acts on the model only. */
import { findDelegate } from '../../plugins';
import { decideAttachments, handleAdd } from '../attach/handle';
import { type PictureNetwork, type PodPicture, readPicture } from '../attach/picture';
import type { Cluster, Networks, Pod } from '../attach/ports';
import { type NetConf, prefersExternal } from '../cni/config';
import type { AddRequest } from '../cni/request';
import { placed } from '../error';
import { isModelMac } from '../model/kernel-device';
import { assumedBridges, assumedHost, assumedLinks, type ModelHost, type ModelNode, modelNode } from '../model/node';
import { containerId, ifName, netnsPath } from '../net/names';
import type { Attachment } from '../pod/attachment';
import { findOddTypes } from './odd-types';

/** What a pod would get. */
export interface Plan extends Omit<PodPicture, 'containerId' | 'netns' | 'alive' | 'since' | 'steps' | 'failures'> {
  /** Links that ADD would make on the node. */
  readonly made: readonly string[];
  /** What is taken for granted since no node was looked at. */
  readonly assumed: readonly string[];
  readonly warnings: readonly string[];
}

/** Where a plan's facts come from. */
export interface PlanSources {
  readonly conf: NetConf;
  readonly networks: Networks;
  readonly cluster: Cluster;
  /** The node; undefined: the links that the networks name are assumed. */
  readonly host: ModelHost | undefined;
  /** The default network is none of a configuration, but assumed. */
  readonly defaultAssumed: boolean;
}

const sandboxPath = '/var/run/netns/plan';

/** The plan of one pod. Throws what ADD would answer with. */
export async function planPod(pod: Pod, sources: PlanSources): Promise<Plan> {
  try {
    return await runAdd(pod, sources);
  } catch (error) {
    throw placed(error, { pod: `${pod.namespace}/${pod.name}` });
  }
}

/** The pod's networks, decided from its annotations and their definitions alone. Throws what ADD would answer with. */
export async function attachmentsOf(pod: Pod, sources: PlanSources): Promise<readonly Attachment[]> {
  const { base, conf, request } = toCall(pod, sources);
  const probe = await modelNode({ ...base, host: { links: [], gateways: [], vlans: [], bridges: [] } });
  return (await decideAttachments(request, conf, probe.edges)).attachments;
}

/** The delegate of that type, unless the configuration wants an executable for it. */
export function findBuiltIn(conf: Pick<NetConf, 'externalDelegates'>, type: string): ReturnType<typeof findDelegate> {
  return prefersExternal(conf, type) ? undefined : findDelegate(type);
}

/** The call that a runtime would make for the pod, and the edges of a node whose kernel is still to be modelled. */
function toCall(pod: Pod, { networks, cluster, ...sources }: PlanSources) {
  const conf = { ...sources.conf, podAnnotations: pod.annotations, readinessIndicatorFile: undefined };
  const base = {
    findDelegate: (type: string) => findBuiltIn(conf, type),
    networks,
    cluster,
    now: new Date().toISOString(),
  };
  return { base, conf, request: toRequest(pod) };
}

async function runAdd(pod: Pod, sources: PlanSources): Promise<Plan> {
  const { base, conf, request } = toCall(pod, sources);
  const attachments = await attachmentsOf(pod, sources);
  const oddTypes = attachments.flatMap(({ plugins }) => plugins.flatMap(findOddTypes)).map(({ message }) => message);
  const named = assumedLinks(attachments);
  const bridges = assumedBridges(attachments);
  const node = await modelNode({ ...base, host: sources.host ?? assumedHost(named, bridges) });
  const space = node.kernel.addNamespace(sandboxPath);
  const before = node.kernel.host.names();
  await handleAdd(request, conf, node.edges);
  const [record] = await node.edges.records.all();
  if (record === undefined) throw new Error('ADD left no record');
  const { pod: name, networks: shown, routes, rules } = await readPicture(record, space, node.kernel.host);
  const assumed =
    sources.host === undefined
      ? [...named.map(({ name: link }) => `link ${link}`), ...bridges.map((bridge) => `bridge ${bridge}`)].map(
          (what) => `the node has a ${what}`,
        )
      : [];
  return {
    pod: name,
    networks: shown.map((one) => asKnown(one, node)),
    routes,
    rules,
    made: node.kernel.host.names().filter((link) => !before.includes(link) && !isPeer(node, link)),
    assumed: [
      ...(sources.defaultAssumed ? ['the default network is a bridge with 10.244.0.0/24; --conf tells yours'] : []),
      ...assumed,
    ],
    warnings: [...node.edges.log.entries.filter(({ level }) => level === 'warn').map(toWarning), ...oddTypes],
  };
}

function toRequest(pod: Pod): AddRequest {
  return {
    command: 'ADD',
    containerId: containerId('plan'),
    netns: netnsPath(sandboxPath),
    ifName: ifName('eth0', 'interface'),
    args: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', pod.namespace],
      ['K8S_POD_NAME', pod.name],
    ],
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid, infraContainerId: undefined },
    path: [],
    netnsOverride: false,
  };
}

/** What only an executable, or the kernel, will know is not shown as if it were known: addresses, the link's kind, a MAC of the kernel's choice. */
function asKnown(one: PictureNetwork, { unpredicted }: ModelNode): PictureNetwork {
  const own = unpredicted.filter((each) => each.ifName === one.ifName);
  const standIns: readonly (string | undefined)[] = own.map(({ standIn }) => standIn);
  const foreign = own.find(({ isIpam }) => !isIpam);
  const { link } = one;
  const kind = link?.kind === 'dummy' && foreign !== undefined ? `made by ${foreign.type}` : link?.kind;
  return {
    ...one,
    addresses: one.addresses.filter((address) => !standIns.includes(address)),
    link: link && { ...link, kind: kind ?? link.kind, mac: isModelMac(link.mac) ? undefined : link.mac },
  };
}

function isPeer({ kernel }: ModelNode, name: string): boolean {
  return kernel.host.link(name).detail.kind === 'veth';
}

function toWarning({
  fields,
  message,
}: {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}): string {
  return typeof fields.warning === 'string' ? fields.warning : `${message}: ${JSON.stringify(fields)}`;
}
