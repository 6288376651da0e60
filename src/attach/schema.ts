/** Keys that several delegates share, as tables have them. Pure. */
import { dns } from '../cni/schema';
import { cidr, macAddress } from '../net/schema';
import { flag, integer, type Keys, oneOf, type Schema, text } from '../schema';

/** `mtu`. */
export const mtu = (otherwise: string): Schema => integer(0, 65535, `Bytes. 0 or none: ${otherwise}.`);

/** `master`: a link's name, or what it must be. */
export const master = (description: string): Schema => ({
  description,
  anyOf: [
    text('Name or alternative name of a link.', { maxLength: 127, pattern: '^[^\\s/]*$' }),
    {
      type: 'object',
      description: 'The one link that fits, whatever it is called on the node.',
      required: ['match'],
      properties: {
        match: {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          properties: {
            subnet: cidr('It has an address in there.', '192.168.1.0/24'),
            mac: macAddress('Its MAC address.'),
            pciAddress: text('PCI address of its device.', { examples: ['0000:3b:00.1'] }),
            altName: text('One of its alternative names.'),
            defaultRoute: flag("The node's default route leaves by it."),
          },
        },
      },
    },
  ],
});

/** A VLAN of the master, made when it is first needed. */
export const vlanKeys: Keys = {
  vlan: integer(1, 4094, 'VLAN of the master: its sub-interface is made, shared and removed.'),
  vlanProtocol: oneOf(['802.1Q', '802.1ad'], 'Kind of VLAN tag. Needs vlan.'),
};

/** `probe`. */
export const probe: Schema = flag('An address that somebody on the network holds is refused.');

/** `ipMasqBackend`. */
export const ipMasqBackend: Schema = text(
  'What masquerades. Default: nftables; on a node without the nft command iptables.',
  {
    enum: ['nftables', 'iptables'],
  },
);

/** Keys of delegates whose link lives on a master. */
export const childKeys: Keys = {
  master: master('Link of the node. Default: that of the default route.'),
  mtu: mtu("the master's"),
  linkInContainer: flag('The master lies in the pod, too.'),
  ...vlanKeys,
  hostAccess: flag('The node and its pods reach each other over the network.'),
  probe,
  dns,
};
