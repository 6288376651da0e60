/** The catalogue of everything that can go wrong, the one error class that carries it. Pure. */

/**
 * Reason → CNI error code and what to do about it.
 * Codes 1 to 11, 50 and 51 are the CNI specification's (section "Error"), 100 and above are Braid's own.
 */
const catalogue = {
  VersionIncompatible: { code: 1, hint: 'set "cniVersion" to one that `braid version` lists' },
  FieldUnsupported: { code: 2, hint: 'remove the field, or set "externalDelegates" to use the external plugin' },
  ContainerUnknown: { code: 3, hint: 'nothing is recorded for this container; no clean-up is needed' },
  EnvironmentInvalid: { code: 4, hint: 'the runtime must set the CNI_* variables as the specification says' },
  IoFailed: { code: 5, hint: 'check disk space, permissions and mounts of the path' },
  DecodeFailed: { code: 6, hint: 'the text must be one JSON object, without comments' },
  ConfigInvalid: { code: 7, hint: 'fix the network configuration' },
  NetnsSame: { code: 8, hint: "CNI_NETNS must be the pod's namespace, not the node's" },
  PodUnavailable: { code: 11, hint: 'the runtime retries; check the API server and the node agent' },
  NotReady: { code: 50, hint: 'wait for the network to become ready' },
  LimitedConnectivity: { code: 51, hint: 'running pods may have lost connectivity; see the message' },
  NetnsMissing: { code: 100, hint: 'the sandbox is gone; the runtime makes a new one' },
  MasterMissing: { code: 101, hint: 'check which links this node has: ip link' },
  MasterConflict: { code: 102, hint: 'give one of the networks another master, or the same kind' },
  LinkExists: { code: 103, hint: 'ask for another interface name' },
  LinkMissing: { code: 104, hint: 'the interface was removed behind the plugin; delete and recreate the pod' },
  LinkUnsuitable: { code: 105, hint: 'rename or remove the link, or name another one in the configuration' },
  PoolExhausted: { code: 106, hint: 'enlarge the range, or free reservations of dead pods: braid gc' },
  AddressTaken: { code: 107, hint: 'ask for another address, or delete the pod that holds it' },
  AddressMissing: { code: 108, hint: 'check the "ipam" section: it must give at least one address' },
  AddressConflict: { code: 109, hint: 'set "forceAddress", or use the subnet the link already has' },
  DelegateMissing: { code: 110, hint: 'install the plugin into one of the directories, or fix "type"' },
  DelegateFailed: { code: 111, hint: 'see the message of the delegate, and its log' },
  DelegateTimeout: { code: 112, hint: 'see why the delegate hangs; raise "delegateTimeout" if it needs longer' },
  ResultInvalid: { code: 113, hint: 'the delegate must print one CNI result of the version it was given' },
  AnnotationInvalid: { code: 114, hint: "fix the pod's annotation" },
  NetworkMissing: { code: 115, hint: 'create the NetworkAttachmentDefinition, or fix its name in the annotation' },
  NetworkInvalid: { code: 116, hint: 'fix the NetworkAttachmentDefinition' },
  NetworkForbidden: { code: 117, hint: 'use a network of the pod\'s own namespace, or one of "globalNamespaces"' },
  CapabilityMissing: { code: 118, hint: 'declare the capability in the network configuration: {"capabilities": {…}}' },
  RequestUnmet: { code: 119, hint: 'the delegate ignored the request; use a delegate that honours it' },
  InterfaceNameTaken: { code: 120, hint: 'give every network of the pod its own interface name' },
  RouteImpossible: { code: 121, hint: 'the gateway must lie in a subnet of that interface' },
  KernelRefused: { code: 122, hint: 'see the kernel message; `braid doctor` checks what this kernel can do' },
  CheckFailed: { code: 123, hint: 'the interface was changed behind the plugin; delete and recreate the pod' },
  RecordInvalid: { code: 124, hint: '`braid list` shows it; `braid gc` repairs what it can prove' },
  FirewallFailed: {
    code: 125,
    hint: 'the node needs the nft command and nf_tables, or iptables for "ipMasqBackend": "iptables"',
  },
  SysctlRefused: { code: 126, hint: '/proc/sys must be writable for the plugin' },
  KubeconfigInvalid: {
    code: 127,
    hint: 'fix the kubeconfig, or what it names: token, tokenFile, certificates, server',
  },
  ClusterRefused: { code: 128, hint: 'renew the credential, or give it the rights of conf/base/rbac.yaml' },
  ClusterUntrusted: { code: 129, hint: "check the kubeconfig's certificate-authority and this node's clock" },
  PublishFailed: { code: 130, hint: 'see the message; pods run without it, and it is tried again' },
  DevicesUnavailable: { code: 131, hint: "check kubelet's pod-resources socket, and the pod's ResourceClaims" },
  DeviceMissing: { code: 132, hint: 'let the pod request as many devices of the resource as it has networks with it' },
  DhcpUnavailable: { code: 133, hint: 'start the node agent: braid agent; it is the DHCP client of the node' },
  LeaseUnavailable: { code: 134, hint: 'check the DHCP server, and the master and VLAN by which the pod reaches it' },
  LeaseLost: { code: 135, hint: 'check the DHCP server; delete the pod, so that a new one asks anew' },
  PrimaryMissing: { code: 140, hint: 'install the cluster network first, or name its file: --primary FILE' },
  PodsAttached: { code: 141, hint: 'move these pods away first (kubectl drain), or say --force' },
  Internal: { code: 999, hint: 'this is a defect of Braid; please report it with the log' },
} as const;

