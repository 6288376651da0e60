/** What a bridge network's configuration says. Pure. */
import { optionalMac, runtimeMac } from '../../src/attach/mac';
import { type MasqueradeBackend, parseMasqueradeBackend } from '../../src/attach/masquerade';
import { parseMaster } from '../../src/attach/master';
import { parseConfiguredDns } from '../../src/cni/dns';
import type { Dns } from '../../src/cni/result';
import { fail } from '../../src/error';
import { boolean, type Fields, int, list, record } from '../../src/json';
import type { Mac } from '../../src/net/mac';
import { type IfName, ifName } from '../../src/net/names';
import { parseVlanTag, type VlanTag } from '../../src/net/vlan';
import { parseTrunk } from './vlans';

/** Keys of the reference plugin, defaults filled in. */
export interface BridgeConfig {
  readonly bridge: IfName;
  readonly missing: 'create' | 'refuse'; // what becomes of a bridge that is not there
  readonly isGateway: boolean;
  readonly isDefaultGateway: boolean;
  readonly forceAddress: boolean;
  readonly ipMasq: boolean;
  readonly ipMasqBackend: MasqueradeBackend;
  readonly mtu: number | undefined; // bytes; undefined: the kernel's for a new bridge, the bridge's for its ports
  readonly hairpin: boolean;
  readonly promisc: boolean;
  readonly vlan: number; // 0: none
  readonly trunk: readonly number[]; // ascending, each once
  readonly vlanFiltering: boolean; // of a new bridge
  readonly preserveDefaultVlan: boolean;
  readonly gatewayLink: IfName | undefined; // the gateway's own link, where a VLAN has one
  readonly macspoofchk: boolean;
  readonly dad: boolean;
  readonly probe: boolean; // ask the network whether somebody holds the addresses
  readonly podLinkDown: boolean; // disableContainerInterface
  readonly isolated: boolean; // portIsolation
  readonly mac: Mac | undefined; // CNI_ARGS has the next word
  readonly dns: Dns | undefined; // undefined: IPAM's
  readonly uplink: Uplink | undefined; // undefined: the bridge's way out of the node is nobody's business here
}

/** The bridge's way out of the node: `master`, and with `vlan` that VLAN of it. */
export interface Uplink {
  readonly master: string;
  readonly vlan: VlanTag | undefined;
}

/** Keys that Braid will give bridge networks; until then nobody may believe that they work. */
const notYet = ['hostAccess'];

/** The configuration of type `bridge`, which makes the bridge when it is missing. */
export function parse(input: unknown): BridgeConfig {
  const c = record(input);
  refuseUnsupported(c);
  const bridge = ifName(c.bridge ?? 'cni0', 'bridge');
  const isDefaultGateway = boolean(c.isDefaultGateway, 'isDefaultGateway');
  const isGateway = boolean(c.isGateway, 'isGateway') || isDefaultGateway;
  const uplink = parseUplink(c);
  const vlan = uplink?.vlan === undefined ? int(c.vlan ?? 0, 'vlan', 0, 4094) : 0; // the uplink's tag: ports need none
  const parsed: BridgeConfig = {
    bridge,
    missing: 'create',
    isGateway,
    isDefaultGateway,
    forceAddress: boolean(c.forceAddress, 'forceAddress'),
    ipMasq: boolean(c.ipMasq, 'ipMasq'),
    ipMasqBackend: parseMasqueradeBackend(c),
    mtu: int(c.mtu ?? 0, 'mtu', 0, 65535) || undefined, // 0 on the wire means unset
    hairpin: boolean(c.hairpinMode, 'hairpinMode'),
    promisc: boolean(c.promiscMode, 'promiscMode'),
    vlan,
    trunk: parseTrunk(list(c.vlanTrunk, 'vlanTrunk')),
    vlanFiltering: vlan !== 0 || c.vlanTrunk !== undefined,
    preserveDefaultVlan: boolean(c.preserveDefaultVlan, 'preserveDefaultVlan'),
    gatewayLink: isGateway && vlan !== 0 ? ifName(`${bridge}.${vlan}`, "name of the VLAN's gateway link") : undefined,
    macspoofchk: boolean(c.macspoofchk, 'macspoofchk'),
    dad: boolean(c.enabledad, 'enabledad'),
    probe: boolean(c.probe, 'probe'),
    podLinkDown: boolean(c.disableContainerInterface, 'disableContainerInterface'),
    isolated: boolean(c.portIsolation, 'portIsolation'),
    mac: runtimeMac(c) ?? optionalMac(cniArgs(c).mac, 'args.cni.mac'),
    dns: parseConfiguredDns(c.dns),
    uplink,
  };
  refuseConflicts(parsed, c);
  return parsed;
}

/** The configuration of type `cnv-bridge`, which takes the node's bridge and never makes one. */
export function parseExisting(input: unknown): BridgeConfig {
  return { ...parse(input), missing: 'refuse' };
}

function refuseUnsupported(c: Fields): void {
  const early = notYet.find((key) => c[key] !== undefined);
  if (early !== undefined) fail('FieldUnsupported', `Cannot use ${early}: not supported yet`);
}

/** Without `master`, `vlan` is the port's, as with the reference plugin. */
function parseUplink(c: Fields): Uplink | undefined {
  const master = parseMaster(c.master);
  if (master === undefined && c.vlanProtocol !== undefined)
    fail('ConfigInvalid', 'Cannot use vlanProtocol without master: VLANs of a bridge port are 802.1Q');
  if (master === undefined) return undefined;
  const vlan = parseVlanTag(c.vlan === 0 ? undefined : c.vlan, c.vlanProtocol);
  if (vlan !== undefined && c.vlanTrunk !== undefined)
    fail('ConfigInvalid', 'Cannot use vlanTrunk with master and vlan: such a bridge is one VLAN, without tags');
  return { master, vlan };
}

function refuseConflicts(c: BridgeConfig, fields: Fields): void {
  if (c.hairpin && c.promisc)
    fail(
      'ConfigInvalid',
      'Cannot set hairpin mode and promiscuous mode at the same time: drop hairpinMode or promiscMode',
    );
  const ipam = fields.ipam === undefined ? undefined : record(fields.ipam, 'ipam').type;
  if (c.podLinkDown && ipam !== undefined && ipam !== '')
    fail(
      'ConfigInvalid',
      'Cannot use IPAM when disableContainerInterface is set: a link that is down has no addresses',
    );
}

function cniArgs(c: Fields): Fields {
  return record(record(c.args ?? {}, 'args').cni ?? {}, 'args.cni');
}
