/** What `braid install` and `braid uninstall` print. */
import { describe, expect, it } from 'vitest';
import { toInstallJson, toInstallText, toUninstallText } from '../../src/bin/text/install';
import type { InstallPlan } from '../../src/disk/install';

const plan: InstallPlan = {
  layout: {
    distribution: 'kubeadm',
    runtime: 'containerd',
    confDir: '/etc/cni/net.d',
    binDir: '/opt/cni/bin',
    because: 'usual for kubeadm',
    named: undefined,
  },
  choice: {
    primary: { file: '10-flannel.conflist', network: 'cbr0', types: ['flannel', 'portmap'], capabilities: [] },
    passedOver: [{ file: '00-multus.conf', why: 'multus is a meta-plugin, no network' }],
  },
  migration: {
    file: '00-multus.conf',
    keys: { namespaceIsolation: true },
    dropped: [{ key: 'kubeconfig', why: 'a credential' }],
    primary: undefined,
    cniDir: '/var/lib/cni/multus',
  },
  taken: { namespaceIsolation: true },
  given: {},
  misplaced: [],
  attachedByMultus: [{ containerId: 'a'.repeat(64), record: undefined, why: 'its file is torn' }],
  files: [
    { path: '/opt/cni/bin/braid', content: { copyOf: '/x' }, mode: 0o755, change: 'keep' },
    { path: '/etc/cni/net.d/00-braid.conflist', content: { text: '{}' }, mode: 0o600, change: 'create' },
  ],
  warnings: ['something is odd'],
};

describe('braid install', () => {
  it('tells the node, the network, what comes of Multus, the files and the warnings', () => {
    expect(toInstallText(plan, true)).toBe(`Node             kubeadm, containerd; directories: usual for kubeadm
Primary network  /etc/cni/net.d/10-flannel.conflist: cbr0 (flannel, portmap)
Settings         namespaceIsolation

Passed over
  FILE            WHY
  00-multus.conf  multus is a meta-plugin, no network

From Multus (00-multus.conf): namespaceIsolation

Left out of it
  KEY         WHY
  kubeconfig  a credential

Sandboxes that Multus attached
  SANDBOX       POD  NETWORKS  BECOMES
  aaaaaaaaaaaa                 nothing, delete its pod first: its file is torn

Files
  FILE                              DONE
  /opt/cni/bin/braid                stays
  /etc/cni/net.d/00-braid.conflist  to create

Warning: something is odd.

Nothing was written.
`);
    expect(toInstallText(plan, false)).toContain('/opt/cni/bin/braid                as it was\n');
  });

  it('prints the plan as JSON, with the text of the configuration', () => {
    expect(JSON.parse(toInstallJson(plan, false))).toMatchObject({
      dryRun: false,
      layout: { distribution: 'kubeadm' },
      files: [
        { path: '/opt/cni/bin/braid', change: 'keep' },
        { change: 'create', text: '{}' },
      ],
    });
  });
});

describe('braid uninstall', () => {
  it('tells what became of each file, and of whom pods are left', () => {
    const files = [
      { path: '/a', done: 'removed' },
      { path: '/b', done: 'left', why: 'it was changed' },
    ] as const;
    expect(toUninstallText({ installed: true, files, attached: ['default/web'] }, false)).toBe(
      'FILE  DONE     WHY\n/a    removed\n/b    left     it was changed\nPods with networks of Braid: default/web\n',
    );
    expect(toUninstallText({ installed: false, files: [], attached: [] }, false)).toContain('Nothing was changed');
  });
});
