/** From a record file's text to the record; whatever is not one is RecordInvalid. Pure. */

import type { Failure, Step } from '../attach/history';
import type { AttachRecord, RecordedAttachment, Unpublished } from '../attach/record';
import { recordVersion } from '../attach/record';
import type { CniArgs } from '../cni/args';
import { requirePlugin } from '../cni/network';
import type { Dns, Interface, IpConfig, Result, ResultRoute } from '../cni/result';
import { fail, toCniError } from '../error';
import {
  boolean,
  int,
  isRecord,
  type Json,
  list,
  optionalInt,
  optionalString,
  parseObject,
  shown,
  strings,
} from '../json';
import { cidr, ip } from '../net/ip';
import { mac } from '../net/mac';
import { containerId, ifName, netnsPath, networkName } from '../net/names';
import type { Device } from '../pod/attachment';
import type { RecordOwner } from './owner';
import { parseFailure } from './parse-failure';

/**
 * Parses a record of this version or an older one (version 1 is the first: what a later one adds gets its default here).
 * @throws CniError RecordInvalid with the path: empty, cut off, no record, of a newer version, or somebody else's.
 */
export function parseRecord(text: string, path: string, owner: RecordOwner): AttachRecord {
  try {
    const found = record(parseObject(text, 'it'));
    const isOwners = found.containerId === owner.containerId && found.ifName === owner.ifName;
    return isOwners
      ? found
      : fail('RecordInvalid', `it belongs to container ${found.containerId}, interface ${found.ifName}`);
  } catch (cause) {
    const why = toCniError(cause).problem.replace(/^Cannot read it: /, '');
    return fail('RecordInvalid', `Cannot use record ${path}: ${why}`, { cause });
  }
}

function record(r: Json): AttachRecord {
  const version = int(r.version, 'version', 1, Number.MAX_SAFE_INTEGER);
  if (version > recordVersion)
    fail('RecordInvalid', `it has version ${version}, written by a newer Braid; this one reads up to ${recordVersion}`);
  return {
    ...parseHeader(r),
    attachments: each(r.attachments, 'attachments', parseAttachment),
    result: optional(r.result, 'result', result),
    steps: optional(r.steps, 'steps', (value, name) => each(value, name, step)),
    failures: optional(r.failures, 'failures', (value, name) => each(value, name, failure)),
    unpublished: optional(r.unpublished, 'unpublished', unpublished),
  };
}

/** Whose sandbox it is; the version is this Braid's own. */
export function parseHeader(
  r: Json,
): Omit<AttachRecord, 'attachments' | 'result' | 'unpublished' | 'steps' | 'failures'> {
  return {
    version: recordVersion,
    containerId: containerId(text(r.containerId, 'containerId')),
    ifName: ifName(r.ifName, 'ifName'),
    netns: netnsPath(text(r.netns, 'netns')),
    netnsId: optionalString(r.netnsId, 'netnsId'),
    pod: optional(r.pod, 'pod', pod),
    bootId: text(r.bootId, 'bootId'),
    createdAt: text(r.createdAt, 'createdAt'),
  };
}

function pod(value: unknown, field: string): NonNullable<AttachRecord['pod']> {
  const p = object(value, field);
  const uid = optionalString(p.uid, `${field}.uid`);
  return { namespace: text(p.namespace, `${field}.namespace`), name: text(p.name, `${field}.name`), uid };
}

function step(value: unknown, field: string): Step {
  const { step: name, ms } = object(value, field);
  return typeof ms === 'number'
    ? { step: text(name, `${field}.step`), ms }
    : fail('RecordInvalid', `Cannot use ${shown(ms)} as ${field}.ms: need a number`);
}

function failure(value: unknown, field: string): Failure {
  return parseFailure(value) ?? fail('RecordInvalid', `Cannot use ${shown(value)} as ${field}: need a failure`);
}

function unpublished(value: unknown, field: string): Unpublished {
  return { problem: optionalString(object(value, field).problem, `${field}.problem`) };
}

