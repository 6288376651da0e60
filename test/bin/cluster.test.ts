/** Which cluster a call asks, and when it asks the cluster rather than the node. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NetworkDefinition } from '../../src/attach/ports';
import { openCluster, withCluster } from '../../src/bin/cluster';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { fakeNetworks } from '../fakes/networks';
import { apiServer } from '../kube/api';
import { networkObject, networkPath, podObject, podPath } from '../kube/api-server';
import { makeCertificates } from '../kube/certificates';
import { base64, kubeconfig, writeKubeconfig } from '../kube/kubeconfigs';

const certificates = makeCertificates();
const objects = {
  [podPath('web')]: podObject('web', 'uid-1', {}),
  [networkPath('a')]: networkObject('a', '{"type":"bridge"}'),
};

describe('the cluster', () => {
  const account = (beside: Readonly<Record<string, string>>): string => {
    const directory = temporaryDirectory();
    for (const [name, text] of Object.entries(beside)) writeFileSync(join(directory, name), text);
    return directory;
  };
  const inPod = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  it('is that of the kubeconfig, also in a pod', async () => {
    const api = apiServer(certificates, { objects });
    const cluster = { server: api.url, 'certificate-authority-data': base64(certificates.ca) };
    const path = writeKubeconfig(kubeconfig(cluster, { token: 'good' }));
    const reader = openCluster({ kubeconfig: path }, inPod, fakeLog(), account({ token: 'other' }));
    expect(await reader?.findPod('default', 'web', 'uid-1')).toMatchObject({ uid: 'uid-1' });
    expect(await reader?.findNetwork('default', 'a')).toMatchObject({ source: 'api' });
  });

  it("is that of the pod's service account", async () => {
    const api = apiServer(certificates, { objects });
    const env = { ...inPod, KUBERNETES_SERVICE_PORT: String(api.port) };
    const directory = account({ token: 'good', 'ca.crt': certificates.ca });
    const reader = openCluster({ kubeconfig: undefined }, env, fakeLog(), directory);
    expect(await reader?.findPod('default', 'web', 'uid-1')).toMatchObject({ uid: 'uid-1' });
  });

  it.each([
    ['without environment', {}, { token: 'good' }],
    ['without port', { KUBERNETES_SERVICE_HOST: '127.0.0.1' }, { token: 'good' }],
    ['without host', { KUBERNETES_SERVICE_PORT: '443' }, { token: 'good' }],
    ['without account', inPod, {}],
  ])('is none %s', (_, env, beside) => {
    expect(openCluster({ kubeconfig: undefined }, env, fakeLog(), account(beside))).toBeUndefined();
  });

  it('is not looked at before it is asked', () => {
    expect(openCluster({ kubeconfig: '/nowhere' }, {}, fakeLog())).toBeDefined();
  });
});

describe('a network', () => {
  const inApi: NetworkDefinition = {
    namespace: 'default',
    name: 'a',
    config: 'of the API',
    source: 'api',
    resourceName: undefined,
  };
  const api = (behind = false) => {
    const asked: string[] = [];
    return {
      asked,
      findNetwork: async (namespace: string, name: string) => {
        asked.push(`${namespace}/${name}`);
        return name === 'a' ? inApi : undefined;
      },
      isBehind: async () => behind,
    };
  };

  it('of the node is not asked for', async () => {
    const cluster = api();
    const networks = withCluster(fakeNetworks({ definitions: { 'default/a': 'of the node' } }), cluster);
    expect(await networks.find('default', 'a')).toMatchObject({ config: 'of the node' });
    expect(cluster.asked).toEqual([]);
  });

  it('that the node does not have comes from the API', async () => {
    expect(await withCluster(fakeNetworks(), api()).find('default', 'a')).toBe(inApi);
  });

  it('that nobody has is none', async () => {
    expect(await withCluster(fakeNetworks(), api()).find('default', 'b')).toBeUndefined();
    expect(await withCluster(fakeNetworks(), undefined).find('default', 'a')).toBeUndefined();
  });

  it('that nobody has may exist when the cluster’s are not all known', async () => {
    expect(await withCluster(fakeNetworks(), api(true)).isBehind()).toBe(true);
    expect(await withCluster(fakeNetworks(), api()).isBehind()).toBe(false);
    expect(await withCluster(fakeNetworks(), undefined).isBehind()).toBe(false);
  });

  it('that is broken on the node is an error, not the one of the API', async () => {
    const broken = { ...fakeNetworks(), find: async () => Promise.reject(new Error('line 3')) };
    await expect(withCluster(broken, api()).find('default', 'a')).rejects.toThrow('line 3');
  });

  it('of confDir is the node’s', async () => {
    const cluster = api();
    const networks = withCluster(fakeNetworks({ confDir: { a: 'conf' }, paths: { '/a': 'path' } }), cluster);
    expect(await networks.findInConfDir('a')).toMatchObject({ config: 'conf' });
    expect(await networks.findAtPath('/a')).toMatchObject({ config: 'path' });
    expect(cluster.asked).toEqual([]);
  });
});
