/** What Braid asks of a kernel, one by one, and how it is tried. Acts on the namespace it is given. */
import { onMaster } from '../../attach/masters';
import type { Netns } from '../../attach/ports';
import type { Link } from '../../net/link';
import { ifName } from '../../net/names';

/** Something that a kernel may lack. */
export interface Feature {
  readonly name: string;
  /** Empty: an option of the kernel or of another feature's module, not a module. */
  readonly module: string;
  readonly option: string;
  /** Types of plugins that need it; `own-vlan` and `bridge-vlan` stand for networks with a VLAN. */
  readonly needs: readonly string[];
  /** The same for people. */
  readonly serves: string;
  /** Makes it, on a link that is there, or fails. */
  attempt(netns: Netns, parent: Link): Promise<unknown>;
}

/** Tried before all others: the link that they are made on. */
export const veth: Omit<Feature, 'attempt'> = {
  name: 'veth',
  module: 'veth',
  option: 'CONFIG_VETH',
  needs: ['bridge', 'cnv-bridge', 'ptp'],
  serves: 'networks of type bridge and ptp',
};

/** Its ends. */
export const ends = [ifName('end0', 'link'), ifName('end1', 'link')] as const;

/** The link that is made. */
export const triedName = ifName('tried0', 'link');
const name = triedName;

/** In the order of trying; what is made is deleted before the next. */
export const features: readonly Feature[] = [
  {
    name: 'macvlan',
    module: 'macvlan',
    option: 'CONFIG_MACVLAN',
    needs: ['macvlan'],
    serves: 'networks of type macvlan',
    attempt: (netns, { index }) => netns.createLink({ kind: 'macvlan', name, parent: index, mode: 'bridge' }),
  },
  {
    name: 'ipvlan',
    module: 'ipvlan',
    option: 'CONFIG_IPVLAN',
    needs: ['ipvlan'],
    serves: 'networks of type ipvlan',
    attempt: (netns, { index }) => netns.createLink({ kind: 'ipvlan', name, parent: index, mode: 'l2' }),
  },
  {
    name: 'vlan',
    module: '8021q',
    option: 'CONFIG_VLAN_8021Q',
    needs: ['vlan', 'own-vlan'],
    serves: 'networks with a VLAN',
    attempt: (netns, { index }) => netns.createLink({ kind: 'vlan', name, parent: index, id: 5 }),
  },
  {
    name: 'bridge',
    module: 'bridge',
    option: 'CONFIG_BRIDGE',
    needs: ['bridge', 'cnv-bridge'],
    serves: 'networks of type bridge',
    attempt: (netns) => netns.createLink({ kind: 'bridge', name }),
  },
  {
    name: 'bridge with VLANs',
    module: '',
    option: 'CONFIG_BRIDGE_VLAN_FILTERING',
    needs: ['bridge-vlan'],
    serves: 'bridges with VLANs',
    attempt: (netns) => netns.createLink({ kind: 'bridge', name, vlanFiltering: true }),
  },
  {
    name: 'vrf',
    module: 'vrf',
    option: 'CONFIG_NET_VRF',
    needs: ['vrf'],
    serves: 'networks with vrf',
    attempt: (netns) => netns.createLink({ kind: 'vrf', name, table: 10 }),
  },
  {
    name: 'dummy',
    module: 'dummy',
    option: 'CONFIG_DUMMY',
    needs: ['dummy'],
    serves: 'networks of type dummy',
    attempt: (netns) => netns.createLink({ kind: 'dummy', name }),
  },
  {
    name: 'tap',
    module: 'tun',
    option: 'CONFIG_TUN',
    needs: ['tap'],
    serves: 'networks of type tap',
    attempt: (netns) => netns.createLink({ kind: 'tap', name }),
  },
  {
    name: 'policy routing',
    module: '',
    option: 'CONFIG_IP_MULTIPLE_TABLES',
    needs: ['sbr', ...onMaster],
    serves: 'sbr, and the isolation of networks',
    attempt: (netns) => netns.addRule({ family: 4, source: undefined, table: 100, priority: 100 }),
  },
];