/** One attachment of a record. */
export function parseAttachment(value: unknown, field: string): RecordedAttachment {
  const a = object(value, field);
  const asked = object(a.asked, `${field}.asked`);
  return {
    network: text(a.network, `${field}.network`),
    name: networkName(a.name, `${field}.name`),
    cniVersion: text(a.cniVersion, `${field}.cniVersion`),
    ifName: ifName(a.ifName, `${field}.ifName`),
    isDefault: flag(a.isDefault, `${field}.isDefault`),
    plugins: each(a.plugins, `${field}.plugins`, plugin),
    capabilities: object(a.capabilities, `${field}.capabilities`),
    args: each(a.args, `${field}.args`, pair),
    defaultRoute: optional(a.defaultRoute, `${field}.defaultRoute`, (value, name) => each(value, name, ip)),
    asked: { ips: each(asked.ips, `${field}.asked.ips`, text), mac: optionalString(asked.mac, `${field}.asked.mac`) },
    isolated: flag(a.isolated, `${field}.isolated`),
    disableCheck: flag(a.disableCheck, `${field}.disableCheck`),
    device: optional(a.device, `${field}.device`, device),
    result: optional(a.result, `${field}.result`, result),
    routes: optional(a.routes, `${field}.routes`, (value, name) => each(value, name, route)),
    deviceInfo: optional(a.deviceInfo, `${field}.deviceInfo`, object),
    failure: optionalString(a.failure, `${field}.failure`),
  };
}

function device(value: unknown, field: string): Device {
  const d = object(value, field);
  return { id: text(d.id, `${field}.id`), resourceName: optionalString(d.resourceName, `${field}.resourceName`) };
}

/** What ADD let through, and nothing else: DEL looks up a type as a file. */
function plugin(value: unknown, field: string): Json {
  const found = object(value, field);
  requirePlugin(found, `${field}.`, 'RecordInvalid');
  return found;
}

function result(value: unknown, field: string): Result {
  const r = object(value, field);
  return {
    interfaces: each(r.interfaces, `${field}.interfaces`, link),
    ips: each(r.ips, `${field}.ips`, ipConfig),
    routes: each(r.routes, `${field}.routes`, route),
    dns: dns(r.dns, `${field}.dns`),
  };
}

function link(value: unknown, field: string): Interface {
  const i = object(value, field);
  return {
    name: text(i.name, `${field}.name`),
    mac: optional(i.mac, `${field}.mac`, mac),
    mtu: number(i.mtu, `${field}.mtu`),
    sandbox: optionalString(i.sandbox, `${field}.sandbox`),
    socketPath: optionalString(i.socketPath, `${field}.socketPath`),
    pciID: optionalString(i.pciID, `${field}.pciID`),
  };
}

function ipConfig(value: unknown, field: string): IpConfig {
  const i = object(value, field);
  return {
    address: cidr(i.address, `${field}.address`),
    gateway: optional(i.gateway, `${field}.gateway`, ip),
    interface: number(i.interface, `${field}.interface`),
  };
}

function route(value: unknown, field: string): ResultRoute {
  const r = object(value, field);
  return {
    dst: cidr(r.dst, `${field}.dst`),
    gw: optional(r.gw, `${field}.gw`, ip),
    mtu: number(r.mtu, `${field}.mtu`),
    advmss: number(r.advmss, `${field}.advmss`),
    priority: number(r.priority, `${field}.priority`),
    table: number(r.table, `${field}.table`),
    scope: number(r.scope, `${field}.scope`),
  };
}

function dns(value: unknown, field: string): Dns {
  const d = object(value, field);
  return {
    nameservers: optional(d.nameservers, `${field}.nameservers`, strings),
    domain: optionalString(d.domain, `${field}.domain`),
    search: optional(d.search, `${field}.search`, strings),
    options: optional(d.options, `${field}.options`, strings),
  };
}

function pair(value: unknown, field: string): CniArgs[number] {
  const [key, held, ...rest] = strings(value, field);
  if (key !== undefined && held !== undefined && rest.length === 0) return [key, held];
  return fail('RecordInvalid', `Cannot use ${shown(value)} as ${field}: need a key and a value`);
}

type Parser<T> = (value: unknown, field: string) => T;

function optional<T>(value: unknown, field: string, parse: Parser<T>): T | undefined {
  return value === undefined ? undefined : parse(value, field);
}

/** A list that must be there: a record says everything, and a missing part is a broken record. */
function each<T>(value: unknown, field: string, parse: Parser<T>): readonly T[] {
  if (value === undefined) fail('RecordInvalid', `Cannot find ${field}`);
  return list(value, field).map((item, index) => parse(item, `${field}[${index}]`));
}

function text(value: unknown, field: string): string {
  return optionalString(value, field) ?? fail('RecordInvalid', `Cannot find ${field}`);
}

function flag(value: unknown, field: string): boolean {
  return value === undefined ? fail('RecordInvalid', `Cannot find ${field}`) : boolean(value, field);
}

function number(value: unknown, field: string): number | undefined {
  return optionalInt(value, field, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function object(value: unknown, field: string): Json {
  return isRecord(value) ? value : fail('RecordInvalid', `Cannot use ${shown(value)} as ${field}: need a JSON object`);
}
