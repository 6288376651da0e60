/** braid doctor: what the kernel, files, credentials, disk, versions and leftovers of a node mean. */
import { describe, expect, it } from 'vitest';
import { type ConfLook, judgeBinDir, judgeConfDir } from '../../../src/bin/doctor/configuration';
import { certificateLife, judgeLife, tokenLife } from '../../../src/bin/doctor/credentials';
import { judgeDisk } from '../../../src/bin/doctor/disk';
import { judgeKernel, type Tried } from '../../../src/bin/doctor/kernel';
import { judgeReservations, type Reservation } from '../../../src/bin/doctor/leftovers';
import { judgeVersions, type Versions } from '../../../src/bin/doctor/versions';
import { CniError } from '../../../src/error';
import { directory, disk, file, macvlan, node, shown, wrong } from './node';

const now = Date.parse('2026-11-25T00:00:00Z');
const day = 24 * 60 * 60 * 1000;

describe('a kernel feature', () => {
  const feature = {
    name: 'macvlan',
    module: 'macvlan',
    option: 'CONFIG_MACVLAN',
    needs: ['macvlan'],
    serves: 'networks of type macvlan',
  };
  const problem = new CniError('KernelRefused', 'Cannot create macvlan', { errno: 'EOPNOTSUPP' });

  it.each<[string, Partial<Tried>, readonly string[], string]>([
    ['that works is well', {}, [], 'ok | Linux 6.1.0 | made and deleted: macvlan'],
    [
      'that is not there and not needed is a warning',
      { problem },
      [],
      'warning | macvlan | this kernel cannot make it; networks of type macvlan',
    ],
    [
      'that a network needs is bad',
      { problem },
      ['macvlan'],
      'bad | macvlan | this kernel cannot make it, and networks of this node need it',
    ],
    ['without a module names the option', { problem }, [], 'CONFIG_MACVLAN is not built in'],
    ['with a module is to be loaded', { problem, listed: true }, [], 'modprobe macvlan, and at each boot'],
    [
      'that is an option of the kernel has no module to load',
      { problem, feature: { ...feature, name: 'policy routing', module: '', option: 'CONFIG_IP_MULTIPLE_TABLES' } },
      [],
      'kernel 6.1.0 was built without CONFIG_IP_MULTIPLE_TABLES: Cannot create macvlan | a kernel with',
    ],
    [
      'that would leave something is not tried',
      { problem: 'unloaded', listed: true },
      [],
      'ok | macvlan | there as module macvlan, not loaded',
    ],
    ['that would leave something may be missing', { problem: 'unloaded' }, [], 'warning | macvlan'],
  ])('%s', (_, changes, types, words) => {
    const tried: Tried = { feature, problem: undefined, listed: false, ...changes };
    expect(judgeKernel([tried], new Set(types), '6.1.0').map(shown)).toEqual([expect.stringContaining(words)]);
  });

  it('is not tried when its module would leave a link dummy0 on the node', async () => {
    const { view, run } = node();
    await view.edges.files.delete('/sys/module/dummy/parameters/numdummies');
    expect(wrong(await run()).map(shown)).toEqual([expect.stringContaining('warning | dummy')]);
  });
});

