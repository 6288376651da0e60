/** What an operator changes: the DaemonSet's settings, and the cluster network under it. Tests on the stage's cluster, which is as before after them. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultNetworkAnnotation } from '../../../src/pod/networks';
import { danmAnnotations, genieAnnotations, vlan1PoolJson, vlan1PoolShort } from '../../e2e/documents';
import { agentIsReady, installerSays, removeAgent } from '../install';
import { nothingLeft, state } from '../left';
import { annotated, daemonPod, macvlan, network, networkObjects, pod, settingsMap } from '../workloads';
import { knitter } from './slides';
import { cluster, clusterCIDRs, expectRefused, flannelNetwork, unread, withPods } from './stage';

const directory = '/etc/cni/net.d';
const own = `${directory}/00-braid.conflist`;

/** The settings count with the next pod of the DaemonSet. */
async function restartWith(settings: object): Promise<void> {
  cluster().apply(settingsMap(settings));
  await removeAgent(cluster());
  cluster().apply(daemonPod(clusterCIDRs));
}

const ready = (): Promise<void> => cluster().until('the agent is ready', () => agentIsReady(cluster()));

export function operator(): void {
  it('T004-3, 5 and 9: the dialects of other systems are refused as a setting; the node goes on as it was', async () => {
    cluster().apply(network('lan', macvlan(1)));
    await withPods([pod('known', 'lan')], (one) => expect([...one.names()].sort()).toEqual(['eth0', 'lo', 'net1']));
    const configured = readFileSync(own, 'utf8');
    await restartWith({ dialects: ['genie', 'danm', 'podnetwork'] });
    const refusal = 'Cannot use dialects ["genie","danm","podnetwork"]: this version has no dialects, remove the key';
    await cluster().until('the installer refuses', () => installerSays(cluster()).includes(refusal));
    expect(agentIsReady(cluster())).toBe(false);
    expect(readFileSync(own, 'utf8')).toBe(configured);
    const before = state();
    cluster().apply(pod('meanwhile', 'lan'));
    await cluster().runs('meanwhile');
    expect(cluster().exec('meanwhile', 'ip', 'addr', 'show', 'net1')).toContain('10.20.1.');
    await cluster().remove(['meanwhile']);
    await nothingLeft(before);
  });

  it('T003-3: a file that kubeadm left is not the cluster network; flannel’s is waited for, and is the only default', async () => {
    rmSync(`${directory}/10-cluster.conflist`);
    const left = { cniVersion: '0.4.0', name: 'containerd-net', plugins: [{ type: 'bridge', bridge: 'cni0' }] };
    writeFileSync(`${directory}/10-containerd-net.conflist`, JSON.stringify(left));
    await restartWith({ strict: true, namespaceIsolation: true });
    const waits =
      /Cannot find the primary network in .*10-containerd-net\.conflist \(containerd's example.*waiting for 300 s/;
    await cluster().until('the installer waits', () => waits.test(installerSays(cluster())));
    await expectRefused(pod('early', ''), /Cannot find the configured network .*10-cluster\.conflist/);
    writeFileSync(`${directory}/10-flannel.conflist`, JSON.stringify(flannelNetwork));
    await ready();
    const files = ['00-braid.conflist', '10-containerd-net.conflist', '10-flannel.conflist'];
    expect(readdirSync(directory).sort()).toEqual(files);
    await withPods([pod('late', '')], (late) => {
      expect([...late.names()].sort()).toEqual(['eth0', 'lo']);
      expect(late.routes()).toEqual([...late.clusterRoutes, 'default via 10.244.0.1 dev eth0']);
      expect(cluster().statusOf('late')).toMatchObject([{ name: 'cbr0', interface: 'eth0', default: true }]);
    });
  });

  it('T004-3, 5 and 8: when strict, what would be without its networks or with another’s address does not start', async () => {
    const words = (annotation: string): RegExp => new RegExp(unread(annotation).replaceAll('.', '\\.'));
    await expectRefused(annotated('by-genie', genieAnnotations), words('cni of CNI-Genie'));
    await expectRefused(annotated('by-danm', danmAnnotations), words('danm.k8s.io/interfaces of DANM'));
    knitter();
    cluster().apply(network('knitter', { cniVersion: '0.3.1', type: 'knitter' }));
    await expectRefused(pod('by-knitter', 'knitter'), /reports 1\.2\.3\.30\/24 on eth0, which the pod does not have/);
  });

  it('T002-4: with namespaces apart, networks of another one are refused in both spellings and as default network, with both names', async () => {
    const words =
      /"vlan1-internal-pool" of namespace "kube-system" for a pod of namespace "default": namespaceIsolation is on/;
    cluster().apply(...networkObjects('microk8s-static/vlan1-internal-pool').filter(({ kind }) => kind !== 'Pod'));
    await expectRefused(pod('short', vlan1PoolShort), words);
    await expectRefused(pod('json', vlan1PoolJson), words);
    const other = { [defaultNetworkAnnotation]: 'kube-system/vlan1-internal-pool' };
    await expectRefused(annotated('by-default', other), words);
  });

  it('the node is as before with the settings of before', async () => {
    rmSync(`${directory}/10-containerd-net.conflist`);
    renameSync(`${directory}/10-flannel.conflist`, `${directory}/10-cluster.conflist`);
    await restartWith({ strict: false, namespaceIsolation: false });
    await ready();
    await withPods([annotated('by-genie', genieAnnotations)], (one) =>
      expect(cluster().statusOf('by-genie')[0]?.ips).toEqual([one.podIP]),
    );
  });
}
