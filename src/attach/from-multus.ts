/** Turns what Multus and libcni wrote down about a sandbox into Braid's record, so that DEL and GC can work from it. Pure. */
import { type CniArgs, findArg } from '../cni/args';
import { mergeResults } from '../cni/merge';
import { parseNetwork } from '../cni/network';
import { parseResult } from '../cni/parse-result';
import type { Result } from '../cni/result';
import { fail } from '../error';
import { isRecord, type Json, list, optionalString, parseJson, record } from '../json';
import { containerId, ifName, netnsPath } from '../net/names';
import type { AttachedRecord, RecordedAttachment } from './record';
import { recordVersion } from './record';

/** What lies in Multus' directory about one sandbox. */
export interface MultusTraces {
  readonly containerId: string;
  /** The file of that name: an array of delegates, the default network first (Multus 4, `saveDelegates`). */
  readonly delegates: string;
  /** libcni's cache files of the sandbox, `cniCacheV1`, one a network, in any order. */
  readonly cached: readonly Json[];
  /** When it was written, RFC 3339. */
  readonly createdAt: string;
  readonly bootId: string;
}

/**
 * The record that Braid would have made. Each network's configuration and result are libcni's, since Multus keeps no
 * result; the order is Multus'.
 * @throws CniError RecordInvalid when a network has no cache file (its ADD failed, or its DEL was done half), or nothing can be read.
 */
export function fromMultusTraces(traces: MultusTraces): AttachedRecord {
  const delegates = list(parseJson(traces.delegates, 'it', 'RecordInvalid'), 'it', 'RecordInvalid').map((each) =>
    record(each, 'a delegate', 'RecordInvalid'),
  );
  const byName = new Map(traces.cached.map((each) => [ifName(each.ifName, 'ifName', 'RecordInvalid'), each]));
  const further = delegates.slice(1).map((delegate, at) => {
    const asked = optionalString(delegate.ifnameRequest, 'ifnameRequest', 'RecordInvalid') || `net${at + 1}`;
    return ifName(asked, 'ifnameRequest', 'RecordInvalid');
  });
  const [first, ...more] = [...byName.keys()].filter((name) => !further.includes(name)); // Multus does not write down eth0
  if (first === undefined || more.length > 0)
    return fail(
      'RecordInvalid',
      `Cannot tell the default network: libcni's cache has ${[...byName.keys()].join(', ') || 'nothing'}`,
    );
  const attachments = [first, ...further].map((name, at) => {
    const cached = byName.get(name) ?? fail('RecordInvalid', `Cannot find libcni's cache of ${name}`);
    return toAttachment(cached, delegates[at] ?? {}, at === 0);
  });
  const cached = byName.get(first) ?? {};
  const netns = netnsPath(String(cached.netns));
  const args = toPairs(cached.cniArgs);
  const [namespace, name] = [findArg(args, 'K8S_POD_NAMESPACE'), findArg(args, 'K8S_POD_NAME')];
  return {
    version: recordVersion,
    containerId: containerId(traces.containerId),
    ifName: first,
    netns,
    pod:
      namespace === undefined || name === undefined
        ? undefined
        : { namespace, name, uid: findArg(args, 'K8S_POD_UID') },
    bootId: traces.bootId,
    createdAt: traces.createdAt,
    attachments,
    result: mergeResults(attachments, netns),
  };
}

function toAttachment(
  cached: Json,
  delegate: Json,
  isDefault: boolean,
): RecordedAttachment & { readonly result: Result } {
  const text = Buffer.from(optionalString(cached.config, 'config', 'RecordInvalid') ?? '', 'base64').toString();
  const network = parseNetwork(text, String(cached.networkName), undefined, 'RecordInvalid');
  const deviceId = optionalString(delegate.deviceID, 'deviceID', 'RecordInvalid') || undefined;
  return {
    network: optionalString(delegate.Name, 'Name', 'RecordInvalid') || network.name,
    name: network.name,
    cniVersion: network.cniVersion,
    ifName: ifName(cached.ifName, 'ifName', 'RecordInvalid'),
    isDefault,
    plugins: network.plugins,
    capabilities: isRecord(cached.capabilityArgs) ? cached.capabilityArgs : {},
    args: toPairs(cached.cniArgs),
    defaultRoute: undefined,
    asked: { ips: [], mac: undefined },
    isolated: false, // Multus isolates no network
    disableCheck: true, // nor does it write down which routes it moved afterwards
    device:
      deviceId === undefined
        ? undefined
        : { id: deviceId, resourceName: optionalString(delegate.resourceName, 'resourceName', 'RecordInvalid') },
    result: parseResult(cached.result, network.cniVersion, `network ${network.name}`),
  };
}

/** libcni's `cniArgs`: an array of pairs. */
function toPairs(value: unknown): CniArgs {
  return list(value, 'cniArgs', 'RecordInvalid').map((pair) => {
    const [key, text] = list(pair, 'cniArgs', 'RecordInvalid');
    return [String(key), String(text)] as const;
  });
}
