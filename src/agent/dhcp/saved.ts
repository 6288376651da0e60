/** A lease on disk: how it is written, and read back after a restart. Pure. */
import { parseDns } from '../../cni/dns';
import type { Told } from '../../dhcp/config';
import type { Lease4 } from '../../dhcp/lease4';
import type { Lease6 } from '../../dhcp/lease6';
import type { Lease } from '../../dhcp/life';
import type { Options4 } from '../../dhcp/option4';
import type { Term } from '../../dhcp/term';
import { fail } from '../../error';
import {
  boolean,
  type Fields,
  int,
  isRecord,
  type Json,
  list,
  optionalString,
  parseObject,
  record,
  string,
} from '../../json';
import { ip } from '../../net/ip';
import { mac } from '../../net/mac';
import { containerId, ifName, type NetnsPath, netnsPath, networkName } from '../../net/names';
import type { PodIdentity } from '../../pod/event';
import type { Owner } from './identity';

/** A lease, whose it is and what its server was told. */
export interface Saved extends Owner {
  readonly bootId: string;
  readonly netns: NetnsPath;
  readonly identity: string;
  readonly pod: PodIdentity | undefined;
  readonly isOneOfTwo: boolean;
  readonly told: Told;
  readonly lease: Lease;
}

const version = 1;

export function toText({ told, lease, ...rest }: Saved): string {
  const { endsAt, renewAt, rebindAt, ...fixed } = lease;
  const times = [renewAt, rebindAt, endsAt].map((at) => (Number.isFinite(at) ? Math.round(at) : null));
  const hex = lease.family === 4 ? { options: toHex(lease.options) } : {};
  const asked = told.family === 4 ? { told: toHex(told.options) } : { asked: told.asked };
  return JSON.stringify({ version, ...rest, ...asked, lease: { ...fixed, times, ...hex } });
}

/** RecordInvalid names the field. Files of earlier versions have neither family, pod nor isOneOfTwo. */
export function fromText(text: string, what: string): Saved {
  const c = record(parseObject(text, what, 'RecordInvalid'), what, 'RecordInvalid');
  int(c.version, 'version', version, version, 'RecordInvalid');
  return {
    bootId: string(c.bootId, 'bootId', '', 'RecordInvalid'),
    containerId: containerId(string(c.containerId, 'containerId', '', 'RecordInvalid')),
    network: networkName(c.network, 'network', 'RecordInvalid'),
    ifName: ifName(c.ifName, 'ifName', 'RecordInvalid'),
    netns: netnsPath(string(c.netns, 'netns', '', 'RecordInvalid')),
    identity: string(c.identity, 'identity', '', 'RecordInvalid'),
    pod: toPod(c.pod),
    isOneOfTwo: boolean(c.isOneOfTwo, 'isOneOfTwo', false, 'RecordInvalid'),
    ...toContract(c),
  };
}

function toContract(c: Fields): Pick<Saved, 'told' | 'lease'> {
  const lease = record(c.lease, 'lease', 'RecordInvalid');
  switch (lease.family ?? 4) {
    case 4:
      return { told: { family: 4, options: fromHex(c.told) }, lease: toLease4(lease) };
    case 6: {
      const asked = list(c.asked, 'asked', 'RecordInvalid').map((code) =>
        int(code, 'asked', 0, 0xffff, 'RecordInvalid'),
      );
      return { told: { family: 6, asked }, lease: toLease6(lease) };
    }
    default:
      return fail('RecordInvalid', 'Cannot use lease.family: need 4 or 6');
  }
}

const toLease4 = (lease: Fields): Lease4 => ({
  family: 4,
  address: ip(lease.address, 'lease.address', 'RecordInvalid'),
  server: ip(lease.server, 'lease.server', 'RecordInvalid'),
  serverMac: mac(lease.serverMac, 'lease.serverMac', 'RecordInvalid'),
  ...toTimes(lease),
  options: fromHex(lease.options),
});

const toLease6 = (lease: Fields): Lease6 => ({
  family: 6,
  address: ip(lease.address, 'lease.address', 'RecordInvalid'),
  server: string(lease.server, 'lease.server', '', 'RecordInvalid'),
  ...toTimes(lease),
  dns: parseDns(lease.dns),
});

function toTimes({ times }: Fields): Term {
  const [renewAt = 0, rebindAt = 0, endsAt = 0] = list(times, 'lease.times', 'RecordInvalid').map((at, index) =>
    at === null
      ? Number.POSITIVE_INFINITY
      : int(at, `lease.times[${index}]`, 0, Number.MAX_SAFE_INTEGER, 'RecordInvalid'),
  );
  return { renewAt, rebindAt, endsAt };
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
