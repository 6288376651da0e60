/** Nodes of source 003: flannel as cluster network, and the cloud's addresses by ipvlan over eth1. Makes namespaces through the runtime. */
import { type Changes, type Json, Node, Space } from './runtime';

/** The cluster network as flannel makes it: the node's first pod is 10.244.0.57. `more` are keys of its bridge; `leases`: host-local's directory. */
export function flannel({ leases }: { readonly leases?: string }, more: Json = {}): Json {
  const range = { subnet: '10.244.0.0/24', rangeStart: '10.244.0.57', rangeEnd: '10.244.0.99' };
  const ipam = { type: 'host-local', dataDir: leases, ranges: [[range]], routes: [{ dst: '10.244.0.0/16' }] };
  return { cniVersion: '0.3.1', name: 'cbr0', type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipam, ...more };
}

const ipvlanVpc = (address: string): Json => ({
  cniVersion: '0.3.1',
  name: 'ipvlan-vpc',
  type: 'ipvlan',
  master: 'eth1',
  ipam: { type: 'static', addresses: [{ address }] },
});

/** A node with the document's network; ipvlan-vpc2 is the same for a second pod. */
export interface CloudNode {
  readonly node: Node;
  /** The network beyond eth1. */
  readonly outside: Space;
  readonly changes: Changes;
}

export function cloudNode(more: Json = {}): CloudNode {
  const node = new Node();
  const outside = node.uplink('eth1');
  node.network('ipvlan-vpc', ipvlanVpc('10.5.2.203/24'));
  node.network('ipvlan-vpc2', ipvlanVpc('10.5.2.204/24'));
  return { node, outside, changes: { delegates: [flannel(node, more)] } };
}

/** Two nodes whose eth1 are ports of one switch; a further VM of that network has its eth1 there, too. */
export function cloudNodes(): { readonly one: CloudNode; readonly two: CloudNode; readonly vm: Space } {
  const [one, two] = [cloudNode(), cloudNode()];
  const vm = new Space(`${one.node.name}-vm`);
  const lan = one.outside;
  lan.ip('link add br0 type bridge');
  lan.ip('link set br0 up');
  lan.ip('link set eth1 master br0');
  two.outside.ip(`link set eth1 netns ${lan.name} name port2`);
  lan.ip(`link add port3 type veth peer name eth1 netns ${vm.name}`);
  for (const port of ['port2', 'port3']) lan.ip(`link set ${port} master br0 up`);
  vm.ip('link set eth1 up');
  return { one, two, vm };
}
