/** Writes conf/policy/policy.yaml: what of the rules for networks and pods CEL can say. Runs under Bun (scripts/bun scripts/policy.ts). */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { networksAnnotation } from '../src/pod/networks';

const text = '"([^"\\\\\\x00-\\x1f]|\\\\["\\\\/bfnrtu])*"';
const blank = '[ \\t\\r\\n]*';

/** What JSON matches, by what is wrong with a text that does not. */
const json = {
  'straight double quotes around texts and keys, no comments': `^([ \\t\\r\\n{}\\[\\]:,+.0-9eE-]|true|false|null|${text})*$`,
  'a comma too many': `^([^",]|${text}|,${blank}([^" \\t\\r\\n,\\]}]|${text}))*$`,
} as const;

const raw = (pattern: string): string => `r'${pattern}'`;
const config = 'object.spec.config';
const asked = `object.metadata.annotations['${networksAnnotation}']`;
const place = 'braid lint tells the place';

/** Expressions over the text of `spec.config`, each true for what a node can use, by what is wrong where one is false. */
const ofConfig: Readonly<Record<string, string>> = {
  'spec.config must be one JSON object, { … }': `${config}.matches(${raw(`^${blank}\\{`)})`,
  ...Object.fromEntries(
    Object.entries(json).map(([wrong, pattern]) => [
      `spec.config must be JSON: ${wrong}`,
      `${config}.matches(${raw(pattern)})`,
    ]),
  ),
  // keys may be written in capitals, as Go reads them; and with \\u, then nobody can tell
  'spec.config needs a type, or plugins for a list': `${config}.matches(${raw(`"([tT][yY][pP][eE]|[pP][lL][uU][gG][iI][nN][sS])"${blank}:|\\\\u`)})`,
  // of the outermost object only, before any other begins: further in, the key may be somebody else's
  'vlanId must be from 0 to 4094': `!(${config}.matches(${raw(`^${blank}\\{[^{}]*"type"${blank}:${blank}"vlan"`)}) && ${config}.matches(${raw(`^${blank}\\{[^{}]*"vlanId"${blank}:${blank}(409[5-9]|4[1-9][0-9][0-9]|[5-9][0-9][0-9][0-9]|[1-9][0-9]{4,})${blank}[,}]`)}))`,
};

/** The same over the pod's annotation; its JSON form begins with a bracket. */
const ofAnnotation: Readonly<Record<string, string>> = {
  'an interface name has at most 15 bytes': `${asked}.matches(${raw('[\\[{"]')}) || !${asked}.matches(${raw('@[^@,/ \\t\\r\\n]{16}')})`,
  ...Object.fromEntries(
    Object.entries(json).map(([wrong, pattern]) => [
      `must be JSON: ${wrong}; ${place}`,
      `!${asked}.matches(${raw(`^${blank}\\[`)}) || ${asked}.matches(${raw(pattern)})`,
    ]),
  ),
};

/** Expressions over `object`, with what they mean. */
export const rules = {
  network: Object.entries(ofConfig).map(([message, expression]) => ({
    expression: `!has(object.spec) || !has(${config}) || ${config} == '' || ${expression}`,
    message: `${message}; ${place}`,
  })),
  pod: Object.entries(ofAnnotation).map(([message, expression]) => ({
    expression: `!has(object.metadata.annotations) || !('${networksAnnotation}' in object.metadata.annotations) || ${expression}`,
    message: `${networksAnnotation}: ${message}`,
  })),
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
