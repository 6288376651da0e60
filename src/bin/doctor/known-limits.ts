/** Where MAC addresses of pods are known to be dropped, and how many a card filters. Pure. */
import type { MasterFacts } from './master-facts';

/**
 * How many MAC addresses beside its own a card filters at least, by driver; with more it takes in everything, without telling
 * the kernel. Their sources: BNXT_MAX_UC_ADDRS, E1000_RAR_ENTRIES, IXGBE_82599_RAR_ENTRIES; MAC_TABLE_ENTRIES of QEMU.
 */
export const filters: Readonly<Record<string, number>> = { bnxt_en: 3, igb: 15, ixgbe: 127, virtio_net: 63 };

/** A place that is known to drop what comes for MAC addresses it did not give. */
export interface Known {
  applies(facts: MasterFacts): boolean;
  readonly cause: string;
  readonly fix: string;
}

const ipvlanInstead = 'use ipvlan, whose pods have the MAC of the master';

/** The first that applies counts. */
export const known: readonly Known[] = [
  {
    applies: ({ isWireless }) => isWireless,
    cause: 'a wireless access point takes one MAC address from each station',
    fix: ipvlanInstead,
  },
  {
    applies: ({ bondMode }) => bondMode === 'balance-alb' || bondMode === 'balance-tlb',
    cause: 'bonds of this mode rewrite MAC addresses of what they send, so answers for pods get lost',
    fix: `bond mode active-backup or 802.3ad; or ${ipvlanInstead}`,
  },
  {
    applies: ({ isVirtualFunction, driver }) =>
      isVirtualFunction || ['iavf', 'igbvf', 'ixgbevf'].includes(driver ?? ''),
    cause: 'a virtual function: its card drops frames from and for other MAC addresses unless it is trusted',
    fix: 'on the host of the card: ip link set PF vf N trust on spoofchk off; or use ipvlan',
  },
  {
    applies: ({ driver, vendor }) => driver === 'ena' || vendor === 'Amazon EC2',
    cause: 'EC2 delivers to the MAC and the addresses of the network interface only',
    fix: 'give the pod an interface of its own (host-device), or ipvlan with secondary addresses of the interface',
  },
  {
    applies: ({ driver, vendor }) => driver === 'gve' || vendor === 'Google',
    cause: 'Google Cloud delivers to the MAC and the addresses of the interface only',
    fix: 'ipvlan with alias addresses of the interface, or an interface of its own (host-device)',
  },
  {
    applies: ({ driver }) => driver === 'hv_netvsc' || driver === 'mana',
    cause: "Hyper-V drops other MAC addresses unless the adapter's MAC address spoofing is on; Azure always does",
    fix: `Set-VMNetworkAdapter -MacAddressSpoofing On; on Azure ${ipvlanInstead}`,
  },
  {
    applies: ({ driver }) => driver === 'vmxnet3',
    cause: 'a vSphere port group drops other MAC addresses by default',
    fix: 'on the port group: MAC learning with forged transmits, or promiscuous mode, forged transmits and MAC changes',
  },
  {
    applies: ({ vendor }) => /^OpenStack/.test(vendor ?? ''),
    cause: 'a Neutron port with port security drops other MAC addresses and IP addresses',
    fix: 'allowed address pairs for the port, or port security off',
  },
];
