/** One element of a pod's networks annotation: which network, and what is asked of it. Pure. */
import { fail } from '../error';
import { type Fields, int, type Json, list, optionalString, record, shown } from '../json';
import { findNearMiss } from '../near';
import { findCidr, findIp, type Ip, ip } from '../net/ip';
import { type Mac, mac } from '../net/mac';
import { type IfName, ifName } from '../net/names';

/** A network that a pod asks for (multus-behaviour.md 2.1). Unset fields were not asked for. */
export interface Selection {
  readonly namespace: string;
  readonly name: string;
  readonly ifName?: IfName | undefined;
  /** Addresses, with or without prefix length, in canonical text. */
  readonly ips?: readonly string[] | undefined;
  readonly mac?: Mac | undefined;
  /** 8 bytes in lower-case colon form. */
  readonly infinibandGuid?: string | undefined;
  readonly portMappings?: readonly PortMapping[] | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  /** Gateways, those of one family in the order of their metrics; empty: keep this network's own default route, and no other's. */
  readonly defaultRoute?: readonly Ip[] | undefined;
  readonly cniArgs?: Json | undefined;
  readonly deviceId?: string | undefined;
  /** Name of an IPAMClaim in the pod's namespace (NPWG specification 1.3, section 8). */
  readonly ipamClaim?: string | undefined;
}

/** A port of the node that leads to one of the pod, as the capability `portMappings` has it. */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIP?: Ip | undefined;
}

/** Limits as the capability `bandwidth` has them: rates in bits per second, bursts in bits. */
export interface Bandwidth {
  readonly ingressRate?: number | undefined;
  readonly ingressBurst?: number | undefined;
  readonly egressRate?: number | undefined;
  readonly egressBurst?: number | undefined;
}

const reason = 'AnnotationInvalid';
const fields = [
  'name',
  'namespace',
  'interface',
  'interfaceRequest',
  'ips',
  'mac',
  'infiniband-guid',
  'portMappings',
  'bandwidth',
  'default-route',
  'cni-args',
  'deviceID',
  'ipam-claim-reference',
] as const;

/**
 * Parses an element of the JSON form. AnnotationInvalid names the field; FieldUnsupported for what Braid knows, but does
 * not do. Unknown fields are added to `warnings`, unless they are a near miss of a known one: those are refused.
 */
export function parseSelection(input: unknown, field: string, namespace: string, warnings: string[]): Selection {
  const view = record(input, field, reason);
  checkFields(input, field, fields, warnings);
  const text = (name: string): string | undefined =>
    optionalString(view[name], `${field}.${name}`, reason) || undefined;
  const wantedName = text('interface') ?? text('interfaceRequest');
  const macText = text('mac');
  const guid = text('infiniband-guid');
  return defined({
    namespace: namespaceName(text('namespace') ?? namespace, `${field}.namespace`),
    name: networkName(text('name') ?? '', `${field}.name`),
    ifName: wantedName === undefined ? undefined : ifName(wantedName, `${field}.interface`, reason),
    ips: present(view.ips, () =>
      list(view.ips, `${field}.ips`, reason).map((each, i) => address(each, `${field}.ips[${i}]`)),
    ),
    mac: macText === undefined ? undefined : mac(macText, `${field}.mac`, reason),
    infinibandGuid: guid === undefined ? undefined : parseGuid(guid, `${field}.infiniband-guid`),
    portMappings: present(view.portMappings, () => parsePorts(view.portMappings, `${field}.portMappings`, warnings)),
    bandwidth: present(view.bandwidth, () => parseBandwidth(view.bandwidth, `${field}.bandwidth`, warnings)),
    defaultRoute: present(view['default-route'], () => parseGateways(view['default-route'], `${field}.default-route`)),
    cniArgs: present(view['cni-args'], () => parseCniArgs(view['cni-args'], `${field}.cni-args`)),
    deviceId: text('deviceID'),
    ipamClaim: parseClaim(text('ipam-claim-reference'), view.ips, field),
  });
}

/** What a selection asks for as capability arguments: the `runtimeConfig` of plugins that declare them (multus-behaviour.md 4.8). */
export function toCapabilities(selection: Selection): Json {
  return defined({
    portMappings: selection.portMappings,
    bandwidth: selection.bandwidth,
    ips: selection.ips?.length === 0 ? undefined : selection.ips,
    mac: selection.mac,
    infinibandGUID: selection.infinibandGuid,
    deviceID: selection.deviceId,
  });
}

/** The name of a NetworkAttachmentDefinition, or of what `of` says: a DNS-1123 subdomain. */
export function networkName(value: string, field: string, of = 'a NetworkAttachmentDefinition'): string {
  if (value === '') return fail(reason, `Cannot use an empty ${field}: need the name of ${of}`);
  return isSubdomain(value)
    ? value
    : fail(reason, `Cannot use ${shown(value)} as ${field}: need lower-case letters, digits, - and .`);
}

