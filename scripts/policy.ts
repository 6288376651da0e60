/** Writes conf/policy/policy.yaml: what of the rules for networks and pods CEL can say. Runs under Bun (scripts/bun scripts/policy.ts). */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { networksAnnotation } from '../src/pod/networks';

const text = '"([^"\\\\\\x00-\\x1f]|\\\\["\\\\/bfnrtu])*"';
const blank = '[ \\t\\r\\n]*';

/** What the text of `spec.config` must match. */
const ofConfig = {
  'spec.config must be one JSON object, { … }': `^${blank}\\{`,
  'spec.config must be JSON: straight double quotes around texts and keys, no comments': `^([ \\t\\r\\n{}\\[\\]:,+.0-9eE-]|true|false|null|${text})*$`,
  'spec.config must be JSON: a comma too many': `^([^",]|${text}|,${blank}([^" \\t\\r\\n,\\]}]|${text}))*$`,
};

const raw = (pattern: string): string => `r'${pattern}'`;
const config = 'object.spec.config';
const asked = `object.metadata.annotations['${networksAnnotation}']`;

/** Expressions over `object`, with what they mean. */
export const rules = {
  network: Object.entries(ofConfig).map(([message, pattern]) => ({
    expression: `!has(object.spec) || !has(${config}) || ${config} == '' || ${config}.matches(${raw(pattern)})`,
    message: `${message}; braid lint tells the place`,
  })),
  pod: [
    {
      expression: `!has(object.metadata.annotations) || !('${networksAnnotation}' in object.metadata.annotations) || ${asked}.matches(${raw('[\\[{"]')}) || !${asked}.matches(${raw('@[^@,/ \\t\\r\\n]{16}')})`,
      message: `${networksAnnotation}: an interface name has at most 15 bytes`,
    },
  ],
};

function policy(name: string, resource: object, validations: readonly object[]): readonly object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const resourceRules = [{ ...resource, operations: ['CREATE', 'UPDATE'] }];
  const spec = { failurePolicy: 'Ignore', matchConstraints: { resourceRules }, validations };
  return [
    { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}

/** The file as it should be. */
export function policyFile(): string {
  const networks = {
    apiGroups: ['k8s.cni.cncf.io'],
    apiVersions: ['v1'],
    resources: ['network-attachment-definitions'],
  };
  const pods = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
  const objects = [...policy('braid-networks', networks, rules.network), ...policy('braid-pods', pods, rules.pod)];
  const documents = objects.map((object) => `---\n${Bun.YAML.stringify(object, undefined, 2)}\n`);
  return `# What no network or pod gets right later is refused when it is applied. Made by scripts/policy.ts: do not edit.\n${documents.join('')}`;
}

if (import.meta.main) writeFileSync(path.resolve(import.meta.dirname, '../conf/policy/policy.yaml'), policyFile());
