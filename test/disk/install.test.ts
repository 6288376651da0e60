/** The installer on nodes of every distribution, and its way back, byte for byte. Files in directories of its own. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/cni/config';
import { type InstallOptions, install, planInstall } from '../../src/disk/install';
import { findInstalledConf } from '../../src/disk/kept-conf';
import { findMisplaced, findUnseen } from '../../src/disk/misplaced';
import { createRecords } from '../../src/disk/records';
import { uninstall } from '../../src/disk/uninstall';
import type { Json } from '../../src/json';
import { fakeLog } from '../../src/model/log';
import { sampleRecord } from './sample';
import { temporaryDirectory } from './temp';

const flannel =
  '{"name":"cbr0","cniVersion":"0.3.1","plugins":[{"type":"flannel"},{"type":"portmap","capabilities":{"portMappings":true}}]}';
const multus = JSON.stringify({
  cniVersion: '0.3.1',
  name: 'm',
  type: 'multus',
  kubeconfig: '/k',
  namespaceIsolation: true,
  delegates: [JSON.parse(flannel)],
});

/** A host: `null` is a directory. */
function host(files: Readonly<Record<string, string | null>>): { root: string; options: InstallOptions } {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, text === null ? path : dirname(path)), { recursive: true });
    if (text !== null) writeFileSync(join(root, path), text);
  }
  const binary = join(temporaryDirectory(), 'braid');
  writeFileSync(binary, 'the executable');
  const options = { root, binary, networksDir: '/etc/cni/braid/networks', cniDir: '/var/lib/cni/braid' };
  return { root, options: { ...options, clusterCIDRs: [], fromMultus: false, force: false } };
}

const kubeadm = {
  '/etc/cni/net.d/10-flannel.conflist': flannel,
  '/opt/cni/bin/flannel': 'x',
  '/etc/kubernetes/kubelet.conf': '',
};

/** Every file with its bytes and mode. */
function snapshot(root: string): Readonly<Record<string, string>> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(root.length), `${statSync(path).mode.toString(8)} ${readFileSync(path, 'utf8')}`];
    }),
  );
}

function confOf(root: string, path: string): ReturnType<typeof parseConfig> {
  const { plugins, ...top } = JSON.parse(readFileSync(join(root, path), 'utf8'));
  return parseConfig(JSON.stringify({ ...plugins[0], ...top }));
}

const back = ({ root, options }: ReturnType<typeof host>, more = {}) =>
  uninstall({ ...options, root, force: false, dryRun: false, ...more }, fakeLog());

