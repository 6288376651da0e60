/** namespaceIsolation: one verdict, in whichever way a pod asks for a network. And IPAM claims, which a delegate must keep. */
import { describe, expect, it } from 'vitest';
import { world } from './world';

const macvlan = { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '10.1.0.0/24' } };
const names = ['default', 'nets', 'kube-system', 'shop'];
const networks = Object.fromEntries(names.map((namespace) => [`${namespace}/n`, macvlan]));
const key = 'v1.multus-cni.io/default-network';

/** The ways to ask, each with the links that the pod has then. */
const ways = {
  'short form': (namespace: string) => ({ annotation: `${namespace}/n`, links: ['eth0', 'net1'] }),
  'JSON form': (namespace: string) => ({
    annotation: JSON.stringify([{ name: 'n', namespace }]),
    links: ['eth0', 'net1'],
  }),
  'default network': (namespace: string) => ({ annotations: { [key]: `${namespace}/n` }, links: ['eth0'] }),
  'default network in JSON': (namespace: string) => ({
    annotations: { [key]: JSON.stringify([{ name: 'n', namespace }]) },
    links: ['eth0'],
  }),
};

const policies = {
  'without isolation': [{}, names],
  'with isolation': [{ namespaceIsolation: true }, ['default']],
  'with isolation and a list': [
    { namespaceIsolation: true, globalNamespaces: ['nets', 'shop'] },
    ['default', 'nets', 'shop'],
  ],
  'with isolation and a text': [
    { namespaceIsolation: true, globalNamespaces: 'nets, kube-system' },
    ['default', 'nets', 'kube-system'],
  ],
} as const;

describe.each(Object.entries(policies))('%s', (_, [conf, allowed]) => {
  it.each(Object.entries(ways))(
    `a pod of namespace default may use ${allowed.join(', ')}: by %s`,
    async (_way, ask) => {
      const verdicts = await Promise.all(
        names.map(async (namespace) => {
          const { annotation, annotations, links } = { annotation: undefined, annotations: {}, ...ask(namespace) };
          const { add, pod } = world({ networks, conf, annotations });
          const outcome = await add(annotation).then(
            () => 'attached',
            ({ reason }) => reason,
          );
          return [namespace, outcome, pod.names().toSorted(), links] as const;
        }),
      );
      for (const [namespace, outcome, got, links] of verdicts)
        expect([namespace, outcome, got]).toEqual(
          (allowed as readonly string[]).includes(namespace)
            ? [namespace, 'attached', links]
            : [namespace, 'NetworkForbidden', []],
        );
    },
  );
});

it('a default network without a namespace is one of multusNamespace, for the rule, too', async () => {
  const { add } = world({ networks, conf: { namespaceIsolation: true }, annotations: { [key]: 'n' } });
  await expect(add()).rejects.toMatchObject({
    reason: 'NetworkForbidden',
    message: expect.stringContaining('kube-system'),
  });
  const open = world({
    networks,
    conf: { namespaceIsolation: true, globalNamespaces: ['kube-system'] },
    annotations: { [key]: 'n' },
  });
  await open.add();
  expect(open.pod.names()).toEqual(['eth0']);
});

describe('an IPAM claim', () => {
  const asked = JSON.stringify([{ name: 'vm', 'ipam-claim-reference': 'vm-a' }]);
  const result = JSON.stringify({ cniVersion: '1.0.0', interfaces: [], ips: [] });
  it.each<[string, object, boolean]>([
    ['is the business of a delegate that says so', { type: 'ovn-k8s-cni-overlay', allowPersistentIPs: true }, true],
    ['is refused when the delegate says nothing', { type: 'ovn-k8s-cni-overlay' }, false],
    ['is refused when a built-in delegate cannot keep it', { ...macvlan, allowPersistentIPs: true }, false],
  ])('%s', async (_, config, attached) => {
    const { add, pod } = world({
      networks: { 'default/vm': { cniVersion: '1.0.0', ...config } },
      foreign: { 'ovn-k8s-cni-overlay': () => result },
    });
    const outcome = await add(asked).then(
      () => 'attached',
      ({ reason, problem }) => [reason, problem],
    );
    expect(outcome).toEqual(attached ? 'attached' : ['FieldUnsupported', expect.stringContaining('"vm-a"')]);
    expect(pod.names()).toEqual(attached ? ['eth0'] : []);
  });
});
