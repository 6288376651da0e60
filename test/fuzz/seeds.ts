/** Valid inputs of every sort, from which the fuzz damages its cases. Pure values. */

const lease = (subnet: string, more: object = {}) => ({ type: 'host-local', subnet, ...more });

/** Networks by name, as their definitions' texts have them. */
export const networks: Readonly<Record<string, object>> = {
  a: { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', mode: 'bridge', mtu: 1400, ipam: lease('192.168.1.0/24') },
  b: {
    cniVersion: '0.3.1',
    name: 'b',
    plugins: [
      {
        type: 'macvlan',
        master: 'eth1',
        capabilities: { ips: true, mac: true },
        ipam: lease('192.168.2.0/24', {
          rangeStart: '192.168.2.10',
          rangeEnd: '192.168.2.20',
          gateway: '192.168.2.1',
          routes: [{ dst: '0.0.0.0/0' }, { dst: '10.8.0.0/16', gw: '192.168.2.1' }],
        }),
      },
      { type: 'sbr' },
    ],
  },
  v: { cniVersion: '1.0.0', type: 'vlan', master: 'eth0', vlanId: 100, mtu: 1450, ipam: lease('192.168.3.0/24') },
  i: {
    cniVersion: '1.1.0',
    type: 'ipvlan',
    master: 'eth2',
    mode: 'l3',
    ipam: {
      type: 'static',
      addresses: [{ address: '192.168.4.9/24', gateway: '192.168.4.1' }, { address: 'fd04::9/64' }],
      routes: [{ dst: '10.9.0.0/16' }],
      dns: { nameservers: ['192.168.4.53'], domain: 'x.test', search: ['a.test'], options: ['ndots:5'] },
    },
  },
  r: {
    cniVersion: '1.0.0',
    type: 'bridge',
    bridge: 'br1',
    vlan: 20,
    vlanTrunk: [{ minID: 100, maxID: 103 }, { id: 200 }],
    isGateway: true,
    forceAddress: false,
    hairpinMode: true,
    macspoofchk: true,
    ipMasq: true,
    portIsolation: true,
    ipam: {
      type: 'host-local',
      dataDir: '/var/lib/cni/fuzz',
      ranges: [[{ subnet: '192.168.5.0/24', rangeStart: '192.168.5.9' }], [{ subnet: 'fd05::/64' }]],
      routes: [{ dst: '::/0' }],
    },
  },
  f: {
    cniVersion: '1.0.0',
    name: 'f',
    plugins: [
      { type: 'fancy', capabilities: { portMappings: true, bandwidth: true, ips: true }, args: { cni: { x: '1' } } },
      { type: 'tune', sysctl: { 'net.core.somaxconn': '500' } },
    ],
  },
  w: { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { type: 'whereabouts', range: '10.9.0.0/16' } },
  l2: {
    cniVersion: '0.4.0',
    name: 'l2',
    disableCheck: true,
    isolation: false,
    plugins: [{ type: 'macvlan', master: 'eth1', ipam: {} }],
  },
};

/** The default network. */
export const cluster = {
  cniVersion: '0.4.0',
  name: 'cluster',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      ipam: lease('10.244.1.0/24', { routes: [{ dst: '10.244.0.0/16', gw: '10.244.1.1' }] }),
    },
  ],
};

/** What pods ask for, in the JSON form. */
export const selections: readonly object[] = [
  [{ name: 'a' }, { name: 'v', namespace: 'default', interface: 'data0' }],
  [
    {
      name: 'a',
      ips: ['192.168.1.77', '192.168.1.78/24'],
      mac: '02:00:00:00:00:77',
      'default-route': ['192.168.1.1'],
      'cni-args': { x: { y: [1] } },
    },
  ],
  [
    {
      name: 'f',
      interface: 'net9',
      portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '10.0.0.1' }],
      bandwidth: { ingressRate: 1000, ingressBurst: 2000, egressRate: 1000, egressBurst: 2000 },
    },
  ],
  [{ name: 'b' }, { name: 'i', 'default-route': [] }, { name: 'r', mac: '02:00:00:00:00:05' }],
  [{ name: 'w', 'infiniband-guid': '00:11:22:33:44:55:66:77', deviceID: '0000:00:01.0' }],
];

