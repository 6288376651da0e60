/** Which namespaces' networks a pod may use. Pure. */
import { fail } from '../error';

/** The part of the configuration that decides. */
export interface NamespacePolicy {
  readonly namespaceIsolation: boolean;
  /** Namespaces whose networks every pod may use. */
  readonly globalNamespaces: readonly string[];
}

/** Whether a pod of that namespace may use a network of the other. */
export function mayUse(podNamespace: string, networkNamespace: string, policy: NamespacePolicy): boolean {
  if (!policy.namespaceIsolation || podNamespace === networkNamespace) return true;
  return policy.globalNamespaces.includes(networkNamespace);
}

/**
 * Refuses a network that namespaceIsolation forbids, whatever annotation asked for it; NetworkForbidden names both
 * namespaces. Multus forgets the default-network annotation (multus-behaviour.md 2.2). Networks of the node's own
 * configuration are not asked for by the pod, and not for this.
 */
export function requireAllowedNamespace(
  network: { readonly namespace: string; readonly name: string },
  podNamespace: string,
  policy: NamespacePolicy,
): void {
  const { namespace, name } = network;
  if (mayUse(podNamespace, namespace, policy)) return;
  const allowed = [podNamespace, ...policy.globalNamespaces].join(', ');
  const problem = `Cannot use network "${name}" of namespace "${namespace}" for a pod of namespace "${podNamespace}"`;
  fail('NetworkForbidden', `${problem}: namespaceIsolation is on, need one of ${allowed}`, {
    where: { network: `${namespace}/${name}` },
  });
}
