/** The container image as the node gets it: what is in it, and its agent at work with nothing but the image. Runs in namespaces that scripts/test.ts made. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { Node, type Pod, run } from '../e2e/runtime';
import { kubeconfig as kubeconfigOf } from '../kube/kubeconfigs';

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly platform?: { readonly architecture: string } }[];
}

const [archive = 'no image'] = globSync(path.join(import.meta.dirname, '../../dist/image/braid-*.tar'));
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const stores = ['/run/netns', '/var/lib/cni']; // the suite's own, not this machine's
const shared = ['/proc', '/dev', '/var/run/netns', ...stores, '/tmp/e2e']; // what the runtime and the DaemonSet mount
let root: string;

/** The image's only layer, unpacked by tar. */
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'braid-image-'));
  const blob = (digest: string): string => run('tar', '-xOf', archive, `blobs/${digest.replace(':', '/')}`);
  const [top] = (JSON.parse(run('tar', '-xOf', archive, 'index.json')) as Index).manifests;
  const { manifests } = JSON.parse(blob(top?.digest ?? 'none')) as Index;
  const own = manifests.find(({ platform }) => platform?.architecture === architecture);
  const [layer] = (JSON.parse(blob(own?.digest ?? 'none')) as Manifest).layers;
  const file = `blobs/${layer?.digest.replace(':', '/')}`;
  execFileSync('sh', ['-c', 'tar -xOf "$0" "$1" | tar -xzpf - -C "$2"', archive, file, root]);
  for (const store of stores) {
    mkdirSync(store, { recursive: true });
    run('mount', '-t', 'tmpfs', 'tmpfs', store);
  }
  run('mount', '--make-rshared', '/run/netns'); // as HostToContainer: namespaces that come later are seen
  for (const place of shared) {
    for (const end of [place, path.join(root, place)]) mkdirSync(end, { recursive: true });
    run('mount', '--rbind', place, path.join(root, place));
  }
});
afterAll(() => {
  for (const place of shared.toReversed()) run('umount', '--lazy', '--recursive', path.join(root, place));
  for (const store of stores) run('umount', '--lazy', store);
  run('rm', '-r', '--one-file-system', root); // should a mount still be there
});

it('has two programs that run with what is in it, and no other', () => {
  expect(run('chroot', root, '/braid', 'version')).toMatch(/^braid \d/);
  expect(run('chroot', root, '/usr/sbin/nft', '--version')).toMatch(/^nftables v/);
  const programs = run(
    'find',
    root,
    '-xdev',
    '-type',
    'f',
    '-perm',
    '/111',
    '-not',
    '-path',
    '*/lib*',
    '-printf',
    '%P\n',
  );
  expect(programs.trim().split('\n').sort()).toEqual(['braid', 'usr/sbin/nft']);
});

it('has what its agent needs to take back the firewall rules of a pod that is gone', async () => {
  const node = new Node();
  const bridge = (name: string, subnet: string) =>
    ({
      cniVersion: '1.0.0',
      type: 'bridge',
      bridge: name,
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', subnet },
    }) as const;
  node.network('masked', { ...bridge('br-masked', '192.0.2.0/24'), macspoofchk: true });
  node.network('tabled', { ...bridge('br-tabled', '198.51.100.0/24'), ipMasqBackend: 'iptables' });
  const networks = 'masked,tabled';
  const [gone, alive] = [node.pod({ networks }), node.pod({ networks })];
  for (const pod of [gone, alive]) await pod.add();
  const [gonesAddress, alivesAddress] = [addressOf(gone), addressOf(alive)];
  expect(rulesOf(gone, gonesAddress)).toHaveLength(rulesPerPod);
  run('ip', 'netns', 'del', gone.name);
  startAgent(node, ['--conf', confOf(node)]);
  await vi.waitFor(() => expect(existsSync(recordOf(gone))).toBe(false), { timeout: 30_000 });
  expect(rulesOf(gone, gonesAddress)).toEqual([]);
  expect(rulesOf(alive, alivesAddress)).toHaveLength(rulesPerPod);
  run('ip', 'netns', 'add', gone.name); // the test's end takes it away
  await alive.end();
  expect(rulesOf(alive, alivesAddress)).toEqual([]);
});

it('has an agent that runs, and names the overlay, where it does not see what its installer wrote', async () => {
  const k3s = mkdtempSync(path.join(tmpdir(), 'braid-k3s-'));
  const [confDir, binDir] = ['agent/etc/cni/net.d', 'data/cni'].map((each) => `/var/lib/rancher/k3s/${each}`);
  for (const place of [confDir, binDir, '/var/lib/cni']) mkdirSync(path.join(k3s, place ?? ''), { recursive: true });
  run('mount', '--rbind', '/var/lib/cni', path.join(k3s, '/var/lib/cni'));
  onTestFinished(() => void run('umount', '--lazy', path.join(k3s, '/var/lib/cni')));
  writeFileSync(path.join(k3s, `${confDir}/10-x.conf`), '{"cniVersion":"1.0.0","name":"x","type":"bridge"}');
  execFileSync(path.join(root, 'braid'), ['install', '--root', k3s]);
  mkdirSync(path.join(root, account), { recursive: true });
  writeFileSync(path.join(root, account, 'token'), 'none');
  const says = startAgent(new Node(), [], { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' });
  await vi.waitFor(() => expect(says()).toContain('node agent runs'), { timeout: 30_000 });
  expect(says()).toMatch(/the agent does not see \/var\/lib\/rancher\/k3s\/agent.*apply conf\/overlays\/k3s/);
});

const account = 'var/run/secrets/kubernetes.io/serviceaccount';
const rulesPerPod = 6; // of masked: one masquerades, four guard the MAC; of tabled: one leads to a chain of iptables

/** By the sandbox in a rule's comment, or its address of network tabled, which nobody else gets meanwhile. */
const rulesOf = ({ node, containerId }: Pod, address: string): readonly string[] =>
  node
    .nft()
    .split('\n')
    .filter(
      (line) => (line.includes('comment') && line.includes(containerId)) || line.includes(`ip saddr ${address} `),
    );

const addressOf = (pod: Pod): string => String(pod.addresses('net2')[0]?.split('/')[0]);

const recordOf = ({ node, containerId }: Pod): string =>
  path.join(node.state, 'attachments', `${containerId}_eth0.json`);

/** The configuration of type braid of a node whose API server is away. */
function confOf(node: Node): string {
  const kubeconfig = path.join(node.dir, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf({ server: 'https://127.0.0.1:1' }, { token: 'none' })));
  const conf = path.join(node.dir, '00-braid.conf');
  writeFileSync(
    conf,
    JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir: node.state, kubeconfig }),
  );
  return conf;
}

/** `braid agent` in the image, with the capabilities and the directories of the DaemonSet's pod; it ends with the test. Gives what it has said. */
function startAgent(node: Node, more: readonly string[], env: Readonly<Record<string, string>> = {}): () => string {
  const capabilities = '-all,+net_admin,+net_raw,+sys_admin,+sys_chroot'; // the last one for chroot alone
  const limits = [`--bounding-set=${capabilities}`, '--inh-caps=-all', '--no-new-privs'];
  const agent = ['/braid', 'agent', ...more, '--listen', 'off', '--dhcp', 'off'];
  const child = node.enter(() =>
    spawn('setpriv', [...limits, 'chroot', root, ...agent], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, ...env },
    }),
  );
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  onTestFinished(async () => {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  });
  return () => said;
}