/** The same in the short form. */
export const shortSelections: readonly string[] = [
  'a',
  'a,b@data0',
  'default/a@net5, default/v',
  'r,f,w,l2',
  ' i , a ',
];

/** CNI_ARGS. */
export const cniArgs: readonly string[] = [
  'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=thor;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=0f7e',
  'IgnoreUnknown=true;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;IP=192.168.1.9;MAC=02:00:00:00:00:09;GATEWAY=192.168.1.1',
  '',
];

/** The configuration of type braid, with every key. */
export const braidConf = {
  cniVersion: '1.0.0',
  name: 'braid',
  type: 'braid',
  capabilities: { 'io.kubernetes.cri.pod-annotations': true, portMappings: true },
  cniDir: '/var/lib/cni/braid',
  confDir: '/etc/cni/multus/net.d',
  binDir: '/opt/cni/bin',
  networksDir: ['/etc/braid/networks'],
  kubeconfig: '/etc/braid/kubeconfig',
  delegates: [cluster],
  defaultNetworks: [],
  multusNamespace: 'kube-system',
  systemNamespaces: ['kube-system'],
  namespaceIsolation: true,
  globalNamespaces: 'default,shared',
  logLevel: 'debug',
  logToStderr: true,
  logOptions: { maxAge: 5, maxSize: 100, maxBackups: 5, compress: true },
  result: 'merged',
  isolation: true,
  defaultRouteGuard: true,
  clusterCIDRs: ['10.244.0.0/16', 'fd00::/48'],
  strict: false,
  externalDelegates: ['tuning'],
  delegateTimeout: 60,
  'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }],
  runtimeConfig: {
    'io.kubernetes.cri.pod-annotations': { 'k8s.v1.cni.cncf.io/networks': 'a,b' },
    portMappings: [{ hostPort: 80, containerPort: 80 }],
    dns: { servers: ['10.0.0.10'] },
  },
};

/** What a foreign delegate prints at ADD. */
export const results: readonly object[] = [
  {
    cniVersion: '1.0.0',
    interfaces: [
      { name: 'vethx' },
      { name: 'net1', mac: '02:00:00:00:00:11', mtu: 1400, sandbox: '/var/run/netns/pod' },
    ],
    ips: [
      { address: '10.9.0.7/16', gateway: '10.9.0.1', interface: 1 },
      { address: 'fd09::7/64', interface: 1 },
    ],
    routes: [{ dst: '0.0.0.0/0', gw: '10.9.0.1', mtu: 1300, priority: 5 }, { dst: '10.10.0.0/16' }],
    dns: { nameservers: ['10.9.0.53'], domain: 'x.test', search: ['a.test'], options: ['ndots:5'] },
  },
  {
    cniVersion: '0.4.0',
    interfaces: [{ name: 'net1', sandbox: '/var/run/netns/pod' }],
    ips: [{ version: '4', address: '10.9.0.8/16', interface: 0 }],
    dns: {},
  },
  { cniVersion: '0.2.0', ip4: { ip: '10.9.0.9/16', gateway: '10.9.0.1', routes: [{ dst: '0.0.0.0/0' }] }, dns: {} },
  { cniVersion: '1.0.0', ips: [{ address: '10.9.0.7/16', gateway: '10.9.0.1' }] },
];

/** What a foreign delegate prints when it fails. */
export const errorObjects: readonly object[] = [
  { cniVersion: '1.0.0', code: 7, msg: 'no such device', details: 'eth9' },
  { code: 11, msg: 'try again later' },
];