/** The name of a namespace: a DNS-1123 label. */
export function namespaceName(value: string, field: string): string {
  const valid = value.length <= 63 && !value.includes('.') && isSubdomain(value);
  return valid ? value : fail(reason, `Cannot use ${shown(value)} as ${field}: need lower-case letters, digits and -`);
}

/** A DNS-1123 subdomain: labels with dots between. */
function isSubdomain(value: string): boolean {
  return value.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value);
}

/** Tells a misspelling from a field that somebody else defined. */
function checkFields(input: unknown, field: string, known: readonly string[], warnings: string[]): void {
  for (const key of Object.keys(input as Json)) {
    if (known.some((each) => each.toLowerCase() === key.toLowerCase())) continue;
    const name = shown(key);
    if (key.startsWith('braid.dev/'))
      fail('FieldUnsupported', `Cannot use ${name} in ${field}: this version knows no such field`);
    const meant = findNearMiss(key, known);
    if (meant !== undefined) fail(reason, `Cannot use ${name} in ${field}: did you mean "${meant}"?`);
    warnings.push(`unknown field ${name} in ${field} is ignored`);
  }
}

/** A claim says which addresses, so a pod cannot ask for others beside it (NPWG specification 1.3, section 4.1.2.1.11). */
function parseClaim(name: string | undefined, ips: unknown, field: string): string | undefined {
  if (name === undefined) return undefined;
  if (Array.isArray(ips) && ips.length > 0)
    fail(reason, `Cannot use ips of ${field} with ipam-claim-reference ${shown(name)}: need one of the two`);
  return networkName(name, `${field}.ipam-claim-reference`, 'an IPAMClaim');
}

function address(value: unknown, field: string): string {
  const found = findCidr(value) ?? findIp(value);
  return (
    found ?? fail(reason, `Cannot use ${shown(value)} as ${field}: need an IP address, best with its prefix length`)
  );
}

function parseGuid(text: string, field: string): string {
  const plain = text.toLowerCase().replaceAll('-', ':');
  if (/^[\da-f]{2}(:[\da-f]{2}){7}$/.test(plain)) return plain;
  return fail(reason, `Cannot use ${shown(text)} as ${field}: need 8 bytes, like 00:11:22:33:44:55:66:77`);
}

function parsePorts(value: unknown, field: string, warnings: string[]): readonly PortMapping[] {
  return list(value, field, reason).map((each, index) => {
    const place = `${field}[${index}]`;
    const view = record(each, place, reason);
    checkFields(each, place, ['hostPort', 'containerPort', 'protocol', 'hostIP'], warnings);
    const hostIp = optionalString(view.hostIP, `${place}.hostIP`, reason) || undefined;
    return defined({
      hostPort: int(view.hostPort, `${place}.hostPort`, 1, 65535, reason),
      containerPort: int(view.containerPort, `${place}.containerPort`, 1, 65535, reason),
      protocol: parseProtocol(view.protocol, `${place}.protocol`),
      hostIP: hostIp === undefined ? undefined : ip(hostIp, `${place}.hostIP`, reason),
    });
  });
}

function parseProtocol(value: unknown, field: string): PortMapping['protocol'] {
  const text = (optionalString(value, field, reason) || 'tcp').toLowerCase();
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return text;
  return fail(reason, `Cannot use ${shown(value)} as ${field}: need one of tcp, udp, sctp`);
}

function parseBandwidth(value: unknown, field: string, warnings: string[]): Bandwidth {
  const view = record(value, field, reason);
  checkFields(value, field, ['ingressRate', 'ingressBurst', 'egressRate', 'egressBurst'], warnings);
  for (const way of ['ingress', 'egress']) {
    if (view[`${way}Burst`] && !view[`${way}Rate`]) {
      fail(reason, `Cannot use ${shown(view[`${way}Burst`])} as ${field}.${way}Burst: need ${way}Rate, too`);
    }
  }
  return defined({
    ingressRate: bits(view, field, 'ingressRate'),
    ingressBurst: bits(view, field, 'ingressBurst'),
    egressRate: bits(view, field, 'egressRate'),
    egressBurst: bits(view, field, 'egressBurst'),
  });
}

function bits(view: Fields, field: string, name: string): number | undefined {
  return present(view[name], () => int(view[name], `${field}.${name}`, 0, Number.MAX_SAFE_INTEGER, reason));
}

function parseGateways(value: unknown, field: string): readonly Ip[] {
  const gateways = list(value, field, reason).map((each, index) => ip(each, `${field}[${index}]`, reason));
  const again = gateways.find((each, index) => gateways.indexOf(each) < index);
  if (again !== undefined) fail(reason, `Cannot use "${again}" twice in ${field}: need different gateways`);
  return gateways;
}

function parseCniArgs(value: unknown, field: string): Json {
  record(value, field, reason);
  return value as Json;
}

function present<T>(value: unknown, parse: () => T): T | undefined {
  return value === undefined || value === null ? undefined : parse();
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
