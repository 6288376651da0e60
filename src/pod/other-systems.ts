/** Annotations by which pods ask other systems for networks: CNI-Genie, DANM, Knitter. Braid reads none of them. Pure. */
import { networksAnnotation } from './networks';

const otherAnnotations: Readonly<Record<string, string>> = {
  cni: 'CNI-Genie',
  networks: 'CNI-Genie or Knitter',
  'multi-ip-preferences': 'CNI-Genie',
  'danm.k8s.io/interfaces': 'DANM',
  'danm.io/interfaces': 'DANM',
};

/** Whose an annotation is; `undefined`: of none of these systems. */
export function systemOf(key: string): string | undefined {
  return Object.hasOwn(otherAnnotations, key) ? otherAnnotations[key] : undefined;
}

/** What a pod that says so is to say. */
export const askInstead = `name the networks in ${networksAnnotation}`;

/** What of a pod's annotations asks another system for networks, in words. Bare keys may be anybody's: what asks for nothing is left alone. */
export function findUnread(annotations: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(annotations)
    .filter(([key, value]) => asks(key, value.trim()))
    .map(([key]) => `annotation ${key} of ${systemOf(key)} is not read: ${askInstead}`);
}

function asks(key: string, value: string): boolean {
  if (key === 'networks') return value.startsWith('{'); // Knitter's; CNI-Genie reads it beside a cni that is empty
  return key !== 'multi-ip-preferences' && systemOf(key) !== undefined && value !== '';
}