describe('the directory of CNI configuration', () => {
  const conf = (name: string, changes: Partial<ConfLook> = {}): ConfLook => ({
    ...file(name),
    isBraid: false,
    types: [],
    ...changes,
  });
  const braid = conf('00-braid.conflist', { isBraid: true, types: ['braid'] });
  const path = '/etc/cni/net.d';
  const judged = (confs: readonly ConfLook[], more: readonly ConfLook[] = [], changes = {}): readonly string[] =>
    judgeConfDir(path, directory(path, [...confs, ...more], changes), confs).map(shown);

  it.each<[string, readonly ConfLook[], string]>([
    ['that is empty', [], `bad | ${path} | the runtime has no CNI configuration`],
    [
      "without Braid's file",
      [conf('10-x.conf')],
      `bad | ${path}/10-x.conf | the runtime takes this file, and none of Braid's`,
    ],
    [
      'with a file that comes first and is newer',
      [conf('00-a.conf', { changed: 2000 }), braid],
      `bad | ${path}/00-a.conf | the runtime takes this file, not 00-braid.conflist | it comes first by name; it was written after Braid's`,
    ],
    [
      "with Braid's first",
      [braid, conf('10-flannel.conflist')],
      `ok | ${path}/00-braid.conflist | comes first, before 10-flannel.conflist`,
    ],
    ['with Calico', [braid, conf('10-calico.conflist', { changed: 2000 })], "of Calico, written after Braid's file"],
    ['with a program that is not known', [braid, conf('50-x.conf')], 'of a program that is not known here'],
    ['with Multus', [braid, conf('70-multus.conf')], `warning | ${path}/70-multus.conf | Multus writes here, too`],
    ['with Cilium', [braid, conf('05-a.conflist', { types: ['cilium-cni'] })], 'cni.exclusive'],
    [
      'with a guest in Braid’s file',
      [conf('00-braid.conflist', { isBraid: true, types: ['braid', 'istio-cni'] })],
      'warning | /etc/cni/net.d/00-braid.conflist | another program put istio-cni into',
    ],
    [
      'with a file that others may write',
      [{ ...braid, mode: 0o666 }],
      'bad | /etc/cni/net.d/00-braid.conflist | others than root may write it (mode 666)',
    ],
  ])('%s', (_, confs, words) => {
    expect(judged(confs)).toContainEqual(expect.stringContaining(words));
  });

  it('which others may write is bad, and so is what Cilium has hidden', () => {
    expect(judged([braid], [], { mode: 0o777 })).toContainEqual(
      expect.stringContaining(`bad | ${path} | others than root`),
    );
    expect(judged([braid], [conf('10-x.conflist.cilium_bak')])).toContainEqual(
      expect.stringContaining('Cilium has renamed 10-x.conflist.cilium_bak'),
    );
  });

  it.each<[string, Parameters<typeof judgeBinDir>[1], string]>([
    ['is root’s', directory('/opt/cni/bin', [file('braid')]), "ok | /opt/cni/bin | is root's; 1 plugins"],
    ['is not there', undefined, 'bad | /opt/cni/bin | the directory of plugins is not there'],
    [
      'has a plugin of a user',
      directory('/opt/cni/bin', [file('evil', { uid: 1000 })]),
      'bad | /opt/cni/bin/evil | others than root may write it (owner 1000)',
    ],
  ])('the directory of plugins %s', (_, look, words) => {
    expect(judgeBinDir('/opt/cni/bin', look).map(shown)).toEqual([expect.stringContaining(words)]);
  });
});

describe('a credential', () => {
  const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  const held = { says: 'the token', text: '' };
  const inFile = { says: 'the token', path: '/t' };
  const life = (claims: object, where: typeof held | typeof inFile = held) =>
    judgeLife(tokenLife(jwt(claims), where), now);

  it.each([
    ['lasts', life({ exp: (now + 100 * day) / 1000 }), 'ok | the token | valid for 100 days'],
    ['without an end', life({}), 'ok | the token | does not expire'],
    ['ends today', life({ exp: (now + day / 2) / 1000 }), 'warning | the token | expires in 12 hours'],
    ['in a file that is renewed', life({ exp: (now + day / 2) / 1000 }, inFile), 'ok | the token | valid for 12 hours'],
    ['ended', life({ exp: (now - day) / 1000 }), 'bad | the token | expired 2026-11-24T00:00:00.000Z'],
    [
      'is from tomorrow',
      life({ nbf: (now + day) / 1000 }),
      "bad | the token | is valid from 2026-11-26T00:00:00.000Z only | this node's clock",
    ],
    ['is no JWT', judgeLife(tokenLife('abc', undefined), now), 'ok | the token | does not expire'],
    ['is a broken JWT', judgeLife(tokenLife('a.{}.c', undefined), now), 'ok | the token | does not expire'],
    [
      'is a certificate that ends soon',
      judgeLife({ subject: 'c', kind: 'certificate', from: 0, until: now + 10 * day, isFile: true }, now),
      'warning | c | expires in 10 days',
    ],
  ])('%s', (_, line, words) => expect(shown(line)).toContain(words));

  it('says nothing of itself', () => {
    expect(JSON.stringify(life({ exp: 1, secret: 'xyzzy' }))).not.toContain('xyzzy');
  });

  it('that is no certificate is refused', () => {
    expect(() => certificateLife('x', 'certificate', undefined)).toThrow();
  });

  const kubeconfig = JSON.stringify({
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1' } }],
    users: [{ name: 'u', user: { token: jwt({ exp: (now - day) / 1000 }) } }],
  });
  const asks = (mode: number) => {
    const made = node({ files: { '/k': kubeconfig }, inspection: { file: (path) => file(path, { mode }) } });
    return { ...made, view: { ...made.view, conf: { ...made.view.conf, kubeconfig: '/k' } } };
  };

  it.each([
    [0o600, 'ok | /k | root'],
    [0o644, 'warning | /k | mode 0644, owner 0: others may read it'],
    [0o622, 'bad | /k | mode 0622, owner 0: others may write it'],
  ])('in a file of mode %o', async (mode, words) => {
    const { runChecks } = await import('../../../src/bin/doctor');
    const verdicts = await runChecks(asks(mode).view, () => undefined);
    const lines = verdicts.filter(({ check }) => check === 'credentials').map(shown);
    expect(lines).toEqual([expect.stringContaining(words), expect.stringContaining('expired')]);
  });
});

