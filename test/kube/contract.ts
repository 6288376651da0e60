/** What the edge must do with any API server that has these objects: one suite for the tests' own server and a real kube-apiserver. */
import { describe, expect, it } from 'vitest';
import { files } from '../../src/disk/files';
import type { AccessPlace } from '../../src/kube/access';
import { createCluster } from '../../src/kube/cluster';
import { fakeLog } from '../../src/model/log';
import { kubeconfig, writeKubeconfig } from './kubeconfigs';

/** A cluster with pod `web`, static pod `etcd`, networks `vlan-10` and `in-confdir` (without spec.config), all in namespace `default`. */
export interface Target {
  readonly server: string;
  readonly ca: string;
  readonly otherCa: string;
  /** May get pods and network-attachment-definitions. */
  readonly token: string;
  /** Is known, and may get nothing. */
  readonly powerlessToken: string;
  readonly web: { readonly uid: string; readonly annotations: Readonly<Record<string, string>> };
  /** `spec.config` and the resource name of `vlan-10`. */
  readonly vlan10: { readonly config: string; readonly resourceName: string };
}

/** Runs the suite; `setUp` is called by each test. */
export function clusterContract(name: string, setUp: () => Promise<Target>): void {
  const place = (target: Target, changes: Partial<Pick<Target, 'ca' | 'token'>> = {}): AccessPlace => {
    const { ca, token } = { ...target, ...changes };
    const content = kubeconfig({ server: target.server, 'certificate-authority': 'ca.crt' }, { tokenFile: 'token' });
    return { kubeconfig: writeKubeconfig(content, { 'ca.crt': ca, token: `${token}\n` }) };
  };
  const open = (target: Target, changes?: Partial<Pick<Target, 'ca' | 'token'>>) =>
    createCluster(place(target, changes), files, fakeLog());

  describe(`the cluster's API: ${name}`, () => {
    it("gives a pod's annotations", async () => {
      const target = await setUp();
      const pod = await open(target).findPod('default', 'web', target.web.uid);
      expect(pod).toMatchObject({ namespace: 'default', name: 'web', uid: target.web.uid });
      expect(pod?.annotations).toMatchObject(target.web.annotations);
    });

    it('gives the annotations when the runtime does not say which uid', async () => {
      expect(await open(await setUp()).findPod('default', 'web', undefined)).toMatchObject({ name: 'web' });
    });

    it('waits for the pod that the runtime means when there is another one of its name', async () => {
      const cluster = open(await setUp());
      await expect(cluster.findPod('default', 'web', 'another')).rejects.toMatchObject({
        reason: 'PodUnavailable',
        code: 11,
      });
    });

    it('does not compare the uid of a static pod', async () => {
      expect(await open(await setUp()).findPod('default', 'etcd', 'of-the-file')).toMatchObject({ name: 'etcd' });
    });

    it('knows no pod that is not there', async () => {
      const cluster = open(await setUp());
      expect(await cluster.findPod('default', 'missing', undefined)).toBeUndefined();
      expect(await cluster.findPod('no-namespace', 'web', undefined)).toBeUndefined();
    });

    it('gives the definition of a network', async () => {
      const target = await setUp();
      expect(await open(target).findNetwork('default', 'vlan-10')).toEqual({
        namespace: 'default',
        name: 'vlan-10',
        config: target.vlan10.config,
        source: 'api',
        resourceName: target.vlan10.resourceName,
      });
    });

    it('gives a definition without spec.config as one', async () => {
      expect(await open(await setUp()).findNetwork('default', 'in-confdir')).toMatchObject({ config: '' });
    });

    it('knows no network that is not there', async () => {
      expect(await open(await setUp()).findNetwork('default', 'missing')).toBeUndefined();
    });

    it.each(['findPod', 'findNetwork'] as const)('%s says when the token is not accepted', async (verb) => {
      const cluster = open(await setUp(), { token: 's3cret-token' });
      const asked =
        verb === 'findPod' ? cluster.findPod('default', 'web', undefined) : cluster.findNetwork('default', 'vlan-10');
      await expect(asked).rejects.toMatchObject({
        reason: 'ClusterRefused',
        message: expect.stringMatching(/^(?!.*s3cret).*HTTP 401.*tokenFile token of user "braid" in kubeconfig/),
      });
    });

    it('says when the account lacks the right', async () => {
      const target = await setUp();
      const cluster = open(target, { token: target.powerlessToken });
      await expect(cluster.findPod('default', 'web', undefined)).rejects.toMatchObject({
        reason: 'ClusterRefused',
        message: expect.stringMatching(/HTTP 403 \(.+\), asked with tokenFile token/),
      });
    });

    it('says when the server is not to be trusted', async () => {
      const target = await setUp();
      const cluster = open(target, { ca: target.otherCa });
      await expect(cluster.findPod('default', 'web', undefined)).rejects.toMatchObject({
        reason: 'ClusterUntrusted',
        message: expect.stringContaining('need one by certificate-authority ca.crt of cluster "here"'),
      });
    });
  });
}
