/** Source 002 (microk8s: static addresses, a pool, source-based routing): its manifests on a real kernel, by the compiled executable. */
import { describe, expect, it } from 'vitest';
import {
  vlan1Capabilities,
  vlan1CapabilitiesNetworks,
  vlan1Pool,
  vlan1PoolJson,
  vlan1PoolShort,
  vlan1Static,
} from './documents';
import { addressesOf, Node, type Space } from './runtime';

/** A node with the document's parent link, and what is at the other end of its cable. */
function microk8sNode(...definitions: readonly string[]): { readonly node: Node; readonly outside: Space } {
  const node = new Node();
  const outside = node.uplink('k8s-vlan1');
  for (const definition of definitions) node.define(definition);
  return { node, outside };
}

const clusterRoutes = [
  '10.244.0.0/16 via 10.244.1.1 dev eth0',
  '10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.2',
];
const hint = '192.168.0.0/24 dev net1 proto kernel scope link src 192.168.0.20'; // as the kernel made it, with its source

describe('T002-1, a static secondary that is not the default', () => {
  it('routes by source, and reaches its subnet without being bound to it', async () => {
    const { node } = microk8sNode(vlan1Static);
    const pod = node.pod({ networks: 'vlan1-internal-static' });
    await pod.add();
    expect(pod.addresses('net1')).toEqual(['192.168.0.20/24']);
    expect(pod.rules()).toEqual(['from 192.168.0.20 lookup 100']);
    expect(pod.routes('100')).toEqual([
      expect.stringMatching(/^192\.168\.0\.0\/24 dev net1 (proto kernel )?scope link src 192\.168\.0\.20$/),
      'default via 192.168.0.254 dev net1',
    ]);
    expect(pod.routes()).toEqual([...clusterRoutes, hint, 'default via 10.244.1.1 dev eth0'].sort());
    expect(pod.routeTo('8.8.8.8')).toContain('via 10.244.1.1 dev eth0');
    expect(pod.routeTo('192.168.0.77 from 192.168.0.20')).toContain('dev net1');
    expect(pod.routeTo('192.168.0.77')).toContain('dev net1 src 192.168.0.20');
    expect(pod.routeTo('8.8.8.8 from 192.168.0.20')).toContain('via 192.168.0.254 dev net1');
    await node.end();
  });

  it('leaves the tables as sbr does where addSourceHints is off', async () => {
    const { node } = microk8sNode(vlan1Static.replace('"type": "sbr"', '"type": "sbr", "addSourceHints": false'));
    const pod = node.pod({ networks: 'vlan1-internal-static' });
    await pod.add();
    expect(pod.routes()).toEqual([...clusterRoutes, 'default via 10.244.1.1 dev eth0']);
    expect(pod.routeTo('192.168.0.77')).toContain('dev eth0');
    await node.end();
  });

  it('calls the cluster network, macvlan and sbr in that order, and undoes in the other', async () => {
    const { node } = microk8sNode(vlan1Static);
    const macvlan = {
      cniVersion: '0.3.1',
      interfaces: [{ name: 'net1', sandbox: '/x' }],
      ips: [{ version: '4', interface: 0, address: '192.168.0.20/24', gateway: '192.168.0.254' }],
      dns: {},
    };
    node.recorder('bridge', { ADD: `echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.244.1.2/24"}]}'` });
    node.recorder('macvlan', { ADD: `echo '${JSON.stringify(macvlan)}'` });
    node.recorder('sbr', { ADD: 'prev' });
    const pod = node.pod({ networks: 'vlan1-internal-static', changes: { externalDelegates: true } });
    await pod.add();
    expect(node.callList()).toEqual(['ADD bridge eth0', 'ADD macvlan net1', 'ADD sbr net1']);
    const [, , sbr] = node.recorded();
    expect(sbr?.stdin).toEqual({
      type: 'sbr',
      name: 'vlan1-internal-static',
      cniVersion: '0.3.1',
      prevResult: macvlan,
    });
    await node.end();
    expect(node.callList().slice(3)).toEqual(['DEL sbr net1', 'DEL macvlan net1', 'DEL bridge eth0']);
  });

  it('passes CHECK at 1.0.0', async () => {
    const { node } = microk8sNode(vlan1Static.replace('0.3.1', '1.0.0'));
    const pod = node.pod({ networks: 'vlan1-internal-static' });
    await pod.add();
    await pod.check();
    await node.end();
  });

  it('refuses sbr that stands alone', async () => {
    const { node } = microk8sNode();
    node.network('alone', { cniVersion: '0.3.1', name: 'alone', type: 'sbr' });
    const pod = node.pod({ networks: 'alone' });
    expect((await pod.addFails()).msg).toMatch(/must be called as (a )?chained plugin/);
    await node.end();
  });

  it('works for a list without a version', async () => {
    const { node } = microk8sNode(vlan1Static.replace('"cniVersion": "0.3.1",', ''));
    const pod = node.pod({ networks: 'vlan1-internal-static', changes: { logLevel: 'error' } });
    const { status, stderr } = await pod.call('ADD');
    expect(status).toBe(0);
    expect(stderr).toContain('has no cniVersion: 0.4.0 is used');
    expect(pod.rules()).toHaveLength(1);
    await node.end();
  });

  it('gives the second network with sbr the next table', async () => {
    const { node } = microk8sNode(
      vlan1Static,
      vlan1Static.replaceAll('vlan1-internal-static', 'other').replaceAll('192.168.0.', '192.168.5.'),
    );
    const pod = node.pod({ networks: 'vlan1-internal-static,other' });
    await pod.add();
    expect(pod.rules()).toEqual(['from 192.168.0.20 lookup 100', 'from 192.168.5.20 lookup 101']);
    expect(pod.routes('101')).toContain('default via 192.168.5.254 dev net2');
    await node.end();
  });
});

