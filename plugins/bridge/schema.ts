/** The keys of bridge and cnv-bridge. Data only. */
import { ipMasqBackend, master, mtu, probe, vlanKeys } from '../../src/attach/schema';
import { dns, plugin } from '../../src/cni/schema';
import { ifName } from '../../src/net/schema';
import { flag, integer, type Keys, list, object, refused, type Schema } from '../../src/schema';

const vlanId = (description: string): Schema => integer(1, 4094, description);

const keys: Keys = {
  bridge: ifName('Name of the bridge.', { minLength: 1, default: 'cni0' }),
  master: master('The way out of the node: the link, or with vlan that VLAN of it, is the bridge’s port.'),
  isGateway: flag('The bridge gets the gateway address of each subnet.'),
  isDefaultGateway: flag('As isGateway, and the default route of the pod leads there.'),
  forceAddress: flag('Another address of the bridge is replaced.'),
  ipMasq: flag('What leaves the subnet gets an address of the node.'),
  ipMasqBackend,
  mtu: mtu("the kernel's for a new bridge, the bridge's for its ports"),
  hairpinMode: flag('The port sends frames back where they came from.'),
  promiscMode: flag('The bridge is promiscuous.'),
  vlan: integer(0, 4094, 'VLAN of the port; with master: of the master. 0: none.', { default: 0 }),
  vlanProtocol: { ...vlanKeys.vlanProtocol, description: 'Kind of VLAN tag. Needs master and vlan.' },
  vlanTrunk: list(
    object({ id: vlanId('One VLAN.'), minID: vlanId('First VLAN.'), maxID: vlanId('Last VLAN.') }, 'VLANs.', {
      dependentRequired: { minID: ['maxID'], maxID: ['minID'] },
    }),
    'VLANs that the port carries with their tags.',
  ),
  preserveDefaultVlan: flag('The port stays in the VLAN that every new port is in.'),
  macspoofchk: flag('Frames of the pod with another MAC address are dropped.'),
  enabledad: flag('IPv6 addresses are checked for duplicates before they are used.'),
  probe,
  disableContainerInterface: flag('The link of the pod stays down. Goes without ipam only.'),
  portIsolation: flag('Ports of the bridge with this do not reach each other.'),
  hostAccess: refused('A bridge reaches the node by isGateway.'),
  dns,
};

const both: Schema = {
  properties: { hairpinMode: { const: true }, promiscMode: { const: true } },
  required: ['hairpinMode', 'promiscMode'],
};
const more: Schema = { not: both, dependentRequired: { vlanProtocol: ['master', 'vlan'] } };

export const bridgeSchema = plugin('bridge', 'A port of a bridge, which is made when it is missing.', keys, more);
export const cnvBridgeSchema = plugin('cnv-bridge', 'A port of a bridge that is there.', keys, more);
