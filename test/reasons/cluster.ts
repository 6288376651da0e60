/** Reasons that the cluster makes come: its API server, its credentials, kubelet. Touches loopback and directories of the test. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files } from '../../src/disk/files';
import { createCluster } from '../../src/kube/cluster';
import { createDevices } from '../../src/kube/devices';
import { createPublisher } from '../../src/kube/publisher';
import { fakeLog } from '../../src/model/log';
import { world } from '../attach/world';
import { temporaryDirectory } from '../disk/temp';
import { apiServer } from '../kube/api';
import { podObject, podPath, status } from '../kube/api-server';
import { makeCertificates } from '../kube/certificates';
import { base64, kubeconfig, writeKubeconfig } from '../kube/kubeconfigs';
import type { Provocations } from './provoked';

const certificates = makeCertificates();
const patience = { request: 2000, total: 2000, pause: 1 };
const web = { namespace: 'default', name: 'web', uid: 'uid-1' };

/** An API server that has pod default/web, and a kubeconfig for it. */
function cluster(user: object, { ca = certificates.ca, first = [] as readonly (() => Response)[] } = {}) {
  const { url } = apiServer(certificates, { objects: { [podPath('web')]: podObject('web', 'uid-1', {}) }, first });
  const place = { server: url, 'certificate-authority-data': base64(ca) };
  return { kubeconfig: writeKubeconfig(kubeconfig(place, { ...user })) };
}

const findWeb = (place: { readonly kubeconfig: string }) =>
  createCluster(place, files, fakeLog(), patience).findPod('default', 'web', 'uid-1');

export const clusterTroubles: Provocations<
  'KubeconfigInvalid' | 'ClusterRefused' | 'ClusterUntrusted' | 'PublishFailed' | 'DevicesUnavailable' | 'DeviceMissing'
> = {
  KubeconfigInvalid: [
    {
      how: 'a server without https',
      by: () => findWeb({ kubeconfig: writeKubeconfig(kubeconfig({ server: 'ftp://api:6443' }, { token: 't' })) }),
      names: ['kubeconfig', '"here"', 'ftp://api:6443'],
    },
    {
      how: 'a file that is not there',
      by: () => findWeb({ kubeconfig: '/etc/cni/net.d/braid.d/gone.kubeconfig' }),
      names: ['/etc/cni/net.d/braid.d/gone.kubeconfig'],
    },
  ],
  ClusterRefused: [
    {
      how: 'a token that ran out',
      by: () => findWeb(cluster({ token: 's3cret' })),
      names: ['pod default/web', 'HTTP 401', 'token of user "braid"'],
    },
  ],
  ClusterUntrusted: [
    {
      how: 'a certificate of somebody else',
      by: () => findWeb(cluster({ token: 'good' }, { ca: certificates.other.cert })),
      names: ['pod default/web', 'certificate-authority-data', '"here"'],
    },
  ],
  PublishFailed: [
    {
      how: 'the API server does not take the status',
      by: () => {
        const place = cluster(
          { token: 'good' },
          { first: [() => status(413, 'RequestEntityTooLarge', 'it is too long')] },
        );
        return createPublisher(place, files, fakeLog(), { node: 'node-1', patience }).writeStatus(web, '[]');
      },
      names: ['default/web', 'HTTP 413', 'it is too long'],
    },
  ],
  DevicesUnavailable: [
    {
      how: 'kubelet’s checkpoint is no JSON',
      by: () => {
        const checkpoint = join(temporaryDirectory(), 'checkpoint');
        writeFileSync(checkpoint, '{"Data": ');
        return createDevices(undefined, files, fakeLog(), { socket: '/none', checkpoint }).allocated(web);
      },
      names: ['checkpoint', 'line 1, column 10'],
    },
  ],
  DeviceMissing: [
    {
      how: 'more networks than devices',
      by: () =>
        world({
          networks: { 'default/lan': { cniVersion: '1.0.0', type: 'host-device' } },
          resourceNames: { 'default/lan': 'intel.com/sriov' },
          devices: { allocated: { 'intel.com/sriov': ['0000:03:02.1'] } },
        }).add('lan,lan'),
      names: ['pod default/thor', 'network default/lan', 'intel.com/sriov', 'has 1', 'need 2'],
    },
  ],
};
