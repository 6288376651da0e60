/** The chart by helm and the folders of conf/ by kustomize give the same objects, and those that the tests of conf/ look at. Starts both programs. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distributions } from '../../src/cni/distributions';
import { chartValues, conf, type Manifest, parse, renderBase, renderChart, renderOverlay } from '../render';

const programs = path.resolve(import.meta.dirname, '../../dist/render');

/** The objects by kind, namespace and name. */
function byName(objects: readonly Manifest[]): Readonly<Record<string, Manifest>> {
  const named = objects.map((object) => {
    const { kind, metadata } = object;
    return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, object] as const;
  });
  expect(new Set(named.map(([name]) => name)).size).toBe(objects.length);
  return Object.fromEntries(named);
}

function printed(program: string, ...args: readonly string[]): readonly Manifest[] {
  return parse(execFileSync(path.join(programs, program), args, { cwd: conf, encoding: 'utf8' }));
}

/** `helm template` with these values in the place of the chart's own; a helm built here does not know its cluster's version. */
function helm(values: Readonly<Record<string, unknown>> = {}): readonly Manifest[] {
  const changes = Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]);
  const release = ['braid', 'chart', '--namespace', 'kube-system', '--kube-version', '1.30.0', '--include-crds'];
  return printed('helm', 'template', ...release, ...changes);
}

const kustomize = (folder: string): readonly Manifest[] => printed('kustomize', 'build', folder);

it('the chart with its own values is conf/base', () => {
  const chart = byName(helm());
  expect(chart).toEqual(byName(kustomize('base')));
  expect(chart).toEqual(byName(renderBase()));
  expect(chart).toEqual(byName(renderChart()));
});

const differing = distributions.filter(
  ({ confDirs: [confDir], binDirs: [binDir] }) => confDir !== '/etc/cni/net.d' || binDir !== '/opt/cni/bin',
);

it.each(differing)('the chart with the directories of $name is its overlay', ({ name, confDirs, binDirs }) => {
  const values = { 'hostPaths.cniConf': confDirs[0], 'hostPaths.cniBin': binDirs[0] };
  const chart = byName(helm(values));
  expect(chart).toEqual(byName(kustomize(`overlays/${name}`)));
  expect(chart).toEqual(byName(renderOverlay(name)));
  expect(chart).toEqual(byName(renderChart(chartValues(values))));
});

it('every other value goes where the tests of conf/ put it', () => {
  const values = {
    image: 'registry.example:5000/braid:1',
    imagePullPolicy: 'Always',
    clusterCIDRs: '10.244.0.0/16,10.96.0.0/12',
    settings: { logLevel: 'debug', note: 'with "quotes"' },
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
    maxUnavailable: 2,
    nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'telco' },
    'hostPaths.cniState': '/srv/cni',
  };
  const chart = byName(helm(values));
  expect(chart).toEqual(byName(renderChart(chartValues(values))));
  expect(chart).not.toEqual(byName(helm()));
});