describe('T002-2, a static secondary as the default', () => {
  it('gives the address asked for and the one default by net1', async () => {
    const { node } = microk8sNode(vlan1Capabilities);
    const pod = node.pod({ networks: vlan1CapabilitiesNetworks });
    const result = await pod.add();
    expect(pod.addresses('net1')).toEqual(['192.168.0.20/24']);
    expect(addressesOf(result, 'net1')).toEqual(['192.168.0.20/24']);
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual(['default via 192.168.0.254 dev net1']);
    expect(pod.routeTo('10.244.7.7')).toContain('dev eth0');
    await pod.check();
    await node.end();
  });

  it('hands the addresses to the delegate as runtimeConfig, and to older ones in CNI_ARGS', async () => {
    const { node } = microk8sNode(vlan1Capabilities);
    node.recorder('macvlan', {
      ADD: `echo '{"cniVersion":"0.3.1","interfaces":[{"name":"net1","sandbox":"/x"}],"ips":[{"version":"4","interface":0,"address":"192.168.0.20/24"}]}'`,
    });
    const pod = node.pod({
      networks: '[{"name":"vlan1-internal-static","ips":["192.168.0.20/24"]}]',
      changes: { externalDelegates: ['macvlan'] },
    });
    await pod.add();
    const [call] = node.recorded();
    expect(call?.stdin.runtimeConfig).toEqual({ ips: ['192.168.0.20/24'] });
    expect(call?.args.split(';')).toContain('IP=192.168.0.20/24');
    await node.end();
  });

  it('fails when a foreign delegate does not give the address asked for, and takes it back', async () => {
    const { node } = microk8sNode(vlan1Capabilities);
    node.recorder('macvlan', {
      ADD: `echo '{"cniVersion":"0.3.1","ips":[{"version":"4","address":"192.168.0.99/24"}]}'`,
    });
    const pod = node.pod({
      networks: '[{"name":"vlan1-internal-static","ips":["192.168.0.20/24"]}]',
      changes: { externalDelegates: ['macvlan'] },
    });
    const { msg, code } = await pod.addFails();
    expect(code).toBe(119);
    for (const part of ['net1', '192.168.0.20/24', 'gave 192.168.0.99', 'default/vlan1-internal-static'])
      expect(msg).toContain(part);
    expect(node.callList()).toEqual(['ADD macvlan net1', 'DEL macvlan net1']);
    await node.end();
  });

  it('refuses an address without prefix length', async () => {
    const { node } = microk8sNode(vlan1Capabilities);
    const pod = node.pod({ networks: '[{"name":"vlan1-internal-static","ips":["192.168.0.21"]}]' });
    expect((await pod.addFails()).msg).toMatch(/192\.168\.0\.21.*NOT in CIDR notation/);
    await node.end();
  });

  it('honours ips without the capability: the delegate is built in', async () => {
    const { node } = microk8sNode(vlan1Capabilities.replace('"capabilities": { "ips": true },', ''));
    const pod = node.pod({ networks: vlan1CapabilitiesNetworks });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.168.0.20/24']);
    await node.end();
  });

  it('refuses a gateway outside the subnet, and takes everything back', async () => {
    const { node } = microk8sNode(vlan1Capabilities);
    const pod = node.pod({ networks: vlan1CapabilitiesNetworks.replace('192.168.0.254', '10.0.0.1') });
    const { msg, code } = await pod.addFails();
    expect(code).toBe(121);
    expect(msg).toContain('10.0.0.1');
    await node.end();
  });

  it.each([
    [
      'two networks',
      '[{"name":"a","default-route":["192.168.0.254"]},{"name":"b","default-route":["192.168.0.253"]}]',
      'default/a and default/b',
    ],
    [
      'one gateway twice',
      '[{"name":"a","default-route":["192.168.0.254","192.168.0.254"]}]',
      'Cannot use "192.168.0.254" twice',
    ],
  ])('refuses default-route of %s before anything runs', async (_, networks, message) => {
    const { node } = microk8sNode();
    for (const name of ['a', 'b']) node.network(name, { cniVersion: '1.0.0', type: 'recorder' });
    node.recorder('recorder');
    node.recorder('bridge');
    const pod = node.pod({ networks, changes: { externalDelegates: true } });
    const { code, msg } = await pod.addFails();
    expect([code, msg]).toEqual([114, expect.stringContaining(message)]);
    expect(node.callList()).toEqual([]);
    await node.end();
  });

  it("keeps the network's own default for an empty default-route, and no other", async () => {
    const { node } = microk8sNode();
    const ipam = {
      type: 'static',
      addresses: [{ address: '192.168.0.20/24', gateway: '192.168.0.254' }],
      routes: [{ dst: '0.0.0.0/0' }],
    };
    node.network('own', { cniVersion: '1.0.0', type: 'macvlan', master: 'k8s-vlan1', ipam });
    const pod = node.pod({ networks: '[{"name":"own","default-route":[]}]' });
    await pod.add();
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual(['default via 192.168.0.254 dev net1']);
    await pod.check();
    await node.end();
  });
});

