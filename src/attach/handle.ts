/** The verbs of the meta-plugin, from request to the text on stdout. Acts through the edges. */
import type { NetConf } from '../cni/config';
import { toResultText } from '../cni/convert';
import type { AddRequest, CheckRequest, DelRequest, PodRef } from '../cni/request';
import { isAtLeast } from '../cni/version';
import { fail, placed, toCniError } from '../error';
import type { Attachment } from '../pod/attachment';
import { withInfoPaths } from '../pod/devices';
import { findSharing } from '../pod/independence';
import { defaultNetworkAnnotation, networksAnnotation, parseDefaultNetwork, parseNetworks } from '../pod/networks';
import { findUnread } from '../pod/other-systems';
import { planAttachments } from '../pod/plan';
import type { Selection } from '../pod/selection';
import { addAll } from './add';
import { checkAll } from './check';
import { delAll } from './del';
import { gcAll } from './gc';
import { gcDelegates } from './gc-delegates';
import { settleMasters } from './masters';
import { readConfigured, readNetworks } from './networks';
import type { Edges, Netns } from './ports';
import { requireReady, waitUntilReady } from './readiness';
import { statusAll } from './status';
import { warn } from './warn';

/** What a pod's annotations ask for. */
export interface Asked {
  readonly defaultNetwork: Selection | undefined;
  readonly networks: readonly Selection[];
  readonly warnings: readonly string[];
}

/** ADD: attaches the default network and every network the pod asks for; returns the merged result as text. */
export async function handleAdd(request: AddRequest, conf: NetConf, edges: Edges): Promise<string> {
  return inPod(request.pod, () => tellingFailure(request.pod, edges, () => add(request, conf, edges)));
}

async function add(request: AddRequest, conf: NetConf, edges: Edges): Promise<string> {
  await waitUntilReady(conf.readinessIndicatorFile, edges);
  const wanted = await decideAttachments(request, conf, edges);
  const planned = withInfoPaths(wanted.attachments, request.containerId);
  const attachments = await settleMasters(planned, edges.kernel.host);
  warn([...conf.warnings, ...wanted.warnings, ...findSharing(attachments)], 'AnnotationInvalid', conf.strict, edges);
  const text = await withNetns(request, edges, async (pod) => {
    const sandbox = { containerId: request.containerId, netns: request.netns, pod };
    const routes = { guard: conf.defaultRouteGuard, clusterCIDRs: conf.clusterCIDRs };
    const plan = {
      sandbox,
      ifName: request.ifName,
      pod: request.pod,
      attachments,
      routes,
      strict: conf.strict,
      defaultResultOnly: conf.result === 'default-network' || !isAtLeast(conf.cniVersion, '0.3.0'),
    };
    return toResultText(await addAll(plan, edges), conf.cniVersion);
  });
  if (request.pod !== undefined && wanted.ignored.length > 0)
    await (await import('./publish')).publishIgnored(request.pod, wanted.ignored, edges);
  return text;
}

/** A failure is written down, and told in the cluster, too, as an Event on the pod. */
async function tellingFailure<T>(pod: PodRef | undefined, edges: Edges, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (pod !== undefined) {
      const [{ noteFailedAdd }, { publishFailure }] = await Promise.all([import('./note'), import('./publish')]);
      await noteFailedAdd(pod, toCniError(error), edges);
      await publishFailure(pod, toCniError(error), edges);
    }
    throw error;
  }
}

/** What a pod gets, before the node is looked at. */
interface Decided {
  readonly attachments: readonly Attachment[];
  readonly warnings: readonly string[];
  /** Those of them about the pod's own annotations. */
  readonly ignored: readonly string[];
}

