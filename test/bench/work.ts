/** What the competitors are to do: pods with k networks beside the default one, as configurations, definitions and pod objects. Pure. */

/** Which links the k networks are made of. */
export const mixes = ['macvlan', 'bridge', 'mixed', 'vlan'] as const;
export type Mix = (typeof mixes)[number];

/** One network definition: a name and the CNI configuration. */
export interface Network {
  readonly name: string;
  readonly config: { readonly cniVersion: string; readonly name: string; readonly plugins: readonly object[] };
}

/** A pod that asks for the first `k` networks of a mix. */
export interface Pod {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const cniVersion = '1.0.0';

/** The default network of every competitor: a bridge with addresses of host-local. */
export const defaultNetwork = {
  cniVersion,
  name: 'cluster',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isDefaultGateway: true,
      ipam: { type: 'host-local', subnet: '10.244.0.0/16' },
    },
  ],
};

/** The first `k` networks of a mix, each with a subnet of its own. */
export function networksOf(mix: Mix, k: number): readonly Network[] {
  return Array.from({ length: k }, (_, at) => ({
    name: `${mix}-${at}`,
    config: { cniVersion, name: `${mix}-${at}`, plugins: pluginsOf(mix, at) },
  }));
}

function pluginsOf(mix: Mix, at: number): readonly object[] {
  const ipam = { type: 'host-local', subnet: `10.${10 + mixes.indexOf(mix)}.${at}.0/24` };
  const macvlan = { type: 'macvlan', master: `m${at % 4}`, mode: 'bridge', ipam };
  const bridge = { type: 'bridge', bridge: `br${at}`, ipam };
  if (mix === 'macvlan') return [macvlan];
  if (mix === 'vlan') return [{ type: 'vlan', master: `m${at % 4}`, vlanId: 100 + at, ipam }];
  if (mix === 'bridge') return [bridge];
  return at % 2 === 0 ? [macvlan, { type: 'sbr' }] : [bridge];
}

/** The definition as the API server has it. */
export const networkObject = ({ name, config }: Network) => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1' },
  spec: { config: JSON.stringify(config) },
});

/** A pod that asks for these networks. */
export const podOf = (name: string, networks: readonly Network[]): Pod => ({
  name,
  annotations:
    networks.length === 0 ? {} : { 'k8s.v1.cni.cncf.io/networks': networks.map((one) => one.name).join(',') },
});

/** The pod as the API server has it. */
export const podObject = ({ name, annotations }: Pod) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: uidOf(name), resourceVersion: '1', annotations },
  spec: { nodeName: 'node', containers: [{ name: 'c', image: 'i' }] },
  status: { phase: 'Pending' },
});

/** The uid of the pod of that name. */
export const uidOf = (name: string): string => `uid-${name}`;