describe('T002-3, the name servers of the other network', () => {
  it('are reached from net1 by a socket that is not bound, and no resolver of it reaches the pod', async () => {
    const { node, outside } = microk8sNode(
      vlan1Static.replace('"type": "macvlan",', '"type": "macvlan", "dns": { "nameservers": ["192.168.0.1"] },'),
    );
    outside.ip('addr add 192.168.0.1/24 dev k8s-vlan1');
    const cluster = {
      cniVersion: '0.4.0',
      name: 'cluster',
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      dns: { nameservers: ['10.96.0.10'] },
      ipam: { type: 'host-local', dataDir: node.leases, subnet: '10.244.1.0/24' },
    };
    const pod = node.pod({ networks: 'vlan1-internal-static', changes: { delegates: [cluster] } });
    const result = await pod.add();
    expect(result.dns).toEqual({ nameservers: ['10.96.0.10'] });
    expect(pod.routeTo('192.168.0.1')).toContain('dev net1 src 192.168.0.20');
    expect(pod.reaches('192.168.0.1')).toBe(true);
    expect(outside.reaches('192.168.0.20')).toBe(true);
    await node.end();
  });
});

describe('T002-4, a pool in kube-system', () => {
  it.each([
    ['in short', vlan1PoolShort],
    ['as JSON', vlan1PoolJson],
  ])('gives the first address of the pool, written %s', async (_, networks) => {
    const { node } = microk8sNode(vlan1Pool);
    const pod = node.pod({ networks });
    const result = await pod.add();
    expect(addressesOf(result, 'net1')).toEqual(['192.168.0.20/24']);
    expect(pod.record().attachments[1]?.network).toBe('kube-system/vlan1-internal-pool');
    expect(pod.rules()).toEqual(['from 192.168.0.20 lookup 100']);
    expect(pod.routes('100')).toContain('default via 192.168.0.254 dev net1');
    expect(pod.routes()).toEqual([...clusterRoutes, hint, 'default via 10.244.1.1 dev eth0'].sort());
    await node.end();
  });

  it('tells to remove the quotes of a value wrapped in them', async () => {
    const { node } = microk8sNode(vlan1Pool);
    const pod = node.pod({ networks: `"${vlan1PoolShort}"` });
    expect((await pod.addFails()).msg).toContain('the value is wrapped in quotes, remove them');
    await node.end();
  });

  it('works from another namespace for static, too, until namespaceIsolation forbids it', async () => {
    const { node } = microk8sNode(
      vlan1Static.replace('name: vlan1-internal-static', 'name: vlan1-internal-static\n  namespace: kube-system'),
    );
    const pod = node.pod({ namespace: 'shop', networks: 'kube-system/vlan1-internal-static' });
    const isolated = { namespaceIsolation: true };
    const { msg, code } = await pod.addFails(isolated);
    expect(code).toBe(117);
    for (const part of ['"kube-system"', '"shop"', 'vlan1-internal-static']) expect(msg).toContain(part);
    expect(addressesOf(await pod.add({ ...isolated, globalNamespaces: 'default,kube-system' }), 'net1')).toEqual([
      '192.168.0.20/24',
    ]);
    await node.end();
  });
});

