/** Braid on a real cluster: installed by its own manifests, seen by a real kubelet, containerd and API server. Runs in namespaces that scripts/test.ts made. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  br1Eth2Net,
  macvlanConf,
  netBr1PodMeant,
  samplepodNetworks,
  vlan1Capabilities,
  vlan1CapabilitiesNetworks,
  vlan1Pool,
  vlan1PoolJson,
  vlan1PoolShort,
  vlan1Static,
} from '../e2e/documents';
import { Cluster, type KubeObject, toldBy } from './cluster';
import { nodeName, staticPods } from './files';
import { agentIsReady, install, removeAgent } from './install';
import { attached, nothingLeft, recordIn, reserved, state } from './left';
import { agentPod, bridge, daemonPod, macvlan, network, pod, policyObjects } from './workloads';

let cluster: Cluster;
const crowd = Number(process.env.CLUSTER_PODS ?? 100);

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  await cluster.stop();
});

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());

/** Files of the CNI directories with their modes, targets and content. */
function installed(): string {
  const files = ['(', '-type', 'f', '-o', '-type', 'l', ')'];
  const shown = ['-printf', '%p %m %l ', '-exec', 'sha256sum', '{}', ';'];
  return execFileSync('find', ['/etc/cni', '/opt/cni', ...files, ...shown], { encoding: 'utf8' });
}

let bare: string;

describe('a node', () => {
  it('is installed by the DaemonSet’s own pod, which becomes ready and takes the taint away', async () => {
    bare = installed();
    await install(cluster);
    expect(readdirSync('/etc/cni/net.d')).toEqual(['00-braid.conflist', '10-cluster.conflist']);
    expect(existsSync('/opt/cni/bin/braid')).toBe(true);
    const places = ['/etc/cni', '/var/lib/cni'];
    expect(spawnSync('grep', ['-rlE', 'eyJ[A-Za-z0-9_-]{20}|PRIVATE KEY', ...places]).stdout.toString()).toBe(''); // no token, no key
  });
});

/** The agent's own figures. */
const toldByAgent = async (): Promise<string> => (await fetch('http://127.0.0.1:9808/metrics')).text();