describe('where things are', () => {
  const snap = '/var/snap/microk8s/current';
  const k3s = '/var/lib/rancher/k3s';
  it.each<[string, Readonly<Record<string, string | null>>, string, string]>([
    ['kubeadm', kubeadm, '/etc/cni/net.d', '/opt/cni/bin'],
    ['other', { '/etc/cni/net.d/1.conflist': flannel, '/opt/cni/bin': null }, '/etc/cni/net.d', '/opt/cni/bin'],
    [
      'k3s',
      {
        [`${k3s}/agent/etc/cni/net.d/10-flannel.conflist`]: flannel,
        [`${k3s}/data/cni`]: null,
        '/etc/cni/net.d': null,
      },
      `${k3s}/agent/etc/cni/net.d`,
      `${k3s}/data/cni`,
    ],
    [
      'k3s',
      {
        [`${k3s}/agent/etc/cni/net.d/10-flannel.conflist`]: flannel,
        [`${k3s}/data/0abc/bin`]: null,
        [`${k3s}/agent/etc/containerd/config.toml`]: `[plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = "${k3s}/data/0abc/bin"\n  conf_dir = "${k3s}/agent/etc/cni/net.d"\n`,
      },
      `${k3s}/agent/etc/cni/net.d`,
      `${k3s}/data/0abc/bin`,
    ],
    [
      'rke2',
      { '/var/lib/rancher/rke2/agent': null, '/etc/cni/net.d/10-canal.conflist': flannel, '/opt/cni/bin': null },
      '/etc/cni/net.d',
      '/opt/cni/bin',
    ],
    [
      'microk8s',
      {
        [`${snap}/args/cni-network/10-calico.conflist`]: flannel,
        [`${snap}/opt/cni/bin`]: null,
        '/etc/cni/net.d': null,
      },
      `${snap}/args/cni-network`,
      `${snap}/opt/cni/bin`,
    ],
    [
      'openshift',
      { '/etc/kubernetes/cni/net.d/10-ovn.conf': flannel, '/var/lib/cni/bin': null, '/run/crio/crio.sock': '' },
      '/etc/kubernetes/cni/net.d',
      '/var/lib/cni/bin',
    ],
    [
      'gke',
      { '/home/kubernetes/bin': null, '/etc/cni/net.d/10-gke-ptp.conflist': flannel },
      '/etc/cni/net.d',
      '/home/kubernetes/bin',
    ],
    [
      'talos',
      { '/system/state': null, '/etc/cni/net.d/10-flannel.conflist': flannel, '/opt/cni/bin': null },
      '/etc/cni/net.d',
      '/opt/cni/bin',
    ],
  ])('%s', (name, files, confDir, binDir) => {
    const { root, options } = host(files);
    const plan = planInstall(options);
    expect(plan.layout).toMatchObject({ distribution: name, confDir, binDir });
    install(plan, options);
    expect(readFileSync(join(root, binDir, 'braid'), 'utf8')).toBe('the executable');
    const conf = confOf(root, join(confDir, '00-braid.conflist'));
    expect(conf).toMatchObject({ binDir, warnings: [], kubeconfig: undefined });
    expect(conf.defaultNetwork).toMatchObject({ from: 'clusterNetwork', name: expect.stringMatching(`^${confDir}/1`) });
  });

  it('are what a containerd of the administrator says', () => {
    const toml = '# conf_dir = "/no"\n[plugins.cri.cni]\nconf_dir = "/srv/net.d"\nbin_dir = "/srv/bin"\n';
    const { options } = host({
      ...kubeadm,
      '/etc/containerd/config.toml': toml,
      '/srv/net.d/1.conf': '{"name":"a","type":"ptp"}',
      '/srv/bin': null,
    });
    expect(planInstall(options).layout).toMatchObject({
      confDir: '/srv/net.d',
      binDir: '/srv/bin',
      because: '/etc/containerd/config.toml',
    });
    expect(planInstall({ ...options, confDir: '/etc/cni/net.d', binDir: '/opt/cni/bin' }).layout).toMatchObject({
      confDir: '/etc/cni/net.d',
    });
  });

  it.each([
    ['one directory', 'plugin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]'],
    ['a list over lines', 'plugin_dirs = [\n  "/usr/lib/cni",\n]'],
  ])('are what CRI-O says, with %s, and it gets the default network alone', (_, dirs) => {
    const { root, options } = host({
      ...kubeadm,
      '/etc/crio/crio.conf': `[crio.network]\nnetwork_dir = "/etc/cni/net.d"\n${dirs}\n`,
      '/usr/lib/cni': null,
    });
    install(planInstall(options), options);
    expect(planInstall(options).layout).toMatchObject({ runtime: 'cri-o', binDir: '/usr/lib/cni' });
    expect(confOf(root, '/etc/cni/net.d/00-braid.conflist').result).toBe('default-network');
  });

  it.each([
    [
      'a file that containerd imports',
      {
        '/etc/containerd/config.toml':
          'version = 3\nimports = ["conf.d/*.toml"]\n[plugins."io.containerd.cri.v1.runtime".cni]\nconf_dir = "/old"\n',
        '/etc/containerd/conf.d/20-cni.toml':
          'version = 3\n[plugins."io.containerd.cri.v1.runtime".cni]\nconf_dir = "/srv/net.d"\n',
        '/etc/containerd/conf.d/10-cni.toml':
          'version = 3\n[plugins."io.containerd.cri.v1.runtime".cni]\nconf_dir = "/older"\n',
        '/etc/containerd/conf.d/30-cni.toml.bak':
          'version = 3\n[plugins."io.containerd.cri.v1.runtime".cni]\nconf_dir = "/backup"\n',
      },
      '/etc/containerd/conf.d/20-cni.toml',
    ],
    [
      'a file beside that of CRI-O',
      {
        '/run/crio/crio.sock': '',
        '/etc/crio/crio.conf.d/10-crio.conf': '[crio.network]\nnetwork_dir = "/srv/net.d"\n',
        '/etc/containerd/config.toml': '[plugins.cri.cni]\nconf_dir = "/not-the-runtime-that-runs"\n',
      },
      '/etc/crio/crio.conf.d/10-crio.conf',
    ],
  ])('are what %s says', (_, files, because) => {
    const { options } = host({ ...kubeadm, ...files, '/srv/net.d/1.conf': '{"name":"a","type":"ptp"}' });
    expect(planInstall(options).layout).toMatchObject({ confDir: '/srv/net.d', binDir: '/opt/cni/bin', because });
  });

  it('are found behind absolute links of the host, never of the container', () => {
    const { root, options } = host({
      '/etc/cni/net.d/10-x.conflist': flannel,
      '/usr/libexec/cni': null,
      '/opt/cni': null,
    });
    symlinkSync('/usr/libexec/cni', join(root, '/opt/cni/bin'));
    install(planInstall(options), options);
    expect(existsSync(join(root, '/usr/libexec/cni/braid'))).toBe(true);
  });

  it('are told when they are missing', () => {
    const { options } = host({ '/etc/cni/net.d': null });
    expect(() => planInstall(options)).toThrow(/plugin directory of this node \(other\).*\/opt\/cni\/bin/);
  });
});