describe('T002-5, another default gateway with the pool', () => {
  it('gives the one default by net1 and keeps the rule and its table', async () => {
    const { node } = microk8sNode(vlan1Pool);
    const pod = node.pod({
      networks: '[{"name":"vlan1-internal-pool","namespace":"kube-system","default-route":["192.168.0.254"]}]',
    });
    await pod.add();
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual(['default via 192.168.0.254 dev net1']);
    expect(pod.rules()).toEqual(['from 192.168.0.20 lookup 100']);
    expect(pod.routes('100')).toContain('default via 192.168.0.254 dev net1');
    await node.end();
  });

  it('does so without source hints', async () => {
    const { node } = microk8sNode(vlan1Pool.replace('"type": "sbr"', '"type": "sbr", "addSourceHints": false'));
    const pod = node.pod({
      networks: '[{"name":"vlan1-internal-pool","namespace":"kube-system","default-route":["192.168.0.254"]}]',
    });
    await pod.add();
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual([
      'default via 192.168.0.254 dev net1 onlink',
    ]);
    await node.end();
  });
});

describe('T002-7, the closing example', () => {
  it('takes the annotation as YAML hands it over: without the quotes', async () => {
    const { node, outside } = microk8sNode(vlan1Pool);
    outside.ip('addr add 192.168.0.254/24 dev k8s-vlan1');
    const manifest = Bun.YAML.parse(samplepod) as { metadata: { name: string; annotations: Record<string, string> } };
    const pod = node.pod({ name: manifest.metadata.name, annotations: manifest.metadata.annotations });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.168.0.20/24']);
    expect(outside.reaches('192.168.0.20')).toBe(true); // "You can then ping that"
    await node.end();
  });
});

const samplepod = `apiVersion: v1
kind: Pod
metadata:
  name: samplepod
  annotations:
    k8s.v1.cni.cncf.io/networks: "kube-system/vlan1-internal-pool"
spec:
  containers:
  - name: samplepod
    command: ["/bin/bash", "-c", "trap : TERM INT; sleep infinity & wait"]
    image: dougbtv/centos-network
`;
