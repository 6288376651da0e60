/** What is applied to a cluster: the chart gives what conf/base has, the pod is what an operator wants, the account does no more than it must. Reads conf/ only. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { distributions } from '../src/cni/distributions';
import { chartValues, conf, kustomizationOf, parse, read, renderBase, renderOverlay, renderTemplate } from './render';

const base = ['rbac', 'policy', 'daemonset'] as const;
const find = (kind: string, objects = renderBase()) => objects.find((object) => object.kind === kind) as never;

describe('the chart', () => {
  it.each(base)('gives %s.yaml as in conf/base', (name) => {
    expect(renderTemplate(name)).toEqual(parse(read(`base/${name}.yaml`)));
  });

  it('has the same definition of networks, and nothing that conf/base lacks', () => {
    expect(read('chart/crds/network-attachment-definition.yaml')).toBe(read('base/crd.yaml'));
    expect(globSync('chart/templates/*', { cwd: conf }).sort()).toEqual(
      base.map((name) => `chart/templates/${name}.yaml`).sort(),
    );
    expect([...kustomizationOf('base').resources].sort()).toEqual(
      ['crd', ...base].map((name) => `${name}.yaml`).sort(),
    );
  });

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(conf, '../package.json'), 'utf8')) as { version: string };
    const [chart] = parse(read('chart/Chart.yaml')) as unknown as [{ version: string; appVersion: string }];
    expect([chart.version, chart.appVersion, chartValues().image]).toEqual([version, version, `braid:${version}`]);
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

describe('an overlay', () => {
  const overlays = globSync('overlays/*', { cwd: conf }).map((path) => path.split('/')[1] as string);
  const differing = distributions.filter(
    ({ confDirs: [confDir], binDirs: [binDir] }) => confDir !== '/etc/cni/net.d' || binDir !== '/opt/cni/bin',
  );

  it('is there for each distribution whose directories are not those of conf/base', () => {
    expect(overlays.sort()).toEqual(differing.map(({ name }) => name).sort());
  });

  it.each(differing)('shows the agent the directories of $name', ({ name, confDirs, binDirs }) => {
    const { resources, patches } = kustomizationOf(`overlays/${name}`);
    expect(resources).toEqual(['../../base']);
    expect(patches).toHaveLength(1);
    const daemonSet: DaemonSet = find('DaemonSet', renderOverlay(name));
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