describe('the disk', () => {
  it.each<[string, Partial<typeof disk>, boolean, string]>([
    ['is well', {}, true, 'ok | /var/lib/cni | writes reach the disk; 50 GiB free (50 %), 90 % of the inodes'],
    ['is full', { free: 1024 ** 2, freePart: 0.01 }, true, 'bad | /var/lib/cni | 1 % of the disk is free, 1 MiB'],
    ['is large and nearly full: there is room enough', { freePart: 0.01 }, true, 'ok |'],
    ['has no inodes', { freeInodes: 0.01 }, true, 'bad | /var/lib/cni | 1 % of the inodes are free'],
    ['is read-only', { problem: 'EROFS' }, true, 'bad | /var/lib/cni | nothing can be written'],
    ['is not this user’s', { problem: 'EACCES' }, false, 'skipped | /var/lib/cni'],
    ['is on the network', { isNetwork: true }, true, 'warning | /var/lib/cni/braid | lies on a network file system'],
  ])('%s', (_, changes, isRoot, words) => {
    expect(judgeDisk({ ...disk, ...changes }, '/var/lib/cni/braid', isRoot).map(shown)).toEqual([
      expect.stringContaining(words),
    ]);
  });
});

describe('versions', () => {
  const same: Versions = {
    own: '1',
    installed: '1',
    installedPath: '/opt/cni/bin/braid',
    isInstalled: true,
    agent: { version: '1' },
    snapshot: { problem: undefined, confirmed: now },
    now,
  };

  it('that are one are well', () => {
    expect(judgeVersions(same).map(({ light }) => light)).toEqual(['ok', 'ok', 'ok']);
  });

  it.each<[string, Partial<Versions>, string]>([
    ['another executable', { installed: '2' }, 'warning | /opt/cni/bin/braid | is version 2, this one is 1'],
    [
      'an executable that does not run',
      { installed: undefined },
      'bad | /opt/cni/bin/braid | does not tell its version',
    ],
    ['another agent', { agent: { version: '2' } }, 'warning | node agent | is version 2, this one is 1'],
    ['an older agent', { agent: { version: undefined } }, 'warning | node agent | is older, this one is 1'],
    [
      'a dead agent',
      { agent: { problem: 'ECONNREFUSED' } },
      'warning | node agent | does not answer at its socket | it ended',
    ],
    [
      'a snapshot of another format',
      { snapshot: { problem: 'its version is 3', confirmed: now } },
      'warning | snapshot of networks | cannot be used | its version is 3',
    ],
    [
      'a snapshot that nobody confirms',
      { snapshot: { problem: undefined, confirmed: now - day } },
      'warning | snapshot of networks | was last confirmed 1440 minutes ago',
    ],
  ])('%s', (_, changes, words) => {
    const lines = judgeVersions({ ...same, ...changes }).filter(({ light }) => light !== 'ok');
    expect(lines.map(shown)).toEqual([expect.stringContaining(words)]);
  });
});

describe('reservations', () => {
  it('of containers with a record are well; those of others are named', () => {
    const all: readonly Reservation[] = [
      ['10.0.0.2', 'alive'],
      ['10.0.0.3', 'gone'],
    ];
    expect(judgeReservations('/s', all, new Set(['alive', 'gone']))).toEqual([]);
    expect(judgeReservations('/s', all, new Set(['alive'])).map(shown)).toEqual([
      expect.stringContaining(
        'warning | /s | holds addresses for containers that Braid has no record of: 10.0.0.3 (gone)',
      ),
    ]);
  });

  it('are looked for in the stores of the node’s networks', async () => {
    const ipam = { type: 'host-local', subnet: '10.0.0.0/24', gateway: '192.168.1.2' };
    const files = { '/var/lib/cni/networks/n0/10.0.0.3': 'dead\r\nnet1', '/var/lib/cni/networks/n0/lock': '' };
    const found = wrong(await node({ networks: [macvlan({ ipam })], files }).run());
    expect(found).toMatchObject([{ light: 'warning', check: 'leftovers', subject: '/var/lib/cni/networks/n0' }]);
  });
});