/** A stable name for one kind of failure; docs/errors.md has a page for each. */
export type Reason = keyof typeof catalogue;

/** Where an error happened; each field is filled by whoever knows it. */
export interface Where {
  /** `namespace/name` of the pod. */
  readonly pod?: string | undefined;
  /** Display name of the network: `namespace/name`, or the CNI name. */
  readonly network?: string | undefined;
  readonly ifName?: string | undefined;
}

interface Extra {
  readonly cause?: unknown;
  /** The foreign delegate's own code, which wins over the catalogue's. */
  readonly code?: number | undefined;
  /** The foreign delegate's own details. */
  readonly details?: string | undefined;
  /** Symbolic errno, e.g. `EEXIST`, when the kernel said it. */
  readonly errno?: string | undefined;
  /** The kernel's own words (extended acknowledgement); else those of the cause. */
  readonly words?: string | undefined;
  readonly where?: Where | undefined;
}

/** The one error class: a reason of the catalogue, what was tried, and where. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly hint: string;
  readonly details: string | undefined;
  readonly errno: string | undefined;
  readonly words: string | undefined;
  readonly where: Where;

  constructor(
    readonly reason: Reason,
    readonly problem: string,
    extra: Extra = {},
  ) {
    super(describe(problem, extra.where ?? {}), { cause: extra.cause });
    this.code = extra.code ?? catalogue[reason].code;
    this.hint = catalogue[reason].hint;
    this.details = extra.details;
    this.errno = extra.errno;
    this.words = extra.words ?? (extra.cause instanceof CniError ? extra.cause.words : undefined);
    this.where = extra.where ?? {};
  }
}

/** Throws the error `reason`; `problem` is the action, the thing and its value, then what would be right. */
export function fail(reason: Reason, problem: string, extra?: Extra): never {
  throw new CniError(reason, problem, extra);
}

/** The same failure, with what the catcher knows of the place added; inner knowledge wins. */
export function placed(error: unknown, where: Where): CniError {
  const known = toCniError(error);
  return new CniError(known.reason, known.problem, {
    cause: known,
    code: known.code,
    details: known.details,
    errno: known.errno,
    where: { ...where, ...defined(known.where) },
  });
}

/** Any thrown value as a CniError; what is not one is a defect, with reason Internal. */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  return new CniError('Internal', error instanceof Error ? `${error.name}: ${error.message}` : String(error), {
    cause: error,
  });
}

/** Every reason with its code and hint, in catalogue order. For documentation and `braid explain`. */
export function reasons(): readonly { readonly reason: Reason; readonly code: number; readonly hint: string }[] {
  return (Object.keys(catalogue) as Reason[]).map((reason) => ({ reason, ...catalogue[reason] }));
}

/** A CNI error object (CNI specification 1.1, "Error"), the only thing a failing call prints. */
export function toErrorObject(error: CniError, cniVersion: string): Record<string, unknown> {
  const hint = `${error.reason}: ${error.hint}`;
  const { words, message } = error;
  const said = words === undefined || message.includes(words) ? undefined : `the kernel: ${words}`;
  const details = error.details === undefined ? said : shortened(error.details, longestDetails);
  return {
    cniVersion,
    code: error.code,
    msg: shortened(error.message, longest),
    details: details === undefined ? hint : `${details} (${hint})`,
  };
}

const longest = 300; // characters of a message: it becomes an Event and a line in `kubectl describe`

const longestDetails = 4096; // characters: a foreign delegate may print megabytes

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function describe(problem: string, where: Where): string {
  const place = [
    where.pod === undefined ? '' : `pod ${where.pod}`,
    where.network === undefined ? '' : `network ${where.network}`,
    where.ifName === undefined ? '' : `interface ${where.ifName}`,
  ].filter((part) => part !== '');
  return place.length === 0 ? problem : `${place.join(', ')}: ${problem}`;
}

function defined(where: Where): Where {
  return Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
}
