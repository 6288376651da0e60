/** What is applied to a cluster: the chart gives what conf/base has, the pod is what an operator wants, the account does no more than it must. Reads conf/ only. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { distributions } from '../src/cni/distributions';

const conf = join(import.meta.dirname, '../conf');
const read = (file: string): string => readFileSync(join(conf, file), 'utf8');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function parse(text: string): readonly Manifest[] {
  const documents: unknown = Bun.YAML.parse(text);
  return (Array.isArray(documents) ? documents : [documents]) as readonly Manifest[];
}

/** A value of values.yaml by its path. */
function chartValue(path: string): unknown {
  const [values] = parse(read('chart/values.yaml'));
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], values);
}

/** The chart's template with its values put in. Only what this chart uses: a value as JSON, perhaps quoted, and the namespace. */
function filled(template: string): string {
  return template
    .replaceAll('{{ .Release.Namespace }}', 'kube-system')
    .replace(/\{\{ \.Values\.([\w.]+) \| toJson( \| quote)? \}\}/g, (_, path: string, quote?: string) => {
      const json = JSON.stringify(chartValue(path));
      return quote === undefined ? json : JSON.stringify(json);
    });
}

const base = ['rbac', 'policy', 'daemonset'] as const;
const objects = base.flatMap((name) => parse(read(`base/${name}.yaml`)));
const find = (kind: string) => objects.find((object) => object.kind === kind) as never;

describe('the chart', () => {
  it.each(base)('gives %s.yaml as in conf/base', (name) => {
    const text = filled(read(`chart/templates/${name}.yaml`));
    expect(text).not.toContain('{{');
    expect(parse(text)).toEqual(parse(read(`base/${name}.yaml`)));
  });

  it('has the same definition of networks, and nothing that conf/base lacks', () => {
    expect(read('chart/crds/network-attachment-definition.yaml')).toBe(read('base/crd.yaml'));
    expect(globSync('chart/templates/*', { cwd: conf }).sort()).toEqual(
      base.map((name) => `chart/templates/${name}.yaml`).sort(),
    );
    const [kustomization] = parse(read('base/kustomization.yaml')) as unknown as [{ resources: string[] }];
    expect([...kustomization.resources].sort()).toEqual(['crd', ...base].map((name) => `${name}.yaml`).sort());
  });

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(conf, '../package.json'), 'utf8')) as { version: string };
    const [chart] = parse(read('chart/Chart.yaml')) as unknown as [{ version: string; appVersion: string }];
    expect([chart.version, chart.appVersion, chartValue('image')]).toEqual([version, version, `braid:${version}`]);
  });
});

interface Container {
  readonly args: readonly string[];
  readonly resources: { readonly requests: unknown; readonly limits: unknown };
  readonly securityContext: {
    readonly privileged?: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
}

interface PodSpec {
  readonly priorityClassName: string;
  readonly tolerations: readonly unknown[];
  readonly initContainers: readonly Container[];
  readonly containers: readonly (Container & Readonly<Record<string, unknown>>)[];
}

describe('the pod', () => {
  const { spec } = (find('DaemonSet') as { spec: { template: { spec: PodSpec } } }).spec.template;
  const containers = [...spec.initContainers, ...spec.containers];

  it('comes before others, stays when memory is short, and runs on every node', () => {
    expect(spec.priorityClassName).toBe('system-node-critical');
    expect(spec.tolerations).toEqual([{ operator: 'Exists' }]);
    for (const { resources } of containers) expect(resources.requests).toEqual(resources.limits);
  });

  it('has a read-only root, no more privileges than it names, and probes', () => {
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
      expect(securityContext.privileged).toBeUndefined();
      expect(securityContext.capabilities.drop).toEqual(['ALL']);
    }
    expect(containers.map(({ securityContext }) => securityContext.capabilities.add)).toEqual([
      undefined,
      ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'],
    ]);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(spec.containers[0]).toHaveProperty(probe);
  });
});

describe('the account', () => {
  interface Rule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }
  const { rules } = find('ClusterRole') as { rules: readonly Rule[] };

  it('names every group, kind and verb, and may not delete, escalate or read secrets', () => {
    const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(words).not.toContain('*');
    for (const { verbs } of rules)
      expect(['get', 'list', 'watch', 'patch', 'create']).toEqual(expect.arrayContaining([...verbs]));
    expect(rules.flatMap(({ resources }) => resources)).toEqual([
      'pods',
      'pods/status',
      'events',
      'network-attachment-definitions',
      'resourceclaims',
      'resourceslices',
      'nodes',
    ]);
  });
});

/** One operation of a JSON patch (RFC 6902), of the kind that the overlays use. */
interface Replace {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

describe('an overlay', () => {
  const overlays = globSync('overlays/*', { cwd: conf }).map((path) => path.split('/')[1] as string);
  const differing = distributions.filter(
    ({ confDirs: [confDir], binDirs: [binDir] }) => confDir !== '/etc/cni/net.d' || binDir !== '/opt/cni/bin',
  );

  it('is there for each distribution whose directories are not those of conf/base', () => {
    expect(overlays.sort()).toEqual(differing.map(({ name }) => name).sort());
  });

  it.each(differing)('shows the agent the directories of $name', ({ name, confDirs, binDirs }) => {
    const [kustomization] = parse(read(`overlays/${name}/kustomization.yaml`)) as unknown as [
      { resources: string[]; patches: { target: { kind: string; name: string }; patch: string }[] },
    ];
    expect(kustomization.resources).toEqual(['../../base']);
    const [{ target, patch } = { target: undefined, patch: '' }] = kustomization.patches;
    const daemonSet = structuredClone(find('DaemonSet')) as { metadata: { name: string } } & DaemonSet;
    expect(target).toEqual({ kind: 'DaemonSet', name: daemonSet.metadata.name });
    for (const { op, path, value } of Bun.YAML.parse(patch) as Replace[]) {
      expect(op).toBe('replace');
      replace(daemonSet, path.split('/').slice(1), value);
    }
    const { containers, volumes } = daemonSet.spec.template.spec;
    for (const [volume, place] of [
      ['cni-conf', confDirs[0]],
      ['cni-bin', binDirs[0]],
    ]) {
      expect(volumes.find((one) => one.name === volume)?.hostPath?.path).toBe(place);
      expect(containers[0]?.volumeMounts.find((one) => one.name === volume)?.mountPath).toBe(place);
    }
  });
});

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly volumeMounts: readonly { name: string; mountPath: string }[] }[];
        readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
      };
    };
  };
}

/** Puts the value where the path leads, which must be there. */
function replace(object: unknown, path: readonly string[], value: string): void {
  const parent = path.slice(0, -1).reduce((at, key) => (at as Record<string, unknown>)[key], object) as Record<
    string,
    unknown
  >;
  const last = path.at(-1) as string;
  expect(parent).toHaveProperty(last);
  parent[last] = value;
}
