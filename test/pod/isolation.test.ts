/** Which namespaces' networks a pod may use. */
import { expect, it } from 'vitest';
import { mayUse, requireAllowedNamespace } from '../../src/pod/isolation';
import { failing } from '../failing';

const isolated = { namespaceIsolation: true, globalNamespaces: ['default', 'nets'] };
const open = { ...isolated, namespaceIsolation: false };

it.each([
  ['its own namespace', 'shop', isolated, true],
  ['a global namespace', 'nets', isolated, true],
  ['default, which is global by default', 'default', isolated, true],
  ['default, when others are global', 'default', { ...isolated, globalNamespaces: ['nets'] }, false],
  ['another namespace', 'kube-system', isolated, false],
  ['another namespace without isolation', 'kube-system', open, true],
])('a pod and a network of %s', (_, namespace, policy, expected) => {
  expect(mayUse('shop', namespace, policy)).toBe(expected);
});

it('names both namespaces and those that would do', () => {
  const asking = () => requireAllowedNamespace({ namespace: 'kube-system', name: 'pool' }, 'shop', isolated);
  const texts = ['network "pool"', 'namespace "kube-system"', 'namespace "shop"', 'need one of shop, default, nets'];
  expect(asking).toThrow(failing('NetworkForbidden', ...texts));
});

it('lets an allowed network pass', () => {
  requireAllowedNamespace({ namespace: 'nets', name: 'pool' }, 'shop', isolated);
});
