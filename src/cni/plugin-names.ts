/** Which plugin somebody means by a type that is none: one that is built in, or a well-known one of others. Pure. */
import { findNearMiss } from '../near';

/** Types of plugins in wide use that Braid does not have: no misspellings, though `macvtap` is close to one. */
const ofOthers = [
  'accelerated-bridge',
  'afxdp',
  'antrea',
  'aws-cni',
  'azure-vnet',
  'bandwidth',
  'bond',
  'calico',
  'calico-ipam',
  'cilium-cni',
  'egress-router',
  'firewall',
  'flannel',
  'ib-sriov',
  'kube-ovn',
  'macvtap',
  'nv-ipam',
  'ovn-k8s-cni-overlay',
  'ovs',
  'portmap',
  'rdma',
  'route-override',
  'spiderpool',
  'sriov',
  'userspace',
  'weave-net',
  'whereabouts',
] as const;

/** The type that is meant; `undefined` for one that may well be what it says. */
export function findMeantType(type: string, builtIn: readonly string[]): string | undefined {
  const known = [...builtIn, ...ofOthers];
  return known.includes(type) ? undefined : findNearMiss(type, known);
}