describe('install', () => {
  it('says what it saw when there is no primary network yet', () => {
    const { root, options } = host({ ...kubeadm, '/etc/cni/net.d/10-flannel.conflist': flannel.slice(0, 30) });
    expect(() => planInstall(options)).toThrow(
      /Cannot find the primary network in \/etc\/cni\/net\.d: there is 10-flannel\.conflist \(half-written/,
    );
    expect(existsSync(join(root, '/opt/cni/bin/braid'))).toBe(false);
  });

  it('replaces an executable while it runs', async () => {
    const { root, options } = host(kubeadm);
    const path = join(root, '/opt/cni/bin/braid');
    copyFileSync('/bin/sleep', path);
    chmodSync(path, 0o755);
    const running = spawn(path, ['60']);
    onTestFinished(() => void running.kill());
    await new Promise((started) => running.once('spawn', started));
    expect(() => writeFileSync(path, 'x')).toThrow('ETXTBSY');
    install(planInstall(options), options);
    expect(readFileSync(path, 'utf8')).toBe('the executable');
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(running.exitCode).toBeNull();
  });

  it('writes nothing when nothing changed, and keeps the primary when a newcomer sorts first', () => {
    const { root, options } = host(kubeadm);
    install(planInstall(options), options);
    const before = snapshot(root);
    writeFileSync(join(root, '/etc/cni/net.d/05-new.conflist'), '{"name":"new","plugins":[{"type":"new"}]}');
    const plan = planInstall(options);
    expect(plan.files.map(({ change }) => change)).toEqual(['keep', 'keep', 'keep']);
    install(plan, options);
    expect(snapshot(root)).toMatchObject(before);
  });

  it.each(['10-flannel.conflist', 'zz-flannel.conflist'])(
    'T003-3: takes %s, which kubeadm left, for the one cluster network, and has its own file sort first',
    (name) => {
      const { root, options } = host({ [`/etc/cni/net.d/${name}`]: flannel, '/opt/cni/bin/flannel': 'x' });
      install(planInstall(options), options);
      expect(readdirSync(join(root, '/etc/cni/net.d')).sort()).toEqual(['00-braid.conflist', name]);
      const conf = confOf(root, '/etc/cni/net.d/00-braid.conflist');
      expect(conf.defaultNetwork).toMatchObject({ from: 'clusterNetwork', name: `/etc/cni/net.d/${name}` });
    },
  );

  it('is the loopback plugin, too, where no other is, and leaves another one alone', async () => {
    const node = host(kubeadm);
    install(planInstall(node.options), node.options);
    expect(readlinkSync(join(node.root, '/opt/cni/bin/loopback'))).toBe('braid');
    const other = host({ ...kubeadm, '/opt/cni/bin/loopback': 'another' });
    install(planInstall(other.options), other.options);
    expect(readFileSync(join(other.root, '/opt/cni/bin/loopback'), 'utf8')).toBe('another');
  });

  it('refuses settings that no call could use, and tells of odd ones; what was installed stays', () => {
    const { root, options } = host(kubeadm);
    install(planInstall(options), options);
    const before = snapshot(root);
    const given = (settings: Json) => () => planInstall({ ...options, settings });
    expect(given({ dialects: ['genie'] })).toThrow('Cannot use dialects ["genie"]: this version has no dialects');
    expect(given({ namespaceIsolation: 'maybe' })).toThrow('namespaceIsolation');
    expect(snapshot(root)).toEqual(before);
    expect(given({ defaultNetwork: ['a'] })().warnings).toEqual([
      'the configuration: unknown key "defaultNetwork" is ignored: did you mean "defaultNetworks"?',
    ]);
  });

  it('removes what a killed installer left', () => {
    const { root, options } = host({ ...kubeadm, '/opt/cni/bin/.braid.new-0011': 'half' });
    install(planInstall(options), options);
    expect(readdirSync(join(root, '/opt/cni/bin')).sort()).toEqual(['braid', 'flannel', 'loopback']);
  });

  it('leaves the old executable and no temporary file when the new one cannot be read', () => {
    const { root, options } = host({ ...kubeadm, '/opt/cni/bin/braid': 'old' });
    const plan = planInstall(options);
    const broken = { ...plan, files: plan.files.map((file) => ({ ...file, content: { copyOf: '/' } })) };
    expect(() => install(broken, options)).toThrow();
    expect(readFileSync(join(root, '/opt/cni/bin/braid'), 'utf8')).toBe('old');
    expect(readdirSync(join(root, '/opt/cni/bin'))).toEqual(['braid', 'flannel']);
  });

  it('warns of files that runtimes would take before it, of its own elsewhere, of Multus and of Cilium', () => {
    const { options } = host({
      ...kubeadm,
      '/etc/cni/net.d/00-a.conflist': flannel,
      '/etc/cni/net.d/05-b.conf': '{"name":"b","type":"braid"}',
      '/etc/cni/net.d/06-multus.conf': multus,
      '/etc/cni/net.d/00-braid.conflist.cilium_bak': '{"name":"b","type":"braid"}',
    });
    const { warnings } = planInstall(options);
    expect(warnings.map((each) => each.split(' ')[0])).toEqual([
      '00-a.conflist',
      '05-b.conf',
      'Cilium',
      '06-multus.conf',
    ]);
  });

  it('takes no credential over from Multus, refers to the primary, and leaves its file', () => {
    const { root, options } = host({ ...kubeadm, '/etc/cni/net.d/00-multus.conf': multus });
    const taking = { ...options, fromMultus: true };
    install(planInstall(taking), taking);
    const conf = confOf(root, '/etc/cni/net.d/00-braid.conflist');
    expect(conf).toMatchObject({ namespaceIsolation: true, kubeconfig: undefined });
    expect(conf.defaultNetwork).toEqual({ from: 'clusterNetwork', name: '/etc/cni/net.d/10-flannel.conflist' });
    expect(readFileSync(join(root, '/etc/cni/net.d/00-multus.conf'), 'utf8')).toBe(multus);
  });

  it('keeps what it took over after Multus is gone, and lets the administrator change it', () => {
    const { root, options } = host({ ...kubeadm, '/etc/cni/net.d/00-multus.conf': multus });
    const taking = { ...options, fromMultus: true };
    install(planInstall(taking), taking);
    rmSync(join(root, '/etc/cni/net.d/00-multus.conf'));
    install(planInstall(options), options);
    expect(confOf(root, '/etc/cni/net.d/00-braid.conflist').namespaceIsolation).toBe(true);
    const settings = { namespaceIsolation: false, strict: true };
    install(planInstall({ ...options, settings }), options);
    install(planInstall(options), options);
    expect(confOf(root, '/etc/cni/net.d/00-braid.conflist')).toMatchObject(settings);
  });

  it('forgets a key that the next settings leave out, but not what it took from Multus', () => {
    const { root, options } = host({ ...kubeadm, '/etc/cni/net.d/00-multus.conf': multus });
    const conf = () => confOf(root, '/etc/cni/net.d/00-braid.conflist');
    const given = (settings: Json, fromMultus = false): void => {
      const asked = { ...options, settings, fromMultus };
      install(planInstall(asked), asked);
    };
    given({ namespaceIsolation: false, strict: true }, true);
    expect(conf()).toMatchObject({ namespaceIsolation: false, strict: true });
    given({ logLevel: 'debug' });
    expect(conf()).toMatchObject({ namespaceIsolation: true, strict: false, log: { level: 'debug' } });
    given({});
    expect(conf()).toMatchObject({ namespaceIsolation: true, strict: false, log: { level: 'panic' } });
  });

  it('keeps the settings of a state that did not tell whose they were', () => {
    const { root, options } = host(kubeadm);
    install(planInstall({ ...options, settings: { strict: true } }), options);
    const state = join(root, '/var/lib/cni/braid/install.json');
    const { given: settings, ...older } = JSON.parse(readFileSync(state, 'utf8')) as Record<string, unknown>;
    writeFileSync(state, JSON.stringify({ ...older, settings }));
    install(planInstall(options), options);
    expect(confOf(root, '/etc/cni/net.d/00-braid.conflist').strict).toBe(true);
  });

  it('writes delegates of the settings instead of the primary network', () => {
    const { root, options } = host(kubeadm);
    const settings = { delegates: [{ name: 'own', cniVersion: '1.0.0', type: 'bridge' }] };
    const plan = planInstall({ ...options, settings });
    install(plan, options);
    expect(plan.choice.primary).toBeUndefined();
    expect(confOf(root, '/etc/cni/net.d/00-braid.conflist').defaultNetwork).toMatchObject({ from: 'delegates' });
  });

  it('does not take over from a Multus with pods that it cannot read, unless forced', () => {
    const id = 'a'.repeat(64);
    const { root, options } = host({
      ...kubeadm,
      '/etc/cni/net.d/00-multus.conf': multus,
      [`/var/lib/cni/multus/${id}`]: '[]',
    });
    const before = snapshot(root);
    const taking = { ...options, fromMultus: true };
    expect(() => install(planInstall(taking), taking)).toThrow(/aaaaaaaaaaaa/);
    expect(snapshot(root)).toEqual(before);
    install(planInstall(taking), { ...taking, force: true });
    expect(existsSync(join(root, '/etc/cni/net.d/00-braid.conflist'))).toBe(true);
  });

  it('looks for the pods of Multus where its configuration says that its records are', () => {
    const own = JSON.stringify({ ...JSON.parse(multus), cniDir: '/var/lib/rancher/multus' });
    const record = `/var/lib/rancher/multus/${'b'.repeat(64)}`;
    const { options } = host({ ...kubeadm, '/etc/cni/net.d/00-multus.conf': own, [record]: '[]' });
    const taking = { ...options, fromMultus: true };
    expect(() => install(planInstall(taking), taking)).toThrow(/bbbbbbbbbbbb/);
  });

  it('says so when there is no Multus to take over from', () => {
    const { options } = host(kubeadm);
    expect(() => planInstall({ ...options, fromMultus: true })).toThrow(
      /no file of \/etc\/cni\/net\.d has a plugin of type multus/,
    );
  });
});

describe('a runtime that looks elsewhere', () => {
  const told = (confDir: string, binDir: string) => ({
    '/etc/containerd/config.toml': `[plugins.cri.cni]\nconf_dir = "${confDir}"\nbin_dir = "${binDir}"\n`,
  });
  const confAway =
    "the runtime looks for CNI configuration in /srv/net.d (/etc/containerd/config.toml), and Braid's is in /etc/cni/net.d";
  const binAway =
    "the runtime looks for plugins in /srv/bin (/etc/containerd/config.toml), and Braid's is in /opt/cni/bin";

  it('is found before the installation, when its directories are not there', () => {
    const { root, options } = host({ ...kubeadm, ...told('/srv/net.d', '/srv/bin') });
    const plan = planInstall(options);
    expect(plan.warnings).toEqual([expect.stringContaining(confAway), expect.stringContaining(binAway)]);
    expect(plan.warnings.join()).toContain('run braid install');
    expect(plan.layout.because).toBe('usual for kubeadm');
    install(plan, options);
    expect(findMisplaced(options.cniDir, root)).toEqual([confAway, binAway]);
  });

  it('is found when its configuration is changed later, and no more once Braid is installed there', () => {
    const { root, options } = host({ ...kubeadm, ...told('/etc/cni/net.d/', '/opt/cni/bin') });
    install(planInstall(options), options);
    expect(findMisplaced(options.cniDir, root)).toEqual([]);
    for (const [path, text] of Object.entries(told('/srv/net.d', '/opt/cni/bin')))
      writeFileSync(join(root, path), text);
    expect(findMisplaced(options.cniDir, root)).toEqual([confAway]);
    mkdirSync(join(root, '/srv/net.d'), { recursive: true });
    writeFileSync(join(root, '/srv/net.d/10-flannel.conflist'), flannel);
    install(planInstall(options), options);
    expect(findMisplaced(options.cniDir, root)).toEqual([]);
    expect(findInstalledConf(join(root, options.cniDir))).toBe('/srv/net.d/00-braid.conflist');
  });

  it('is what the installation found, where the runtime’s files cannot be seen', () => {
    const { root, options } = host({ ...kubeadm, ...told('/etc/cni/net.d', '/srv/bin') });
    install(planInstall(options), options);
    rmSync(join(root, '/etc/containerd'), { recursive: true });
    expect(findMisplaced(options.cniDir, root)).toEqual([binAway]);
  });

  it('is none when a link leads there, or it looks in both places', () => {
    const { root, options } = host({
      ...kubeadm,
      '/etc/containerd/config.toml':
        "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/srv/bin', '/opt/cni/bin']\nconf_dir = '/srv/net.d'\n",
    });
    mkdirSync(join(root, '/srv'));
    symlinkSync('/etc/cni/net.d', join(root, '/srv/net.d'));
    const given = { ...options, confDir: '/etc/cni/net.d' };
    expect(planInstall(given)).toMatchObject({ warnings: [], layout: { binDir: '/opt/cni/bin' } });
    install(planInstall(given), given);
    expect(findMisplaced(options.cniDir, root)).toEqual([]);
  });
});

describe('directories that the agent does not see', () => {
  const k3s = '/var/lib/rancher/k3s';
  it.each([
    ['those of k3s with conf/base', `${k3s}/agent/etc/cni/net.d`, `${k3s}/data/cni`, 'k3s'],
    ['those of GKE with conf/base', '/etc/cni/net.d', '/home/kubernetes/bin', 'gke'],
    ['an administrator’s', '/srv/net.d', '/srv/bin', undefined],
    ['the usual ones with another’s', '/etc/cni/net.d', '/opt/cni/bin', undefined],
  ])('are named with the overlay that shows them: %s', (_, confDir, binDir, overlay) => {
    const { root, options } = host({ [`${confDir}/10-flannel.conflist`]: flannel, [binDir]: null });
    const given = { ...options, confDir, binDir };
    install(planInstall(given), given);
    expect(findUnseen(options.cniDir, root)).toEqual([]);
    for (const directory of [confDir, binDir])
      if (!directory.startsWith('/etc/')) rmSync(join(root, directory), { recursive: true });
    const take = overlay === undefined ? 'apply the chart' : `apply conf/overlays/${overlay}, or the chart`;
    expect(findUnseen(options.cniDir, root)).toEqual(
      [confDir, binDir]
        .filter((directory) => !directory.startsWith('/etc/'))
        .map(
          (directory) =>
            `the agent does not see ${directory}, where braid install wrote: ${take} with that directory in its hostPaths`,
        ),
    );
  });
});

describe('uninstall', () => {
  it.each([
    ['of a node without Braid', kubeadm],
    [
      'of a node with files of an older Braid',
      { ...kubeadm, '/opt/cni/bin/braid': 'old', '/etc/cni/net.d/00-braid.conflist': '{"by": "hand"}' },
    ],
  ])('puts back every byte and mode %s, also after an upgrade', async (_, files) => {
    const node = host(files);
    for (const path of ['/opt/cni/bin/braid', '/etc/cni/net.d/00-braid.conflist'])
      if (existsSync(join(node.root, path))) chmodSync(join(node.root, path), 0o640);
    const before = snapshot(node.root);
    install(planInstall(node.options), node.options);
    writeFileSync(node.options.binary, 'a newer executable');
    install(planInstall(node.options), node.options);
    expect(readFileSync(join(node.root, '/opt/cni/bin/braid'), 'utf8')).toBe('a newer executable');
    const { files: done } = await back(node);
    expect(done.map(({ path }) => path)).toEqual([
      '/etc/cni/net.d/00-braid.conflist',
      '/opt/cni/bin/loopback',
      '/opt/cni/bin/braid',
    ]);
    expect(snapshot(node.root)).toEqual(before);
    expect(existsSync(join(node.root, '/var/lib/cni/braid'))).toBe(false);
  });

  it('refuses while pods are attached, names them, and goes on when forced', async () => {
    const node = host(kubeadm);
    install(planInstall(node.options), node.options);
    await createRecords(join(node.root, '/var/lib/cni/braid'), fakeLog()).save(sampleRecord());
    const before = snapshot(node.root);
    await expect(back(node)).rejects.toMatchObject({
      reason: 'PodsAttached',
      message: expect.stringContaining('default/web-0'),
    });
    expect(snapshot(node.root)).toEqual(before);
    expect((await back(node, { dryRun: true })).attached).toEqual(['default/web-0']);
    expect(snapshot(node.root)).toEqual(before);
    await back(node, { force: true });
    expect(existsSync(join(node.root, '/etc/cni/net.d/00-braid.conflist'))).toBe(false);
  });

  it('leaves a file that somebody changed since, unless forced', async () => {
    const node = host(kubeadm);
    install(planInstall(node.options), node.options);
    writeFileSync(join(node.root, '/etc/cni/net.d/00-braid.conflist'), '{"changed": true}');
    const { files } = await back(node);
    expect(files.map(({ done }) => done)).toEqual(['left', 'removed', 'removed']);
    expect(existsSync(join(node.root, '/etc/cni/net.d/00-braid.conflist'))).toBe(true);
  });

  it('says so when nothing was installed', async () => {
    expect(await back(host(kubeadm))).toMatchObject({ installed: false, files: [] });
  });
});
