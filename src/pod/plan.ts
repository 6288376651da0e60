/** Decides a pod's attachments from its selections and the networks read for them, before anything is done. Pure. */
import type { CniArgs } from '../cni/args';
import type { Network } from '../cni/network';
import type { AddRequest } from '../cni/request';
import { fail, placed } from '../error';
import { isRecord, type Json, record } from '../json';
import { type IfName, ifName } from '../net/names';
import type { Attachment, Device } from './attachment';
import { type Selection, toCapabilities } from './selection';

/** A network that the pod gets, in order: the default network first. */
export interface Wanted {
  readonly network: Network;
  /** What people call it: `namespace/name`, or the CNI name. */
  readonly display: string;
  /** The element of the annotation; undefined for networks of the node's configuration. */
  readonly selection: Selection | undefined;
  /** The resource that it takes a device of; undefined: of none. */
  readonly resourceName: string | undefined;
  readonly device?: Device | undefined;
}

/** What of the node's configuration decides attachments. */
export interface PlanSettings {
  readonly isolation: boolean;
  /** Capability arguments from the runtime; they are the default network's only (NPWG specification 1.3, section 7.5). */
  readonly runtimeConfig: Json;
}

/**
 * The attachments in order, named as Multus names them: what was asked for, CNI_IFNAME for the first, `net` and the
 * position for the others. InterfaceNameTaken, CapabilityMissing, AnnotationInvalid and NetworkInvalid name the network.
 */
export function planAttachments(
  request: Pick<AddRequest, 'ifName' | 'args'>,
  settings: PlanSettings,
  wanted: readonly Wanted[],
): readonly Attachment[] {
  const attachments = wanted.map((one, position) => {
    try {
      return planOne(request, settings, one, position);
    } catch (error) {
      throw placed(error, { network: one.display });
    }
  });
  requireOwnNames(attachments);
  return attachments;
}

function planOne(
  request: Pick<AddRequest, 'ifName' | 'args'>,
  settings: PlanSettings,
  one: Wanted,
  position: number,
): Attachment {
  const { network, display, selection } = one;
  const isDefault = position === 0;
  if (isDefault && selection?.ifName !== undefined && selection.ifName !== request.ifName)
    fail(
      'AnnotationInvalid',
      `Cannot name the default network's interface ${selection.ifName}: the runtime looks for ${request.ifName}`,
    );
  const { cniArgs } = selection ?? {};
  return {
    network: display,
    name: network.name,
    cniVersion: network.cniVersion,
    ifName: selection?.ifName ?? (isDefault ? request.ifName : netName(position)),
    isDefault,
    plugins: network.plugins.map((plugin) => withCniArgs(withDevice(plugin, one.device), cniArgs)),
    capabilities: usable(
      {
        ...(isDefault ? settings.runtimeConfig : {}),
        ...capabilitiesOf(selection, network),
        ...(one.device !== undefined && { deviceID: one.device.id }),
      },
      network,
    ),
    args: argsFor(request.args, selection),
    defaultRoute: selection?.defaultRoute,
    asked: { ips: selection?.ips ?? [], mac: selection?.mac },
    isolated: network.isolation ?? settings.isolation,
    disableCheck: network.disableCheck,
    device: one.device ?? ((selection?.deviceId && { id: selection.deviceId, resourceName: undefined }) || undefined),
  };
}

/** A device of a resource stands in each plugin's configuration, under both names (multus-behaviour.md 3.6). */
function withDevice(plugin: Json, device: Device | undefined): Json {
  return device === undefined ? plugin : { ...plugin, deviceID: device.id, pciBusID: device.id };
}

/** What a plugin of the network will get: the rest, the pod's annotations among them, belongs into no record. */
function usable(given: Json, { capabilities }: Network): Json {
  const names = ['ips', 'mac', ...capabilities];
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

/** Interface name of the network at that position of the combined list; the default network is number 0. */
function netName(position: number): IfName {
  return ifName(`net${position}`, 'interface');
}

/** The annotation's `cni-args` over the configuration's own `args.cni`, key by key. */
function withCniArgs(plugin: Json, cniArgs: Json | undefined): Json {
  if (cniArgs === undefined) return plugin;
  const args = record(plugin).args ?? {};
  if (!isRecord(args)) return fail('NetworkInvalid', 'Cannot put cni-args into "args": need a JSON object there');
  const cni = record(args).cni ?? {};
  if (!isRecord(cni)) return fail('NetworkInvalid', 'Cannot put cni-args into "args.cni": need a JSON object there');
  return { ...plugin, args: { ...args, cni: { ...cni, ...cniArgs } } };
}

/**
 * What the annotation asks for, as capability arguments. Addresses and MAC reach every delegate in another way, too, and
 * the result is compared with them; the rest needs a plugin that declares it (NPWG specification 1.3, section 4.1.2.1).
 */
function capabilitiesOf(selection: Selection | undefined, network: Network): Json {
  if (selection === undefined) return {};
  const capabilities = toCapabilities(selection);
  const undeclared = needsDeclaration.find(
    (name) => capabilities[name] !== undefined && !network.capabilities.includes(name),
  );
  if (undeclared !== undefined)
    fail('CapabilityMissing', `Cannot pass on ${undeclared}: no plugin of the network declares that capability`);
  return capabilities;
}

const needsDeclaration = ['portMappings', 'bandwidth', 'infinibandGUID'] as const;

/** CNI_ARGS of a delegate: the runtime's own, and for asked addresses and MAC what older plugins read. */
function argsFor(given: CniArgs, selection: Selection | undefined): CniArgs {
  const ignore: CniArgs = given.some(([key]) => key === 'IgnoreUnknown') ? [] : [['IgnoreUnknown', 'true']];
  const mac: CniArgs = selection?.mac === undefined ? [] : [['MAC', selection.mac]];
  const ips: CniArgs = (selection?.ips?.length ?? 0) === 0 ? [] : [['IP', selection?.ips?.join(',') ?? '']];
  return [...ignore, ...given, ...mac, ...ips];
}

function requireOwnNames(attachments: readonly Attachment[]): void {
  for (const attachment of attachments) {
    const { ifName: name, network } = attachment;
    const first = attachments.find((other) => other.ifName === name);
    if (first !== undefined && first !== attachment)
      fail('InterfaceNameTaken', `Cannot name two interfaces ${name}: network ${first.network} has that name already`, {
        where: { network },
      });
  }
}
