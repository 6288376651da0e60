/** What the tests put into the cluster: Braid by its own manifests, networks, pods. Pure but for reading conf/. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { networksAnnotation } from '../../src/pod/networks';
import { nodeName } from './files';
import { toolImage } from './images';

const conf = path.resolve(import.meta.dirname, '../../conf');

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: object;
}

/** conf/base, as `kubectl apply -k` has it, in order. */
export function braidObjects(): readonly Manifest[] {
  return ['crd', 'rbac', 'policy', 'daemonset'].flatMap((name) => objectsOf(`base/${name}.yaml`));
}

/** conf/policy, the admission policies. */
export function policyObjects(): readonly Manifest[] {
  return objectsOf('policy/policy.yaml');
}

function objectsOf(file: string): readonly Manifest[] {
  const documents: unknown = Bun.YAML.parse(readFileSync(path.join(conf, file), 'utf8'));
  return ((Array.isArray(documents) ? documents : [documents]) as readonly (Manifest | null)[]).filter(
    (each) => each !== null,
  );
}

interface DaemonSpec {
  readonly initContainers: readonly [{ readonly args: string[] }];
}

/** The pod that the DaemonSet's controller would make for the node, from the same template; `clusterCidrs` in its argument. */
export function daemonPod(clusterCidrs = ''): object {
  const daemonSet = braidObjects().find(({ kind }) => kind === 'DaemonSet') as unknown as {
    spec: { template: { metadata: { labels: object }; spec: DaemonSpec } };
  };
  const { metadata, spec } = daemonSet.spec.template;
  const [installer] = spec.initContainers;
  installer.args[installer.args.indexOf('--cluster-cidrs') + 1] = clusterCidrs;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: agentPod, namespace: 'kube-system', labels: metadata.labels },
    spec: { ...spec, nodeName },
  };
}

/** The ConfigMap of conf/base with these settings in the place of its own. */
export function settingsMap(settings: object): object {
  const own = braidObjects().find(({ kind }) => kind === 'ConfigMap');
  return { ...own, data: { 'settings.json': JSON.stringify(settings) } };
}

export const agentPod = `braid-${nodeName}`;

/** A definition in the namespace `default`. */
export function network(name: string, config: object): Manifest {
  return {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name, namespace: 'default' },
    spec: { config: JSON.stringify({ cniVersion: '1.0.0', ...config }) },
  };
}

/** macvlan on eth1 with addresses of 10.20.`subnet`.0/24. */
export const macvlan = (subnet: number): object => ({
  type: 'macvlan',
  master: 'eth1',
  ipam: { type: 'host-local', subnet: `10.20.${subnet}.0/24` },
});

/** A bridge of its own with addresses of 10.30.`subnet`.0/24. */
export const bridge = (subnet: number): object => ({
  type: 'bridge',
  bridge: `lan-br${subnet}`,
  ipam: { type: 'host-local', subnet: `10.30.${subnet}.0/24` },
});

/** A pod on the node that asks for these networks and sleeps. */
export function pod(name: string, networks: string, namespace = 'default'): Manifest {
  return annotated(name, networks === '' ? {} : { [networksAnnotation]: networks }, namespace);
}

/** The same with any annotations. */
export function annotated(
  name: string,
  annotations: Readonly<Record<string, string>>,
  namespace = 'default',
): Manifest {
  return onNode({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec: {} });
}

/** The pod with as many devices of each resource. */
export function withDevices(manifest: Manifest, limits: Readonly<Record<string, string>>): Manifest {
  const { containers } = manifest.spec as { containers: readonly object[] };
  return {
    ...manifest,
    spec: { ...manifest.spec, containers: containers.map((each) => ({ ...each, resources: { limits } })) },
  };
}

/** The objects of a file of conf/networks, its pods on the node and with an image that is there. */
export function networkObjects(file: string): readonly Manifest[] {
  return objectsOf(`networks/${file}.yaml`).map((each) => (each.kind === 'Pod' ? onNode(each) : each));
}

/** A pod without scheduler: on the node, and its container is the tests'. */
function onNode(manifest: Manifest): Manifest {
  const container = {
    name: 'tool',
    image: toolImage,
    imagePullPolicy: 'Never',
    securityContext: { capabilities: { add: ['NET_RAW'] } },
  };
  return {
    ...manifest,
    spec: { ...manifest.spec, nodeName, terminationGracePeriodSeconds: 0, containers: [container] },
  };
}