describe('pods with networks', () => {
  it('get them, tell of them, reach each other over them, and leave nothing', async () => {
    cluster.apply(network('lan', macvlan(1)), network('backend', bridge(1)));
    const before = state();
    cluster.apply(pod('one', 'lan,backend'), pod('two', 'lan,backend'));
    await cluster.runs('one');
    await cluster.runs('two');
    await cluster.until(
      'the status is told',
      () => cluster.statusOf('one').length === 3 && cluster.statusOf('two').length === 3,
    );
    const status = cluster.statusOf('one');
    expect(status.map(({ name, interface: link, default: first }) => [name, link, first === true])).toEqual([
      ['cluster', 'eth0', true],
      ['default/lan', 'net1', false],
      ['default/backend', 'net2', false],
    ]);
    expect(status[0]?.ips).toEqual([cluster.get('pod', 'one')?.status?.podIP]);
    for (const { interface: link = '', ips = [], mac = '' } of status) {
      const shown = cluster.exec('one', 'ip', 'addr', 'show', link);
      for (const each of [...ips, mac]) expect(shown).toContain(each);
    }
    const words = cluster.events('one');
    expect(words).toContain(`AddedInterface: Add net1 [${status[1]?.ips?.[0]}/24] from default/lan`);
    for (const { ips } of cluster.statusOf('two'))
      expect(cluster.exec('one', 'ping', '-c', '1', '-W', '5', ips?.[0] ?? '')).toContain('1 packets received');
    expect(cluster.exec('one', 'ip', 'route')).toMatch(/^default via 10\.244\.0\.1 dev eth0/);
    await cluster.remove(['one', 'two']);
    await nothingLeft(before);
  });

  it('get them as static pods, too: the kubelet knows them by another uid than the API', async () => {
    const { metadata, ...file } = pod('static', 'lan');
    const path = `${staticPods}/static.json`;
    writeFileSync(path, JSON.stringify({ ...file, metadata }));
    const mirror = `static-${nodeName}`;
    await cluster.runs(mirror);
    await cluster.until('the status is told', () => cluster.statusOf(mirror).length === 2);
    const [, { interface: link = '', ips: [address = ''] = [] } = {}] = cluster.statusOf(mirror);
    expect(cluster.exec(mirror, 'ip', 'addr', 'show', link)).toContain(address);
    rmSync(path);
    await cluster.until('nothing is attached', () => attached().length === 0);
  });

  it('are known to the agent as they come and go', async () => {
    for (const kind of ['networks', 'pods'])
      expect(await toldByAgent()).toContain(`braid_watch_in_step{kind="${kind}"} 1`);
    const known = async (): Promise<void> => {
      const count = cluster.pods()?.length; // all are this node's
      expect(await toldByAgent()).toContain(`braid_known_objects{kind="pods"} ${count}`);
    };
    const patient = { timeout: 60_000, interval: 500 };
    await vi.waitFor(known, patient);
    cluster.apply(pod('comes', ''));
    await cluster.runs('comes');
    await vi.waitFor(known, patient);
    await cluster.remove(['comes']);
    await vi.waitFor(known, patient);
  });

  it('wait with an Event that says why, and start once the network is there', async () => {
    cluster.apply(pod('early', 'late'));
    await cluster.until('the Event is there', () =>
      cluster.events('early').some((one) => one.includes('NetworkMissing')),
    );
    expect(cluster.phase('early')).toBe('Pending');
    const failed = { verb: 'ADD', pod: 'default/early', network: 'default/late', reason: 'NetworkMissing' };
    const log = cluster.kubectl('logs', '-n', 'kube-system', agentPod).split('\n');
    const lines = log.filter((line) => line.includes('a call failed')).map((line) => JSON.parse(line) as unknown);
    expect(lines).toContainEqual(
      expect.objectContaining({ ...failed, containerId: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    );
    const metrics = await toldByAgent();
    expect(metrics).toMatch(/^braid_network_total\{verb="ADD",network="default\/lan",reason=""\} [2-9]$/m);
    expect(metrics).toMatch(/^braid_calls_total\{verb="ADD",reason="NetworkMissing"\} [1-9]/m);
    cluster.apply(network('late', macvlan(2)));
    await cluster.runs('early');
    expect(cluster.exec('early', 'ip', 'addr', 'show', 'net1')).toContain('10.20.2.');
    await cluster.remove(['early']);
  });
});

describe('the command line, asked about the cluster', () => {
  const braid = (input: string, ...args: readonly string[]) => {
    const command = [...args, '--kubeconfig', cluster.kubeconfig];
    return spawnSync('/opt/cni/bin/braid', command, { input, encoding: 'utf8' });
  };

  it('finds what is wrong with its networks and pods, and plans a pod with a network that only it has', () => {
    const manifest = pod('planned', 'lan');
    cluster.apply(network('lan', macvlan(1)), network('misspelt', { ...macvlan(2), type: 'macvaln' }));
    const { status, stdout } = braid('', 'lint', '-o', 'json');
    const found = JSON.parse(stdout) as readonly { readonly file: string; readonly message: string }[];
    expect(found.filter(({ message }) => message.includes('did you mean "macvlan"'))).toMatchObject([
      { file: 'network default/misspelt', level: 'warning', field: 'type' },
    ]);
    expect(status).toBe(0);
    const planned = braid(JSON.stringify(manifest), 'plan', '-', '-o', 'json');
    expect(planned.stdout).toContain('"default/lan"');
    expect(planned.status).toBe(0);
    cluster.kubectl('delete', 'network-attachment-definition', 'misspelt');
  });
});

describe('the networks of the source documents', () => {
  /** The pod with these networks runs; what it holds is looked at, then it goes, and nothing stays. */
  async function withPod(name: string, networks: string, look: () => void): Promise<void> {
    await cluster.until('the pod before is gone', () => attached().length === 0 && reserved().length === 0);
    const before = state();
    cluster.apply(pod(name, networks));
    await cluster.runs(name);
    await cluster.until('the status is told', () => cluster.statusOf(name).length === 2);
    look();
    await cluster.remove([name]);
    await nothingLeft(before);
  }
  const inside = (name: string, ...words: readonly string[]): string => cluster.exec(name, 'ip', ...words);
  const defaults = (name: string): readonly string[] =>
    inside(name, 'route')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('default'));

  it('000: a second interface, behind the default route of the cluster', async () => {
    cluster.applyManifest(macvlanConf);
    await withPod('thor', 'macvlan-conf', () => {
      expect(cluster.statusOf('thor')[1]).toMatchObject({ name: 'default/macvlan-conf', ips: ['192.168.1.200'] });
      expect(inside('thor', 'addr', 'show', 'net1')).toContain('inet 192.168.1.200/24');
      expect(defaults('thor')[0]).toBe('default via 10.244.0.1 dev eth0');
    });
  });

  it('001: a bridge of NMState at layer 2, and one with an address and the default route', async () => {
    cluster.applyManifest(br1Eth2Net);
    await withPod('layer2', 'br1-eth2-net', () => {
      expect(cluster.statusOf('layer2')[1]).not.toHaveProperty('ips');
      expect(inside('layer2', 'link', 'show', 'net1')).toContain('mtu 9001');
    });
    cluster.applyManifest(netBr1PodMeant);
    await withPod('samplepod', samplepodNetworks, () => {
      expect(inside('samplepod', 'addr', 'show', 'net1')).toContain('inet 192.168.0.61/26');
      expect(defaults('samplepod')).toEqual(['default via 192.168.0.2 dev net1']);
    });
  });

  it('002: a static address routed by source, one that the pod asks for, and a pool of another namespace', async () => {
    cluster.applyManifest(vlan1Static);
    await withPod('static', 'vlan1-internal-static', () => {
      expect(inside('static', 'rule')).toMatch(/from 192\.168\.0\.20 lookup 100/);
      expect(defaults('static')).toEqual(['default via 10.244.0.1 dev eth0']);
    });
    cluster.applyManifest(vlan1Capabilities);
    await withPod('asks', vlan1CapabilitiesNetworks, () => {
      expect(inside('asks', 'addr', 'show', 'net1')).toContain('inet 192.168.0.20/24');
      expect(defaults('asks')).toEqual(['default via 192.168.0.254 dev net1']);
    });
    cluster.applyManifest(vlan1Pool);
    await withPod('short', vlan1PoolShort, () => expect(cluster.statusOf('short')[1]?.ips).toEqual(['192.168.0.20']));
    await withPod('json', vlan1PoolJson, () => expect(cluster.statusOf('json')[1]?.ips).toEqual(['192.168.0.21']));
  });
});

describe('the admission policy', () => {
  /** kubectl's words when the object is refused; '' when it is taken. */
  function refusalOf(manifest: object | string): string {
    try {
      cluster.applyManifest(typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
      return '';
    } catch (error) {
      return String(error);
    }
  }
  let count = 0; // what is there already in the same words is not sent again
  const defined = (config: string): object => ({ ...network(`checked${count++}`, {}), spec: { config } });

  it('refuses what no node could read, tells why, and takes the rest', async () => {
    cluster.apply(...policyObjects());
    const torn = '{"type": "macvlan",}';
    await cluster.until('the policy is in force', () => refusalOf(defined(torn)) !== '');
    expect(refusalOf(defined(torn))).toContain('a comma too many');
    expect(refusalOf(defined('{“type”: “macvlan”}'))).toContain('straight double quotes');
    expect(refusalOf(defined('{"type": "vlan", "master": "eth1", "vlanId": 4095}'))).toContain('from 0 to 4094');
    expect(refusalOf(pod('checked', 'lan@averyveryverylongname'))).toContain('at most 15 bytes');
    expect(refusalOf(pod('checked', '[{"name": "lan"},]'))).toContain('a comma too many');
    for (const manifest of [macvlanConf, br1Eth2Net, vlan1Pool])
      expect(refusalOf(manifest.replace(/^( +name): /m, '$1: again-'))).toBe('');
    expect(refusalOf(pod('checked', 'lan@short'))).toBe('');
    await cluster.remove(['checked']);
  });
});

describe('when parts are away', () => {
  it('the configuration that another program renames, as Cilium does, is back', async () => {
    const [own, bak] = ['', '.cilium_bak'].map((end) => `/etc/cni/net.d/00-braid.conflist${end}`) as [string, string];
    const before = readFileSync(own, 'utf8');
    renameSync(own, bak);
    await cluster.until('it is back', () => existsSync(own) && readFileSync(own, 'utf8') === before);
    rmSync(bak);
  });

  it('a pod’s sandbox that dies is made anew without the API server, with its networks', async () => {
    cluster.apply(network('lan', macvlan(1)), pod('steady', 'lan'));
    await cluster.runs('steady');
    const [record = ''] = attached().filter((name) => recordIn(name).pod?.name === 'steady');
    await cluster.killApiServer();
    const sandbox = record.split('_')[0] ?? '';
    execFileSync('ctr', [
      '-a',
      '/run/containerd/containerd.sock',
      '-n',
      'k8s.io',
      'task',
      'kill',
      '-s',
      'SIGKILL',
      sandbox,
    ]);
    const again = (): string | undefined =>
      attached().find((name) => {
        if (name === record) return false;
        const { pod: of, result } = recordIn(name);
        return of?.name === 'steady' && result !== undefined;
      });
    await cluster.until('another sandbox has the networks', () => again() !== undefined);
    expect(attached()).not.toContain(record);
    cluster.startApiServer();
    await cluster.until('the API server answers again', () => cluster.kubectl('get', '--raw', '/readyz') === 'ok');
    await cluster.until('the pod runs', () =>
      cluster.exec('steady', 'ip', 'addr', 'show', 'net1').includes('10.20.1.'),
    );
    await cluster.remove(['steady']);
  });

  it('pods start while the agent is restarted under them', async () => {
    const names = Array.from({ length: 6 }, (_, at) => `churn${at}`);
    const container = (): unknown => {
      const { containerStatuses = [] } = (cluster.get('pod', agentPod, 'kube-system')?.status ?? {}) as {
        containerStatuses?: readonly { restartCount: number }[];
      };
      return containerStatuses[0]?.restartCount;
    };
    const before = container();
    for (const [at, name] of names.entries()) {
      cluster.apply(pod(name, 'lan,backend'));
      if (at % 2 === 0) spawnSync('pkill', ['-KILL', '-f', '^/braid agent']); // none there: the kubelet waits before it starts it again
    }
    for (const name of names) await cluster.runs(name);
    for (const name of names) expect(cluster.exec(name, 'ip', 'addr', 'show', 'net2')).toContain('10.30.1.');
    await cluster.until('the agent is ready again', () => container() !== before && agentIsReady(cluster), 400);
    await cluster.remove(names);
    await cluster.until('nothing is left', () => attached().length === 0);
  });
});

describe('a rolling restart', () => {
  it('replaces the agent’s pod while pods start and stop, and none of them lacks a network', async () => {
    cluster.apply(pod('stays', 'lan,backend'), pod('goes', 'lan,backend'));
    await cluster.runs('stays');
    await cluster.runs('goes');
    const removing = removeAgent(cluster);
    cluster.apply(pod('during', 'lan,backend'));
    await cluster.remove(['goes']);
    await removing;
    cluster.apply(pod('between', 'lan,backend'));
    cluster.apply(daemonPod());
    await cluster.until('the new agent is ready', () => agentIsReady(cluster));
    for (const name of ['stays', 'during', 'between']) {
      await cluster.runs(name);
      expect(cluster.exec(name, 'ip', 'addr', 'show', 'net2')).toContain('10.30.1.');
      await cluster.until(`${name} has told`, () => cluster.statusOf(name).length === 3);
    }
    await cluster.remove(['stays', 'during', 'between']);
    await cluster.until('nothing is left', () => attached().length === 0);
  });
});

describe('a restart of the node', () => {
  it('gives every pod its networks anew, and frees what the pods before it held', async () => {
    const before = state();
    const names = ['rise', 'shine'];
    cluster.apply(...names.map((name) => pod(name, 'lan,backend')));
    for (const name of names) await cluster.runs(name);
    const old = attached();
    expect(old).toHaveLength(names.length);
    const last = readFileSync('/opt/cni/bin/braid');
    await cluster.restartNode();
    await cluster.until('each pod has another sandbox', () =>
      names.every((name) => cluster.exec(name, 'ip', 'addr', 'show', 'net2').includes('10.30.1.')),
    );
    await cluster.until('the agent is ready', () => agentIsReady(cluster), 400);
    await cluster.until('the sandboxes before are given up', () => attached().length === names.length);
    expect(attached().filter((name) => old.includes(name))).toEqual([]);
    expect(readFileSync('/opt/cni/bin/braid').equals(last)).toBe(true);
    const told = (): readonly string[] =>
      names.flatMap((name) => cluster.statusOf(name).flatMap(({ ips = [] }) => ips));
    await cluster.until('the pods tell of what they hold', () => sameMembers(told(), reserved()));
    expect(new Set(told()).size).toBe(3 * names.length);
    const [, { ips: [address = ''] = [] } = {}] = cluster.statusOf('shine');
    expect(cluster.exec('rise', 'ping', '-c', '1', '-W', '5', address)).toContain('1 packets received');
    await cluster.remove(names);
    await nothingLeft(before);
  });
});

describe('many pods', () => {
  it(`${crowd} with three networks each start, tell of them, and leave nothing`, async () => {
    const before = state();
    cluster.apply(network('third', macvlan(3)));
    const names = Array.from({ length: crowd }, (_, at) => `crowd${at}`);
    cluster.apply(...names.map((name) => pod(name, 'lan,backend,third')));
    const list = (): readonly KubeObject[] =>
      (cluster.pods() ?? []).filter(({ metadata }) => metadata.namespace === 'default');
    await cluster.until(
      'all run',
      () => list().filter(({ status }) => status?.phase === 'Running').length === crowd,
      900,
    );
    const haveTold = (): number => list().filter((one) => toldBy(one).length === 4).length;
    await cluster.until('all have told', () => haveTold() === crowd);
    const addresses = list().flatMap((one) => toldBy(one).flatMap(({ ips = [] }) => ips));
    expect(new Set(addresses).size).toBe(4 * crowd);
    await cluster.remove(names);
    await nothingLeft(before, 300);
  });
});

describe('uninstalling', () => {
  it('is refused while a pod is attached, which it names, and then puts back every byte that was there', async () => {
    cluster.apply(pod('attached', 'lan'));
    await cluster.runs('attached');
    const { status, stderr } = spawnSync('/opt/cni/bin/braid', ['uninstall'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/default\/attached/)]);
    expect(readdirSync('/etc/cni/net.d')).toEqual(['00-braid.conflist', '10-cluster.conflist']);
    await cluster.remove(['attached']);
    await cluster.until('nothing is attached', () => attached().length === 0);
    cluster.kubectl('delete', 'pod', '-n', 'kube-system', '--wait=true', agentPod);
    execFileSync('/opt/cni/bin/braid', ['uninstall']);
    expect(installed()).toBe(bare);
  });
});
