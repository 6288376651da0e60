/** The contract of the cluster's API against the tests' own server. */
import { apiServer } from './api';
import { networkObject, networkPath, podObject, podPath } from './api-server';
import { makeCertificates } from './certificates';
import { clusterContract } from './contract';

const certificates = makeCertificates();
const annotations = { 'k8s.v1.cni.cncf.io/networks': 'vlan-10' };
const config = JSON.stringify({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' });
const resourceName = 'intel.com/sriov';

clusterContract('in memory', async () => {
  const objects = {
    [podPath('web')]: podObject('web', 'uid-1', annotations),
    [podPath('etcd')]: podObject('etcd', 'uid-2', { 'kubernetes.io/config.source': 'file' }),
    [networkPath('vlan-10')]: networkObject('vlan-10', config, { 'k8s.v1.cni.cncf.io/resourceName': resourceName }),
    [networkPath('in-confdir')]: { ...networkObject('in-confdir', undefined), spec: {} },
  };
  return {
    server: apiServer(certificates, { objects, tokens: ['good'], powerless: ['weak'] }).url,
    ca: certificates.ca,
    otherCa: certificates.other.cert,
    token: 'good',
    powerlessToken: 'weak',
    web: { uid: 'uid-1', annotations },
    vlan10: { config, resourceName },
  };
});
