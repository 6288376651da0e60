/** The manifests of the source documents, character by character (reference/sources/). Pure. */

/** Source 000, "Sample definition": the most copied NetworkAttachmentDefinition there is. */
export const macvlanConf = `apiVersion: "k8s.cni.cncf.io/v1"
kind: NetworkAttachmentDefinition
metadata:
  name: macvlan-conf
spec:
  config: '{
      "cniVersion": "0.3.0",
      "type": "macvlan",
      "master": "eth0",
      "mode": "bridge",
      "ipam": {
        "type": "host-local",
        "subnet": "192.168.1.0/24",
        "rangeStart": "192.168.1.200",
        "rangeEnd": "192.168.1.216",
        "routes": [
          { "dst": "0.0.0.0/0" }
        ],
        "gateway": "192.168.1.1"
      }
    }'
`;

/** Source 001, the definition without addresses. */
export const br1Eth2Net = `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  annotations:
    k8s.v1.cni.cncf.io/resourceName: bridge.network.kubevirt.io/br1
  name: br1-eth2-net
  namespace: default
spec:
  config: >-
    {"name":"br1-eth2-net","type":"cnv-bridge","cniVersion":"0.3.1","bridge":"br1","macspoofchk":false,"ipam":{}}
`;

/** Source 001, the same with DHCP. */
export const br1Dhcp = br1Eth2Net.replace('"ipam":{}', '"ipam":{"type" : "dhcp"}');

const netBr1Pod = (config: string): string => `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  annotations:
    k8s.v1.cni.cncf.io/resourceName: bridge.network.kubevirt.io/br1
  name: net-br1-pod
spec:
  config: >-
    ${config}
`;

/** Source 001, the pod's definition as printed: it ends in the middle. */
export const netBr1PodCutOff = netBr1Pod(
  '{"name":"net-br1-pod","type":"cnv-bridge","cniVersion":"0.3.1","bridge":"br1","macspoofchk":true,"ipam":{"type":"static","addresses":',
);

/** Source 001, the pod's definition as it was meant. */
export const netBr1PodMeant = netBr1Pod(
  '{"name":"net-br1-pod","type":"cnv-bridge","cniVersion":"0.3.1","bridge":"br1","macspoofchk":true,"ipam":{"type":"static","addresses": [ { "address": "192.168.0.61/26" }]}}',
);

/** Source 001, the VM's definition: it has the name of the pod's. */
export const netBr1Vm = netBr1Pod(
  '{"name":"net-br1-pod","type":"cnv-bridge","cniVersion":"0.3.1","bridge":"br1","macspoofchk":true,"ipam":{"type":"static","addresses": [ { "address": "192.168.0.62/24" }]}}',
);

/** Source 001, the pod's annotation. */
export const samplepodNetworks = '[{ "name": "net-br1-pod", "default-route": ["192.168.0.2"] }]';

/** Source 002, "Having a static secondary interface (which isn't the default route)". */
export const vlan1Static = `apiVersion: "k8s.cni.cncf.io/v1"
kind: NetworkAttachmentDefinition
metadata:
  name: vlan1-internal-static
spec:
  config: '{
    "cniVersion": "0.3.1",
    "name": "vlan1-internal-static",
    "plugins": [
      {
        "type": "macvlan",
        "master": "k8s-vlan1",
        "ipam": {
          "type": "static",
          "addresses": [
            { "address": "192.168.0.20/24", "gateway": "192.168.0.254" }
          ]
         }
      },
      {
        "type": "sbr"
      }
    ]
  }'
`;

/** Source 002, "Having a static secondary interface (which is the default route)". */
export const vlan1Capabilities = `apiVersion: "k8s.cni.cncf.io/v1"
kind: NetworkAttachmentDefinition
metadata:
  name: vlan1-internal-static
spec:
  config: '{
    "cniVersion": "0.3.1",
    "name": "vlan1-internal-static",
    "type": "macvlan",
    "master": "k8s-vlan1",
    "capabilities": { "ips": true },
    "ipam": {
      "type": "static"
    }
  }'
`;

/** Its pod's annotation, line breaks and all. */
export const vlan1CapabilitiesNetworks = `[{
        "name": "vlan1-internal-static",
        "ips": [ "192.168.0.20/24" ],
        "default-route": [ "192.168.0.254" ]
      }]`;

/** Source 002, "Creating a global pool". */
export const vlan1Pool = `apiVersion: "k8s.cni.cncf.io/v1"
kind: NetworkAttachmentDefinition
metadata:
  name: vlan1-internal-pool
  namespace: kube-system
spec:
  config: '{
    "cniVersion": "0.3.1",
    "name": "vlan1-internal-pool",

    "plugins": [
      {
        "type": "macvlan",
        "master": "k8s-vlan1",
        "ipam": {
          "type": "host-local",
          "ranges": [
            [
              {
                "subnet": "192.168.0.0/24",
                "rangeStart": "192.168.0.20",
                "rangeEnd": "192.168.0.49",
                "gateway": "192.168.0.254"
              }
            ]
          ]
        }
      },
      {
        "type": "sbr"
      }
    ]
  }'
`;

/** Its annotation in both ways of the document. */
export const vlan1PoolShort = 'kube-system/vlan1-internal-pool';
export const vlan1PoolJson = `[{
  "name": "vlan1-internal-pool",
  "namespace": "kube-system"
}]`;

/** Source 004, the slide with a bridge network and its comments. */
export const commentedBridge = `{
  "cniVersion": "0.4.0",
  "name": "dbnet",
  "type": "bridge",
  // type (plugin) specific
  "bridge": "cni0",
  "ipam": {
    "type": "host-local",
    // ipam specific
    "subnet": "10.1.0.0/16",
    "gateway": "10.1.0.1"
  },
  "dns": {
    "nameservers": [ "10.1.0.1" ]
  }
}`;

/** Source 004, "CNI-Genie - Simple case": annotations of the pod. The second is no JSON. */
export const genieAnnotations = {
  cni: 'flannel,weave',
  'multi-ip-preferences': `[
  "multi entry": 0,
  "ips": {
    "": {
      "ip": "",
      "interface": ""
    }
  }
]
`,
} as const;

/** Source 004, "CNI-Genie - Network attachments case", as the slide breaks the line. */
export const genieNetworksPod = `apiVersion: v1
kind: Pod
metadata:
  name: app-on-multiple-interfaces
  annotations:
    k8s.v1.cni.cncf.io/networks:
flannel@eth1, customns/weavenet@eth2
`;

/** Source 004, "Nokia DANM": the annotation of its deployment's pods. */
export const danmAnnotations = {
  'danm.k8s.io/interfaces': `[
  {"tenantNetwork":"management",
"ip":"dynamic"},
  {"clusterNetwork":"external",
"ip":"dynamic"},
  {"tenantNetwork":"internal", "ip":"dynamic"}
]
`,
} as const;

/** What Knitter prints whatever it is asked (peers.md 2.4). */
export const knitterResult = {
  cniVersion: '0.3.1',
  interfaces: [{ name: 'eth0', mac: '00:11:22:33:44:55', sandbox: '/proc/3553/ns/net' }],
  ips: [
    { version: '4', interface: 0, address: '1.2.3.30/24', gateway: '1.2.3.1' },
    { version: '6', interface: 0, address: 'abcd:1234:ffff::cdde/64', gateway: 'abcd:1234:ffff::1' },
  ],
  dns: { nameservers: ['1.2.3.4'], domain: 'acompany.com' },
} as const;