/** What the pod's networks are, before the node is looked at: their masters may still be a match. Reads annotations and definitions. */
export async function decideAttachments(
  request: Pick<AddRequest, 'pod' | 'ifName' | 'args'>,
  conf: NetConf,
  edges: Edges,
): Promise<Decided> {
  const asked = parseAsked(await podAnnotations(request.pod, conf, edges), request.pod, conf);
  const wanted = await readNetworks(asked, request.pod, conf, edges);
  const odd = wanted.flatMap(({ network, display }) => network.warnings.map((what) => `network ${display} ${what}`));
  const warnings = [...asked.warnings, ...odd];
  return { attachments: planAttachments(request, conf, wanted), warnings, ignored: asked.warnings };
}

/** DEL: takes back what the record says; needs neither the pod, nor its networks' definitions, nor its namespace. */
export async function handleDel(request: DelRequest, edges: Edges): Promise<string> {
  return inPod(request.pod, async () => {
    await delAll(request, edges);
    return '';
  });
}

/** CHECK: every attachment against its own recorded result. */
export async function handleCheck(request: CheckRequest, edges: Edges): Promise<string> {
  return inPod(request.pod, () =>
    withNetns(request, edges, async (pod) => {
      const { containerId, ifName, netns } = request;
      try {
        await checkAll({ containerId, netns, pod }, containerId, ifName, edges);
      } catch (error) {
        await (await import('./note')).noteFailedCheck({ containerId, ifName }, toCniError(error), edges);
        throw error;
      }
      return '';
    }),
  );
}

/** STATUS: whether a pod could be attached now. NotReady (50) says what stands in the way. */
export async function handleStatus(conf: NetConf, edges: Edges): Promise<string> {
  await requireReady(conf.readinessIndicatorFile, edges);
  await statusAll(conf, edges);
  return '';
}

/** GC: frees what the runtime no longer lists, and hands the delegates their share of its list. Fails after having tried everything. */
export async function handleGc(conf: NetConf, edges: Edges): Promise<string> {
  if (conf.validAttachments === undefined) return ''; // a runtime that lists nothing knows nothing: nothing may go
  const { failed } = await gcAll({ valid: conf.validAttachments, dryRun: false }, edges);
  const refused = await gcDelegates(await readConfigured(undefined, conf, edges), edges);
  const [first] = [...failed.map(({ error }) => error), ...refused];
  if (first !== undefined) throw first;
  return '';
}

/**
 * The pod's annotations: from the runtime, else from the cluster. Without a pod (cnitool) there are none.
 * PodUnavailable when the pod is Kubernetes' and nobody can tell: a pod never silently lacks a network.
 */
async function podAnnotations(
  pod: PodRef | undefined,
  conf: NetConf,
  edges: Edges,
): Promise<Readonly<Record<string, string>>> {
  if (conf.podAnnotations !== undefined) return conf.podAnnotations;
  if (pod === undefined) return {};
  const found = await edges.cluster.findPod(pod.namespace, pod.name, pod.uid);
  return (
    found?.annotations ??
    fail('PodUnavailable', 'Cannot read the annotations of the pod: neither the runtime nor the cluster gives them')
  );
}

function parseAsked(annotations: Readonly<Record<string, string>>, pod: PodRef | undefined, conf: NetConf): Asked {
  const namespace = pod?.namespace ?? 'default';
  const { selections, warnings } = parseNetworks(annotations[networksAnnotation], namespace);
  const first = parseDefaultNetwork(annotations[defaultNetworkAnnotation], conf.multusNamespace);
  return {
    defaultNetwork: first?.selection,
    networks: selections,
    warnings: [...warnings, ...(first?.warnings ?? []), ...findUnread(annotations)],
  };
}

async function withNetns<T>(
  request: AddRequest | CheckRequest,
  edges: Edges,
  work: (pod: Netns) => Promise<T>,
): Promise<T> {
  const pod = await edges.kernel.open(request.netns, { allowHost: request.netnsOverride });
  try {
    return await work(pod);
  } finally {
    pod.close();
  }
}

async function inPod<T>(pod: PodRef | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw placed(error, { pod: pod === undefined ? undefined : `${pod.namespace}/${pod.name}` });
  }
}
