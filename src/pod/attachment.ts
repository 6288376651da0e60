/** One network of a pod, decided before anything is done. Pure types. */
import type { CniArgs } from '../cni/args';
import type { Json } from '../json';
import type { Ip } from '../net/ip';
import type { IfName, NetworkName } from '../net/names';

/** A network to attach: which plugins run, with what, under which interface name. */
export interface Attachment {
  /** What people call it: `namespace/name` of its definition, or the CNI name. */
  readonly network: string;
  /** `name` of the CNI configuration, handed to every plugin. */
  readonly name: NetworkName;
  readonly cniVersion: string;
  readonly ifName: IfName;
  /** The default network: the runtime's own capability arguments go to it, the default route stays with it. */
  readonly isDefault: boolean;
  /** The plugins' configurations in order, as they came, with `args.cni` and device id put in. */
  readonly plugins: readonly Json[];
  /** Capability arguments by capability; each plugin gets those it declares. */
  readonly capabilities: Json;
  readonly args: CniArgs;
  /** Gateways of `default-route`; undefined: not asked for, empty: keep this network's own default. */
  readonly defaultRoute: readonly Ip[] | undefined;
  /** Addresses and MAC asked for, which the result must show. */
  readonly asked: { readonly ips: readonly string[]; readonly mac: string | undefined };
  /** Keep the pod from forwarding between its networks; off for router pods (`isolation: false`). */
  readonly isolated: boolean;
  readonly disableCheck: boolean;
  /** The device that its delegates are given. */
  readonly device?: Device | undefined;
}

/** A device of the node, as a device plugin or driver names it: mostly a PCI address. */
export interface Device {
  readonly id: string;
  /** Undefined when the annotation names the device. */
  readonly resourceName: string | undefined;
}
