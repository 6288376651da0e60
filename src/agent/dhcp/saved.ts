/** A lease on disk: how it is written, and read back after a restart. Pure. */
import type { Lease4 } from '../../dhcp/lease4';
import type { Options4 } from '../../dhcp/option4';
import { int, isRecord, type Json, list, optionalString, parseObject, record, string } from '../../json';
import { ip } from '../../net/ip';
import { mac } from '../../net/mac';
import {
  type ContainerId,
  containerId,
  type IfName,
  ifName,
  type NetnsPath,
  type NetworkName,
  netnsPath,
  networkName,
} from '../../net/names';
import type { PodIdentity } from '../../pod/event';

/** Whose lease it is. */
export interface Owner {
  readonly containerId: ContainerId;
  readonly network: NetworkName;
  readonly ifName: IfName;
}

/** A lease, whose it is and what its server was told. */
export interface Saved extends Owner {
  readonly bootId: string;
  readonly netns: NetnsPath;
  readonly identity: string;
  readonly pod: PodIdentity | undefined;
  readonly told: Options4;
  readonly lease: Lease4;
}

const version = 1;

/** RFC 2132's client identifier as the reference daemon makes it: type 0 and a text, cut to fit. */
export function clientIdOf({ containerId: id, network, ifName: name }: Owner): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.from(`${id}/${network}/${name}`).subarray(0, 254)]);
}

export function toText(saved: Saved): string {
  const { told, lease, ...rest } = saved;
  const { endsAt, renewAt, rebindAt, options, ...fixed } = lease;
  const times = [renewAt, rebindAt, endsAt].map((at) => (Number.isFinite(at) ? Math.round(at) : null));
  return JSON.stringify({ version, ...rest, told: toHex(told), lease: { ...fixed, times, options: toHex(options) } });
}

/** RecordInvalid names the field. */
export function fromText(text: string, what: string): Saved {
  const c = record(parseObject(text, what, 'RecordInvalid'), what, 'RecordInvalid');
  int(c.version, 'version', version, version, 'RecordInvalid');
  const lease = record(c.lease, 'lease', 'RecordInvalid');
  const [renewAt, rebindAt, endsAt] = list(lease.times, 'lease.times', 'RecordInvalid').map((at, index) =>
    at === null
      ? Number.POSITIVE_INFINITY
      : int(at, `lease.times[${index}]`, 0, Number.MAX_SAFE_INTEGER, 'RecordInvalid'),
  );
  return {
    bootId: string(c.bootId, 'bootId', '', 'RecordInvalid'),
    containerId: containerId(string(c.containerId, 'containerId', '', 'RecordInvalid')),
    network: networkName(c.network, 'network', 'RecordInvalid'),
    ifName: ifName(c.ifName, 'ifName', 'RecordInvalid'),
    netns: netnsPath(string(c.netns, 'netns', '', 'RecordInvalid')),
    identity: string(c.identity, 'identity', '', 'RecordInvalid'),
    pod: toPod(c.pod),
    told: fromHex(c.told),
    lease: {
      family: 4,
      address: ip(lease.address, 'lease.address', 'RecordInvalid'),
      server: ip(lease.server, 'lease.server', 'RecordInvalid'),
      serverMac: mac(lease.serverMac, 'lease.serverMac', 'RecordInvalid'),
      renewAt: renewAt ?? 0,
      rebindAt: rebindAt ?? 0,
      endsAt: endsAt ?? 0,
      options: fromHex(lease.options),
    },
  };
}

function toPod(value: unknown): PodIdentity | undefined {
  if (value === undefined) return undefined;
  const { namespace, name, uid } = record(value, 'pod', 'RecordInvalid');
  return {
    namespace: string(namespace, 'pod.namespace', '', 'RecordInvalid'),
    name: string(name, 'pod.name', '', 'RecordInvalid'),
    uid: optionalString(uid, 'pod.uid', 'RecordInvalid'),
  };
}

const toHex = (options: Options4): Json =>
  Object.fromEntries([...options].map(([code, value]) => [code, value.toString('hex')]));

function fromHex(value: unknown): Options4 {
  const pairs = Object.entries(isRecord(value) ? value : {});
  return new Map(pairs.map(([code, hex]) => [Number(code), Buffer.from(String(hex), 'hex')]));
}
