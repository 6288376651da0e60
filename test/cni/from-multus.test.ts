/** What becomes of Multus' configuration. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cni/config';
import { fromMultus, isMultusConf } from '../../src/cni/from-multus';
import { toNodeConf } from '../../src/cni/node-conf';

const calico = { name: 'k8s-pod-network', cniVersion: '0.3.1', plugins: [{ type: 'calico' }, { type: 'portmap' }] };
const thin = {
  cniVersion: '0.3.1',
  name: 'multus-cni-network',
  type: 'multus',
  capabilities: { portMappings: true },
  namespaceIsolation: true,
  globalNamespaces: 'default,shared',
  logLevel: 'verbose',
  binDir: '/opt/cni/bin',
  cniConf: '/host/etc/cni/multus/net.d',
  kubeconfig: '/etc/cni/net.d/multus.d/multus.kubeconfig',
  delegates: [calico],
};
const others = [
  { name: '10-calico.conflist', text: JSON.stringify(calico) },
  { name: '87-podman.conflist', text: '{"name":"podman","plugins":[]}' },
  { name: 'broken.conf', text: '{' },
];

describe('fromMultus', () => {
  it('refers to the file that the delegate is a copy of', () => {
    const { keys, primary, dropped } = fromMultus('00-multus.conf', JSON.stringify(thin), others);
    expect(primary).toBe('10-calico.conflist');
    expect(keys).toEqual({
      namespaceIsolation: true,
      globalNamespaces: 'default,shared',
      logLevel: 'verbose',
      binDir: '/opt/cni/bin',
    });
    expect(dropped.map(({ key }) => key)).toEqual(['cniConf', 'kubeconfig']);
  });

  it('finds it by its network when it changed since', () => {
    const changed = [{ name: 'c.conflist', text: JSON.stringify({ ...calico, plugins: [{ type: 'calico' }] }) }];
    expect(fromMultus('m', JSON.stringify(thin), changed).primary).toBe('c.conflist');
  });

  it('keeps delegates that are nowhere else, and clusterNetwork with its companions', () => {
    const alone = fromMultus('m', JSON.stringify(thin), []);
    expect([alone.primary, alone.keys.delegates]).toEqual([undefined, [calico]]);
    const named = {
      type: 'multus-shim',
      clusterNetwork: '/etc/cni/net.d/10-x.conf',
      defaultNetworks: ['a'],
      delegates: [calico],
    };
    const { keys, primary } = fromMultus('m', JSON.stringify(named), others);
    expect([primary, keys]).toEqual([
      undefined,
      { clusterNetwork: '/etc/cni/net.d/10-x.conf', defaultNetworks: ['a'] },
    ]);
  });

  it('reads a list, and gives what Braid takes without a warning', () => {
    const { keys } = fromMultus('m', JSON.stringify({ name: 'x', cniVersion: '1.0.0', plugins: [thin] }), []);
    const { text, warnings } = toNodeConf({
      clusterNetwork: undefined,
      capabilities: ['portMappings'],
      binDir: '/opt/cni/bin',
      networksDir: '/etc/cni/braid/networks',
      clusterCIDRs: [],
      runtime: 'containerd',
      more: keys,
    });
    const { plugins, ...top } = JSON.parse(text);
    const conf = parseConfig(JSON.stringify({ ...plugins[0], ...top }));
    expect([conf.namespaceIsolation, conf.globalNamespaces, warnings]).toEqual([true, ['default', 'shared'], []]);
  });
});

it('tells Multus by its types', () => {
  expect(
    ['{"type":"multus"}', '{"plugins":[{"type":"multus-shim"}]}', '{"type":"bridge"}', '{'].map(isMultusConf),
  ).toEqual([true, true, false, false]);
});
