/** One built-in delegate on its own, as a plugin that somebody else's runtime or meta-plugin calls. Acts through the edges. */
import { parseResult, toResultText } from '../cni/convert';
import { type Network, parseNetwork } from '../cni/network';
import type { AddRequest, CheckRequest, DelRequest, GcRequest, StatusRequest } from '../cni/request';
import type { Result } from '../cni/result';
import { parseVersion, requireAllowed } from '../cni/version';
import { fail } from '../error';
import { type Json, parseObject, record } from '../json';
import type { IfName } from '../net/names';
import type { Attachment } from '../pod/attachment';
import { type Attached, addChain, checkChain, delChain, type LiveSandbox, openChain } from './chain';
import type { Delegate } from './delegate';
import type { Edges } from './ports';
import { watched } from './read-back';
import { Undo } from './undo';

type AloneRequest = AddRequest | DelRequest | CheckRequest | GcRequest | StatusRequest;

/** A plugin's own configuration (for IPAM: that of the plugin above), with what came before in its chain. */
export interface AloneConf {
  readonly network: Network;
  readonly config: Json;
  readonly prevResult: unknown;
}

/** Parses the text on stdin. DecodeFailed when it is no JSON object, or in no version; ConfigInvalid names another key. */
export function parseAlone(text: string): AloneConf {
  const config = parseObject(text, 'the network configuration');
  parseVersion(record(config).cniVersion);
  return { network: parseNetwork(config, '', undefined, 'ConfigInvalid'), config, prevResult: config.prevResult };
}

/**
 * Serves one verb of the delegate: the text for stdout. Nothing is recorded, that is the caller's business; an ADD that
 * fails takes back what it did. GC has nothing to do: no delegate keeps what its DEL does not find.
 */
export async function handleAlone(
  delegate: Delegate,
  request: AloneRequest,
  conf: AloneConf,
  edges: Edges,
): Promise<string> {
  const { network, config } = conf;
  requireAllowed(network.cniVersion, request.command);
  switch (request.command) {
    case 'ADD':
      return addAlone(toAttachment(delegate, request, conf), request, conf, edges);
    case 'CHECK':
      await checkAlone(toAttachment(delegate, request, conf), request, conf, edges);
      return '';
    case 'DEL':
      await delAlone(delegate, request, conf, edges);
      return '';
    case 'STATUS': {
      const { statusAlone } = await import('./status');
      await statusAlone({ ...config, type: delegate.type }, network, edges);
      return '';
    }
    case 'GC':
      return '';
  }
}

/** The text for stdout is made before the ADD counts as done: a version may have no words for the result. */
async function addAlone(one: Attachment, request: AddRequest, conf: AloneConf, trusting: Edges): Promise<string> {
  return inSandbox(request, trusting, async (sandbox) => {
    const undo = new Undo();
    const { pod, edges, verify } = watched(sandbox.pod, trusting);
    try {
      const result = await addChain(openChain(one, { ...sandbox, pod }, edges), undo, findPrevResult(conf));
      await verify();
      return toResultText(result, conf.network.cniVersion);
    } catch (error) {
      const left = await undo.run();
      if (left.length > 0) trusting.log.warn({ left: left.map(({ message }) => message) }, 'could not undo everything');
      throw error;
    }
  });
}

async function checkAlone(one: Attachment, request: CheckRequest, conf: AloneConf, edges: Edges): Promise<void> {
  const result = findPrevResult(conf) ?? fail('ConfigInvalid', 'Cannot check: required prevResult missing');
  await inSandbox(request, edges, (sandbox) => checkChain({ ...one, result }, sandbox, edges));
}

/** A configuration that ADD refuses is no reason to fail when nothing is attached: the runtime would ask for ever. */
async function delAlone(delegate: Delegate, request: DelRequest, conf: AloneConf, edges: Edges): Promise<void> {
  const one = toAttachment(delegate, request, conf);
  const { containerId, netns } = request;
  const pod = netns === undefined ? undefined : await edges.kernel.find(netns);
  try {
    const links = new Set<IfName>();
    const attached: Attached = { ...one, result: findReadable(conf) };
    const [failure] = await delChain(attached, { containerId, netns, pod }, edges, links);
    await pod?.deleteLinks([...links]);
    if (failure === undefined) return;
    const isThere = delegate.isChained !== true && (await pod?.findLink(one.ifName)) !== undefined;
    if (failure.reason !== 'ConfigInvalid' || isThere) throw failure;
    edges.log.warn({ reason: failure.message }, 'nothing is attached: DEL is done');
  } finally {
    pod?.close();
  }
}

async function inSandbox<T>(
  request: AddRequest | CheckRequest,
  edges: Edges,
  work: (sandbox: LiveSandbox) => Promise<T>,
): Promise<T> {
  const { containerId, netns, netnsOverride } = request;
  const pod = await edges.kernel.open(netns, { allowHost: netnsOverride });
  try {
    return await work({ containerId, netns, pod });
  } finally {
    pod.close();
  }
}

/** The name it was called by says which delegate it is: to IPAM plugins `type` names the plugin above. */
function toAttachment(
  { type }: Delegate,
  { ifName, args }: AddRequest | CheckRequest | DelRequest,
  { network: { name, cniVersion }, config }: AloneConf,
): Attachment {
  return {
    network: name,
    name,
    cniVersion,
    ifName,
    isDefault: false,
    plugins: [{ ...config, type }],
    capabilities: {},
    args,
    defaultRoute: undefined,
    asked: { ips: [], mac: undefined },
    isolated: false,
    disableCheck: false,
  };
}

function findPrevResult({ prevResult, network }: AloneConf): Result | undefined {
  return prevResult === undefined || prevResult === null
    ? undefined
    : parseResult(prevResult, network.cniVersion, 'prevResult');
}

/** DEL works without it. */
function findReadable(conf: AloneConf): Result | undefined {
  try {
    return findPrevResult(conf);
  } catch {
    return undefined;
  }
}
